"""
Sends the load, memory, disk and uptime of this machine once per minute.

    python3 -m tidegate.examples.host_monitor ws://127.0.0.1:8080 boiler-7 tgd_... --folder /var/lib/host-monitor

Without a link it continues to measure; the buffer has room for about two years of minutes. The command `set_interval {"seconds": 10}` changes the
interval.
"""
from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any, Optional

from tidegate import BufferFull, CommandCall, CommandRejected, Device, Metric

METRICS = [
    Metric("load_1m", scale=0.01),
    Metric("memory_available", "B"),
    Metric("memory_total", "B"),
    Metric("disk_free", "B"),
    Metric("disk_total", "B"),
    Metric("uptime", "s"),
]


def measure(folder: str) -> dict[str, Optional[float]]:
    disk = shutil.disk_usage(folder)
    memory = _memory_bytes()
    return {
        "load_1m": round(os.getloadavg()[0], 2),
        "memory_available": memory.get("MemAvailable"),
        "memory_total": memory.get("MemTotal"),
        "disk_free": disk.free,
        "disk_total": disk.total,
        "uptime": int(float(Path("/proc/uptime").read_text().split()[0])),
    }


def _memory_bytes() -> dict[str, int]:
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) == 3}


class Pace:
    """Seconds between two measurements. A change takes effect at once, not after the old interval."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._changed = asyncio.Event()

    def change(self, call: CommandCall) -> dict[str, float]:
        seconds = call.params.get("seconds") if isinstance(call.params, dict) else None
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0.1 <= seconds <= 86_400:
            raise CommandRejected("params_invalid", "seconds is a number from 0.1 to 86400")
        self.seconds = seconds
        self._changed.set()
        return {"interval": seconds}

    async def pause(self) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), self.seconds)
        except asyncio.TimeoutError:
            pass


async def main(options: argparse.Namespace) -> None:
    pace = Pace(options.seconds)
    device = Device(
        options.url, options.device, options.secret, folder=options.folder, encoding="binary", metrics=METRICS,
        hello={"agent": "tidegate-host-monitor", "expectEveryMs": int(options.seconds * 1000)},
    )
    device.command("set_interval", idempotent=True)(pace.change)
    async with device:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        measured = 0
        while options.count is None or measured < options.count:
            try:
                device.record(measure(options.folder))
            except BufferFull as full:
                print(full, file=sys.stderr, flush=True)
            measured += 1
            if measured != options.count:
                await pace.pause()
        await device.drained()


def arguments(words: Optional[list[str]] = None) -> Any:
    parser = argparse.ArgumentParser(prog="host_monitor", description="Sends load, memory, disk and uptime of this machine to a Tidegate gateway.")
    parser.add_argument("url", help="ws://HOST:PORT")
    parser.add_argument("device")
    parser.add_argument("secret", help="as tidegate device add printed it")
    parser.add_argument("--folder", default=".", help="folder of the buffer")
    parser.add_argument("--seconds", type=float, default=60, help="time between two measurements")
    parser.add_argument("--count", type=int, help="end after this many measurements, when they are on the gateway's disk")
    return parser.parse_args(words)


if __name__ == "__main__":
    try:
        asyncio.run(main(arguments()))
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
