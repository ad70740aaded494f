"""The gateway's nack codes, and how soon to reconnect after each way a link can end (PROTOCOL.md §7)."""
from __future__ import annotations

from enum import Enum

FAULT_CODES: dict[int, str] = {
    1: "frame_malformed",
    2: "frame_length",
    3: "version_unsupported",
    4: "type_unknown",
    5: "metric_unknown",
    6: "value_invalid",
    7: "value_out_of_range",
    8: "time_in_future",
    9: "time_too_old",
    10: "too_many_series",
    11: "frame_too_large",
    12: "seq_invalid",
    13: "json_invalid",
    14: "schema_invalid",
    15: "command_unknown",
    16: "command_state_invalid",
}


class Pace(Enum):
    """How soon a device reconnects (R-1, R-2)."""

    SOON = "soon"
    SLOWLY = "slowly"


CLOSE_PACES: dict[int, Pace] = {
    4000: Pace.SOON,
    4001: Pace.SOON,
    4002: Pace.SOON,
    4003: Pace.SOON,
    4004: Pace.SOON,
    4005: Pace.SOON,
    4100: Pace.SLOWLY,
    4101: Pace.SLOWLY,
    4102: Pace.SLOWLY,
    4103: Pace.SLOWLY,
    4104: Pace.SLOWLY,
}


def pace_of_close(code: int) -> Pace:
    """Codes of later versions count by their hundred; every other end of a link is a lost link (R-1)."""
    return CLOSE_PACES.get(code, Pace.SLOWLY if 4100 <= code <= 4199 else Pace.SOON)


def pace_of_status(status: int) -> Pace:
    """R-2 lists the statuses that only people can fix. Every other status may come from a proxy and be gone soon."""
    return Pace.SLOWLY if status in (400, 401, 403) else Pace.SOON
