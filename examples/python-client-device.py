#!/usr/bin/env python3
"""A device in Python with the package in clients/python. It loses no reading: each is in the folder until the gateway has it on disk.

    PYTHONPATH=clients/python/src python3 examples/python-client-device.py ws://127.0.0.1:8080 boiler-7 tgd_... FOLDER [READINGS]

It sends a reading per second, and carries out the command set_interval. With READINGS it ends when that many are on disk.
"""
import asyncio
import random
import sys

try:
    from tidegate import Device
except ImportError as error:
    sys.exit(f"{error}. The package tidegate is in clients/python/src: PYTHONPATH=clients/python/src python3 …" if error.name == "tidegate" else str(error))


def show(event):
    print(event, flush=True)


async def main(url, name, secret, folder, readings):
    device = Device(url, name, secret, folder=folder, on_event=show)
    seconds = 1
    changed = asyncio.Event()

    @device.command("set_interval", idempotent=True)
    async def set_interval(call):
        nonlocal seconds
        seconds = call.params["seconds"]
        changed.set()
        print(f"the interval is {seconds} s", flush=True)
        return {"seconds": seconds}

    async with device:
        count = 0
        while not readings or count < readings:
            device.record({"temperature": 20 + random.random()})  # Put your sensor here.
            count += 1
            try:
                await asyncio.wait_for(changed.wait(), seconds)
                changed.clear()
            except asyncio.TimeoutError:
                pass
        await device.drained()
        print(f"{count} readings are on the gateway's disk", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        print("python3 python-client-device.py URL ID SECRET FOLDER [READINGS]", file=sys.stderr)
        sys.exit(64)
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]) if len(sys.argv) > 5 else 0))
    except KeyboardInterrupt:
        pass  # Ctrl-C ends it. What is not on the gateway's disk stays in the folder.
