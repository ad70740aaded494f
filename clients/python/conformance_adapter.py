#!/usr/bin/env python3
"""
The adapter by which `tidegate-sim conform` drives the package: orders on stdin, events on stdout, one JSON object per line.

    node dist/device-sim/cli.js conform -- python3 clients/python/conformance_adapter.py
"""
from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).parent / "src"))

from tidegate import (  # noqa: E402
    CommandCall, CommandFailed, CommandRun, Connecting, Device, Event, FrameRefused, FrameSent, FrameStored, LinkClosed, LinkRefused,
    Metric, MetricTable, TimeTold, Waiting, Welcomed,
)

DESCRIBED: dict[type, Callable[[Any], dict[str, Any]]] = {
    Connecting: lambda event: {"event": "connecting"},
    Welcomed: lambda event: {"event": "welcome", "lastSeq": event.welcome.last_seq},
    FrameSent: lambda event: {"event": "sent", "seq": event.seq},
    FrameStored: lambda event: {"event": "acked", "seq": event.seq},
    FrameRefused: lambda event: {"event": "nacked", "seq": event.nack.seq, "code": event.nack.code},
    LinkClosed: lambda event: {"event": "closed", "code": event.code, "reason": event.reason},
    LinkRefused: lambda event: {"event": "refused", "status": event.status},
    Waiting: lambda event: {"event": "waiting", "ms": event.ms},
    CommandRun: lambda event: {"event": "executed", "id": event.id, "name": event.name},
    TimeTold: lambda event: {"event": "time", "serverTime": event.server_time},
}


def log(event: Event) -> None:
    print(json.dumps(DESCRIBED[type(event)](event)), flush=True)


def declare_commands(device: Device) -> None:
    @device.command("add", idempotent=False)
    def add(call: CommandCall) -> dict[str, Any]:
        return {"sum": call.params["a"] + call.params["b"]}

    @device.command("set_interval", idempotent=True)
    def set_interval(call: CommandCall) -> dict[str, Any]:
        return {"interval": call.params["seconds"]}

    @device.command("fail", idempotent=True)
    def fail(call: CommandCall) -> None:
        raise CommandFailed("broken")


async def obey(device: Device, order: dict[str, Any]) -> bool:
    """Carries out an order. Returns False after the last one."""
    if order["do"] == "send":
        device.record(order["values"], order.get("ts"))
    elif order["do"] == "reconnect":
        device.reconnect()
    elif order["do"] == "metrics":
        metrics = [Metric(one["name"], one.get("unit"), one.get("scale")) for one in order["metrics"]]
        device.use_metrics(MetricTable(metrics, order.get("table")))
    elif order["do"] == "sleep":
        await device.sleep(order["backInMs"])
    return bool(order["do"] != "stop")


async def ask_time_on_each_link(device: Device, welcomed: asyncio.Event) -> None:
    while True:
        await welcomed.wait()
        welcomed.clear()
        try:
            await device.gateway_time()
        except ConnectionError:
            pass


async def main() -> None:
    welcomed = asyncio.Event()

    def on_event(event: Event) -> None:
        log(event)
        if isinstance(event, Welcomed):
            welcomed.set()

    environment = os.environ
    device = Device(
        environment["TIDEGATE_URL"],
        environment["TIDEGATE_DEVICE"],
        environment["TIDEGATE_SECRET"],
        stream=environment.get("TIDEGATE_STREAM", "main"),
        folder=environment["TIDEGATE_STATE"],
        encoding="binary" if environment.get("TIDEGATE_ENCODING") == "binary" else "json",
        # The runner counts frames, so each order to send makes one frame.
        samples_per_frame=1,
        on_event=on_event,
    )
    declare_commands(device)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with device:
        asking = asyncio.create_task(ask_time_on_each_link(device, welcomed))
        async for line in orders:
            if line.strip() and not await obey(device, json.loads(line)):
                break
        asking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
