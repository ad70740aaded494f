"""The only module with sockets. It works with websockets 10.4 (Debian 12), and with 13 and later, which have another client."""
from __future__ import annotations

import asyncio
import base64
import importlib
import ssl
from collections.abc import Sequence
from typing import Any, Callable, Optional, Union
from urllib.parse import urlencode, urlsplit, urlunsplit

from .limits import MAX_FRAME_BYTES

_OPEN_TIMEOUT_SECONDS = 20
_CLOSE_TIMEOUT_SECONDS = 5

try:
    _exceptions: Any = importlib.import_module("websockets.exceptions")
except ModuleNotFoundError:
    raise ImportError(
        "The package websockets is missing in this Python: python3 -m pip install websockets "
        "(Debian: apt install python3-websockets, then /usr/bin/python3)",
        name="websockets",
    ) from None

try:
    _client: Any = importlib.import_module("websockets.asyncio.client")
    _connection, _headers, _factory = _client.ClientConnection, "additional_headers", "create_connection"
except ModuleNotFoundError:
    _client = importlib.import_module("websockets.legacy.client")
    _connection, _headers, _factory = _client.WebSocketClientProtocol, "extra_headers", "create_protocol"


class Refused(Exception):
    """The gateway answered the upgrade with another status than 101 (H-7)."""

    def __init__(self, status: int, retry_after: Optional[str]) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.retry_after = retry_after


class Unreachable(Exception):
    """There was no answer to the upgrade, or none of a WebSocket server."""


class Closed(Exception):
    """The link ended. Code 1006 means without a close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Link:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def receive(self) -> Union[str, bytes]:
        """Raises Closed."""
        try:
            message: Union[str, bytes] = await self._connection.recv()
            return message
        except _exceptions.ConnectionClosed as error:
            raise _closed(error) from error

    async def send(self, message: Union[str, bytes]) -> None:
        """Returns when the operating system has accepted the message. Raises Closed."""
        try:
            await self._connection.send(message)
        except _exceptions.ConnectionClosed as error:
            raise _closed(error) from error

    async def close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)

    def abandon(self) -> None:
        """Drops the connection without a close frame, because the other side does not answer."""
        self._connection.transport.abort()


async def open_link(
    url: str, device_id: str, secret: str, subprotocol: str, heard: Callable[[], None], tls: Optional[ssl.SSLContext] = None
) -> Link:
    """Opens a link. `heard` is called for everything that arrives, pings too. Raises Refused or Unreachable."""
    credential = base64.b64encode(f"{device_id}:{secret}".encode()).decode()
    options: dict[str, Any] = {
        _headers: {"Authorization": f"Basic {credential}"},
        _factory: _noticing(_connection, heard),
        "subprotocols": [subprotocol],
        "compression": None,
        # The gateway pings, and R-4 says when to drop the link. A second keepalive would end links that are only slow.
        "ping_interval": None,
        "open_timeout": _OPEN_TIMEOUT_SECONDS,
        "close_timeout": _CLOSE_TIMEOUT_SECONDS,
        "max_size": 16 * MAX_FRAME_BYTES,
    }
    if tls is not None:
        options["ssl"] = tls
    try:
        return Link(await _client.connect(url, **options))
    except _exceptions.InvalidHandshake as error:
        raise _refusal(error) from error
    # EOFError and ValueError: the answer is not HTTP.
    except (OSError, asyncio.TimeoutError, EOFError, ValueError, _exceptions.WebSocketException) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error


def device_url(url: str, stream: str) -> str:
    """The URL of a stream, from the URL of a gateway with or without its path."""
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.netloc:
        raise ValueError(f"{url!r} is no address of a gateway: it begins with ws:// or wss://")
    path = parts.path if parts.path not in ("", "/") else "/v1/device"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode({"stream": stream}), ""))


def _noticing(base: Any, heard: Callable[[], None]) -> Any:
    """Makes a connection class that reports received bytes, because the clients of websockets answer pings without reporting them."""

    class Noticing(base):  # type: ignore[misc]
        def data_received(self, data: bytes) -> None:
            heard()
            super().data_received(data)

    return Noticing


def _refusal(error: Any) -> Exception:
    """websockets 10.4 raises InvalidStatusCode, later versions InvalidStatus with the whole answer."""
    answer = getattr(error, "response", error)
    status = getattr(answer, "status_code", None)
    if status is None:
        return Unreachable(f"{type(error).__name__}: {error}")
    return Refused(int(status), _one(answer.headers.get_all("Retry-After")))


def _one(values: Sequence[str]) -> Optional[str]:
    return values[0] if values else None


def _closed(error: Any) -> Closed:
    return Closed(1006, "") if error.rcvd is None else Closed(int(error.rcvd.code), str(error.rcvd.reason))
