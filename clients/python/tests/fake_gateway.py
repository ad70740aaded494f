"""A gateway that a test controls, for cases that a real one rarely has. tests/clients/python.system.ts uses real gateways."""
from __future__ import annotations

import asyncio
import importlib
import json
from types import TracebackType
from typing import Any, Optional, Type

try:
    _serve: Any = importlib.import_module("websockets.asyncio.server").serve
except ModuleNotFoundError:
    _serve = importlib.import_module("websockets.legacy.server").serve


class Visit:
    """One link of the device."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.over = asyncio.Event()

    async def say(self, message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def welcome(self, last_seq: int = 0, window: int = 64) -> None:
        await self.say({"type": "welcome", "device": "d", "stream": "main", "lastSeq": last_seq, "window": window,
                        "serverTime": 1795305600000, "maxFrameBytes": 65536, "keepaliveSeconds": 25})

    async def hear(self) -> Any:
        """The next message that is not the hello."""
        while True:
            message = json.loads(await self.connection.recv())
            if message.get("type") != "hello":
                return message

    async def close(self, code: int, reason: str = "") -> None:
        await self.connection.close(code, reason)
        self.over.set()

    async def closed(self) -> tuple[int, str]:
        """The code with which the device closed the link."""
        await self.connection.wait_closed()
        self.over.set()
        return self.connection.close_code, self.connection.close_reason


class FakeGateway:
    def __init__(self) -> None:
        self._visits: asyncio.Queue[Visit] = asyncio.Queue()
        self._open: list[Visit] = []

    async def __aenter__(self) -> FakeGateway:
        self._server = await _serve(self._receive, "127.0.0.1", 0, subprotocols=["tidegate.v1.json"])
        self.url = f"ws://127.0.0.1:{list(self._server.sockets)[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        for visit in self._open:
            visit.over.set()
        self._server.close()
        await self._server.wait_closed()

    async def _receive(self, connection: Any) -> None:
        visit = Visit(connection)
        self._open.append(visit)
        await self._visits.put(visit)
        await visit.over.wait()

    async def visit(self) -> Visit:
        return await asyncio.wait_for(self._visits.get(), 20)


class Refusing:
    """Answers every upgrade with the same bytes."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._refuse, "127.0.0.1", 0)
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self._answer.encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the device disconnected first
        writer.close()
