"""Binary frames (PROTOCOL.md §6): building telemetry, command updates and time requests; parsing all messages of the gateway."""
from __future__ import annotations

import json
import math
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Optional

from .faults import FAULT_CODES
from .limits import COLUMNS_MAX, ROWS_MAX, SEQ_MAX
from .messages import Ack, Command, CommandUpdate, DownMessage, Nack, TimeAnswer, Welcome, compact

VERSION = 1
I32_NO_VALUE = -(2**31)

Kind = Literal["f32", "f64", "i32"]
_KIND_NUMBERS: dict[Kind, int] = {"f32": 1, "f64": 2, "i32": 3}
# The offset before the values of a row, and one value.
_ROW_FORMATS: dict[Kind, tuple[str, str]] = {"f32": ("<I", "f"), "f64": ("<I4x", "d"), "i32": ("<I", "i")}
_STATE_NUMBERS = {"received": 1, "running": 2, "succeeded": 3, "failed": 4, "rejected": 5}


@dataclass(frozen=True)
class TelemetryTable:
    """Columns are metrics, rows are samples: (offset in ms, one value per column; None is no value)."""

    kind: Kind
    base: int
    table: int
    metrics: Sequence[int]
    rows: Sequence[tuple[int, Sequence[Optional[float]]]]


def encode_telemetry(seq: int, frame: TelemetryTable) -> bytes:
    """Raises ValueError or struct.error for a table that fits no frame. That would be an error of this package."""
    _check_shape(seq, frame)
    header = struct.pack(
        f"<BBBBIqHH{len(frame.metrics)}H",
        VERSION, 0x01, len(frame.metrics), _KIND_NUMBERS[frame.kind], seq, frame.base, len(frame.rows), frame.table, *frame.metrics,
    )
    row_start, value = _ROW_FORMATS[frame.kind]
    row_format = struct.Struct(f"{row_start}{len(frame.metrics)}{value}")
    no_value = I32_NO_VALUE if frame.kind == "i32" else math.nan
    parts = [header, b"\0" * (-len(header) % 8)]
    for offset, values in frame.rows:
        parts.append(row_format.pack(offset, *[no_value if one is None else one for one in values]))
    return b"".join(parts)


def telemetry_bytes(columns: int, rows: int, kind: Kind) -> int:
    """The length that a frame will have."""
    header = -(-(20 + 2 * columns) // 8) * 8
    return header + rows * (8 * (columns + 1) if kind == "f64" else 4 * (columns + 1))


def _check_shape(seq: int, frame: TelemetryTable) -> None:
    if not 0 <= seq <= SEQ_MAX:
        raise ValueError(f"seq {seq} does not fit into 32 bits")
    if not 1 <= len(frame.metrics) <= COLUMNS_MAX or not 1 <= len(frame.rows) <= ROWS_MAX:
        raise ValueError(f"a frame has 1-{COLUMNS_MAX} columns and 1-{ROWS_MAX} rows, not {len(frame.metrics)} and {len(frame.rows)}")
    if len(set(frame.metrics)) != len(frame.metrics):
        raise ValueError("a metric is twice in the frame")
    for _, values in frame.rows:
        if any(value is not None and not math.isfinite(value) for value in values):
            raise ValueError("a value is not finite")
        if frame.kind == "i32" and any(value == I32_NO_VALUE for value in values):
            raise ValueError("the smallest i32 means no value")


def encode_command_update(update: CommandUpdate) -> bytes:
    body = b"" if update.body is None else compact(update.body).encode()
    return struct.pack("<BBBx", VERSION, 0x02, _STATE_NUMBERS[update.state]) + uuid.UUID(update.id).bytes + body


def encode_time_request(echo: int) -> bytes:
    return struct.pack("<BBHI", VERSION, 0x03, 0, echo)


def decode_down(data: bytes) -> Optional[DownMessage]:
    """Returns None for messages that a device ignores (B-8): of a later version, of an unknown type, too short, or not readable."""
    if len(data) < 2 or data[0] != VERSION:
        return None
    decode = _DECODERS.get(data[1])
    try:
        return None if decode is None else decode(data)
    except (struct.error, ValueError, RecursionError):
        return None


def _welcome(data: bytes) -> Welcome:
    window, last_seq, server_time, max_frame_bytes, keepalive = struct.unpack_from("<2xHIQIH", data)
    return Welcome(last_seq, window, server_time, max_frame_bytes, keepalive)


def _ack(data: bytes) -> Ack:
    window, seq = struct.unpack_from("<2xHI", data)
    return Ack(seq, window or None)


def _nack(data: bytes) -> Nack:
    fault, seq = struct.unpack_from("<2xHI", data)
    return Nack(seq, FAULT_CODES.get(fault, f"fault_{fault}"), None, data[8:].decode(errors="replace"))


def _command(data: bytes) -> Optional[Command]:
    name_length, known, raw_id, ttl_ms, expires_at = struct.unpack_from("<2xBB16sIQ", data)
    if len(data) < 32 + name_length:
        return None
    rest = data[32 + name_length:]
    params: Any = json.loads(rest) if rest else None
    name = data[32:32 + name_length].decode()
    return Command(str(uuid.UUID(bytes=raw_id)), name, params, known, ttl_ms or None, expires_at or None)


def _time_answer(data: bytes) -> TimeAnswer:
    echo, server_time = struct.unpack_from("<4xIQ", data)
    return TimeAnswer(echo, server_time)


_DECODERS: dict[int, Any] = {0x81: _welcome, 0x82: _ack, 0x83: _nack, 0x84: _command, 0x85: _time_answer}
