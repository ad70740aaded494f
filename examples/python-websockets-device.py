#!/usr/bin/env python3
"""A device in Python with the package websockets (Debian: python3-websockets). It keeps no buffer; the package in clients/python does.

    python3 examples/python-websockets-device.py ws://127.0.0.1:8080/v1/device boiler-7 tgd_... [READINGS]

It sends a reading per second, and carries out the command set_interval. With READINGS it ends when that many are on disk.
"""
import asyncio
import base64
import json
import random
import sys
import time

try:
    import websockets
except ModuleNotFoundError:
    sys.exit("This program needs the package websockets, which this Python does not have: python3 -m pip install websockets (Debian: apt install python3-websockets, then /usr/bin/python3).")


async def main(url, device, secret, readings):
    entry = base64.urlsafe_b64encode(f"{device}:{secret}".encode()).decode().rstrip("=")
    seconds = 1
    outcomes = {}  # A command that comes again is answered, and not run again.

    def run(name, params):
        nonlocal seconds
        if name != "set_interval":
            return {"state": "rejected", "error": {"code": "unknown_command"}}
        seconds = params["seconds"]
        print(f"the interval is {seconds} s", flush=True)
        return {"state": "succeeded", "result": {"seconds": seconds}}

    async def measure(link, seq):
        while seq != last:
            seq += 1
            values = {"temperature": 20 + random.random()}  # Put your sensor here.
            await link.send(json.dumps({"seq": seq, "ts": int(time.time() * 1000), "values": values}))
            await asyncio.sleep(seconds)

    async with websockets.connect(f"{url}?stream=main", subprotocols=["tidegate.v1.json", f"tidegate.auth.{entry}"]) as link:
        welcome = json.loads(await link.recv())
        last = welcome["lastSeq"] + readings if readings else None
        measuring = asyncio.create_task(measure(link, welcome["lastSeq"]))  # Numbers go on where the gateway has them.
        async for text in link:
            message = json.loads(text)
            if message["type"] == "ack":
                print(f"frame {message['seq']} is on disk", flush=True)
                if message["seq"] == last:
                    break
            elif message["type"] == "nack":
                print(f"frame {message['seq']} was refused: {message['code']}", flush=True)
            elif message["type"] == "command":
                command = message["id"]
                if command not in outcomes:
                    outcomes[command] = run(message["name"], message["params"])
                await link.send(json.dumps({"type": "command_update", "id": command, **outcomes[command]}))
        measuring.cancel()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        print("python3 python-websockets-device.py URL ID SECRET [READINGS]", file=sys.stderr)
        sys.exit(64)
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 0))
    except KeyboardInterrupt:
        pass  # Ctrl-C ends it.
    except (OSError, websockets.exceptions.WebSocketException) as error:
        sys.exit(f"no link: {error}")
