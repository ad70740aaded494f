"""Time as a parameter, so that tests do not have to wait."""
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
        """Ms since the machine started. It never steps, and includes suspension if the system supports that."""

    def boot(self) -> str:
        """A name of this boot of the machine."""

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
