"""The gateway's messages in both encodings, and JSON messages (PROTOCOL.md §5)."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Literal, Optional, Union

from .limits import SEQ_MAX

State = Literal["received", "running", "succeeded", "failed", "rejected"]


@dataclass(frozen=True)
class Welcome:
    last_seq: int
    window: int
    server_time: int
    max_frame_bytes: int
    keepalive_seconds: int


@dataclass(frozen=True)
class Ack:
    seq: int
    window: Optional[int] = None


@dataclass(frozen=True)
class Nack:
    seq: int
    code: str
    path: Optional[str] = None
    message: str = ""


@dataclass(frozen=True)
class Command:
    """`ttl_ms` is the time left when the command was sent, `expires_at` the same limit in Unix ms of the gateway; None: no limit."""

    id: str
    name: str
    params: Any
    known: int
    ttl_ms: Optional[int] = None
    expires_at: Optional[int] = None


@dataclass(frozen=True)
class TimeAnswer:
    echo: int
    server_time: int


DownMessage = Union[Welcome, Ack, Nack, Command, TimeAnswer]


@dataclass(frozen=True)
class CommandUpdate:
    """A device's report about a command. The body is the result, or the error of `failed` and `rejected`."""

    id: str
    state: State
    body: Any = None


def encode_command_update_text(update: CommandUpdate) -> str:
    message: dict[str, Any] = {"type": "command_update", "id": update.id, "state": update.state}
    if update.body is not None:
        message["error" if update.state in ("failed", "rejected") else "result"] = update.body
    return compact(message)


def encode_time_request_text(echo: int) -> str:
    return compact({"type": "time", "echo": echo})


def compact(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parse_text(text: str) -> Optional[DownMessage]:
    """Returns None for unknown types and for messages without the form of their type, which a device ignores (J-1). Never raises."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    parse = _PARSERS.get(message["type"])
    try:
        return None if parse is None else parse(message)
    except _Misshapen:
        return None


class _Misshapen(Exception):
    pass


def _whole(message: dict[str, Any], key: str, low: int = 0, high: int = 2**53) -> int:
    value = message.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _Misshapen(key)
    return value


def _optional_whole(message: dict[str, Any], key: str, low: int = 0) -> Optional[int]:
    return None if message.get(key) is None else _whole(message, key, low)


def _text(message: dict[str, Any], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str):
        raise _Misshapen(key)
    return value


def _optional_text(message: dict[str, Any], key: str) -> Optional[str]:
    return None if message.get(key) is None else _text(message, key)


def _welcome(message: dict[str, Any]) -> Welcome:
    return Welcome(
        _whole(message, "lastSeq", 0, SEQ_MAX),
        _whole(message, "window", 1),
        _whole(message, "serverTime"),
        _whole(message, "maxFrameBytes", 1),
        _whole(message, "keepaliveSeconds"),
    )


def _ack(message: dict[str, Any]) -> Ack:
    return Ack(_whole(message, "seq", 0, SEQ_MAX), _optional_whole(message, "window", 1))


def _nack(message: dict[str, Any]) -> Nack:
    return Nack(
        _whole(message, "seq", 0, SEQ_MAX),
        _text(message, "code"),
        _optional_text(message, "path"),
        _optional_text(message, "message") or "",
    )


def _command(message: dict[str, Any]) -> Command:
    return Command(
        _text(message, "id"),
        _text(message, "name"),
        message.get("params"),
        _optional_whole(message, "known") or 0,
        _optional_whole(message, "ttlMs"),
        _optional_whole(message, "expiresAt"),
    )


def _time_answer(message: dict[str, Any]) -> TimeAnswer:
    return TimeAnswer(_whole(message, "echo"), _whole(message, "serverTime"))


_PARSERS: dict[str, Callable[[dict[str, Any]], DownMessage]] = {
    "welcome": _welcome,
    "ack": _ack,
    "nack": _nack,
    "command": _command,
    "time": _time_answer,
}
