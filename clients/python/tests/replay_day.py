"""
A device that was offline for a day, for tests/clients/python.system.ts.

    python3 -m tests.replay_day fill|drain URL DEVICE SECRET FOLDER ENCODING [KILLED_AT_FRAME]
"""
from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time

from tidegate import Device, Event, FrameRefused, FrameSent
from tidegate.packing import Encoding

SECONDS_OF_A_DAY = 86_400
SECONDS_OF_AN_HOUR = 3_600


def fill(device: Device) -> None:
    """Records one sample of two metrics per second for the last day, an hour per transaction."""
    first = (int(time.time()) - SECONDS_OF_A_DAY) * 1000
    started = time.monotonic()
    for hour in range(0, SECONDS_OF_A_DAY, SECONDS_OF_AN_HOUR):
        device.record_many(
            ({"second": second, "temperature": 20 + second % 100 / 10}, first + second * 1000) for second in range(hour, hour + SECONDS_OF_AN_HOUR)
        )
    print(json.dumps({"first": first, "samples": device.buffered, "seconds": round(time.monotonic() - started, 2)}), flush=True)


async def main(order: str, url: str, device_id: str, secret: str, folder: str, encoding: Encoding, killed_at: int) -> None:
    def react(event: Event) -> None:
        if isinstance(event, FrameSent) and event.seq == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        elif isinstance(event, FrameRefused):
            raise SystemExit(f"refused: {event.nack}")

    device = Device(url, device_id, secret, folder=folder, encoding=encoding, on_event=react)
    if order == "fill":
        fill(device)
        await device.close()
        return
    started = time.monotonic()
    samples = device.buffered
    async with device:
        await device.drained()
        print(json.dumps({"samples": samples, "seconds": round(time.monotonic() - started, 2)}), flush=True)


if __name__ == "__main__":
    order, url, device_id, secret, folder, encoding, *more = sys.argv[1:]
    asyncio.run(main(order, url, device_id, secret, folder, "binary" if encoding == "binary" else "json", int(more[0]) if more else 0))
