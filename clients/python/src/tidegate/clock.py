"""Time as a parameter, so that tests need not wait."""
from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Protocol

_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    def now_ms(self) -> int:
        """Unix ms."""

    def boot_ms(self) -> int:
        """Ms since the machine started; never steps. Goes on while it is suspended, where the system can tell."""

    def boot(self) -> str:
        """Names this start of the machine."""

    async def sleep(self, ms: int) -> None: ...


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def boot_ms(self) -> int:
        return time.clock_gettime_ns(_BOOT_CLOCK) // 1_000_000

    def boot(self) -> str:
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return "unknown"

    async def sleep(self, ms: int) -> None:
        await asyncio.sleep(ms / 1000)
