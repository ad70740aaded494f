#!/usr/bin/env python3
"""Sends one binary reading to a Tidegate gateway and waits until it is on disk.

Written from schemas/PROTOCOL.md alone; needs the package websockets (Debian: python3-websockets).

    python3 first_reading.py ws://127.0.0.1:8080/v1/device boiler-7 tgd_... 21.5
"""
import asyncio
import base64
import json
import struct
import sys
import time

import websockets


def telemetry(seq: int, base_ms: int, value: float) -> bytes:
    """A frame with one f32 column (metric 0 of table 0) and one row. The rows begin at a multiple of 8 (PROTOCOL.md §6)."""
    header = struct.pack("<BBBBIqHHH", 1, 0x01, 1, 1, seq, base_ms, 1, 0, 0)
    return header.ljust(24, b"\0") + struct.pack("<If", 0, value)


async def main(url: str, device: str, secret: str, value: float) -> int:
    entry = base64.urlsafe_b64encode(f"{device}:{secret}".encode()).decode().rstrip("=")
    protocols = ["tidegate.v1.binary", f"tidegate.auth.{entry}"]
    async with websockets.connect(f"{url}?stream=main", subprotocols=protocols) as link:
        welcome = await link.recv()
        version, kind, window, last_seq = struct.unpack_from("<BBHI", welcome)
        assert (version, kind) == (1, 0x81), welcome.hex()
        await link.send(json.dumps({"type": "metrics", "metrics": [{"name": "temperature", "unit": "Cel"}]}))
        seq = last_seq + 1
        await link.send(telemetry(seq, int(time.time() * 1000), value))
        while True:
            answer = await link.recv()
            kind, code, answered = struct.unpack_from("<xBHI", answer)
            if kind == 0x82 and answered >= seq:
                print(f"frame {seq} is on disk")
                return 0
            if kind == 0x83:
                print(f"frame {answered} was refused: fault {code} {answer[8:].decode()}", file=sys.stderr)
                return 1


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))))
