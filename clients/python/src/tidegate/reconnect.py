"""How long to wait before the next link (PROTOCOL.md §7, R-1 and R-2): full jitter."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Callable, Optional

from .faults import Pace, pace_of_close, pace_of_status

_SPANS_MS: Mapping[Pace, tuple[int, int]] = {Pace.SOON: (500, 30_000), Pace.SLOWLY: (300_000, 3_600_000)}
# A gateway may ask a device to wait, but a broken one must not stop it for ever.
RETRY_AFTER_MAX_MS = 24 * 3_600_000


@dataclass(frozen=True)
class Ending:
    """How a link ended, or why there was none. The device waits `retry_after_ms` before the jitter begins."""

    pace: Pace
    retry_after_ms: int = 0


def ending_of_close(code: int, reason: str) -> Ending:
    return Ending(pace_of_close(code), _retry_after_in(reason) if 4000 <= code <= 4099 else 0)


def ending_of_refusal(status: int, retry_after: Optional[str], now_ms: int) -> Ending:
    return Ending(pace_of_status(status), parse_retry_after(retry_after, now_ms) if status in (429, 503) else 0)


LOST = Ending(Pace.SOON)


class Reconnect:
    """Counts failures in a row. `random` returns numbers in [0, 1)."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0
        self._pace = Pace.SOON

    def succeeded(self) -> None:
        self._failures = 0

    def wait_ms(self, ending: Ending) -> int:
        if ending.pace is not self._pace:
            self._pace, self._failures = ending.pace, 0
        first, largest = _SPANS_MS[ending.pace]
        # The exponent has a limit too, because a device may fail for years.
        span = min(largest, first * 2 ** min(self._failures, 16))
        self._failures += 1
        return ending.retry_after_ms + int(self._random() * span)


def _retry_after_in(reason: str) -> int:
    try:
        fields = json.loads(reason)
    except (ValueError, RecursionError):
        return 0
    value = fields.get("retryAfterMs") if isinstance(fields, dict) else None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0:
        return 0
    return int(min(value, RETRY_AFTER_MAX_MS))


def parse_retry_after(text: Optional[str], now_ms: int) -> int:
    """Seconds or an HTTP date (RFC 9110 §10.2.3), as ms; 0 for none or nonsense."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * 1000, RETRY_AFTER_MAX_MS)
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return 0
    return max(0, min(int(date.timestamp() * 1000) - now_ms, RETRY_AFTER_MAX_MS))
