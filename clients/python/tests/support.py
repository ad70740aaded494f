"""What several tests use: a clock that the test controls, and the files of the contract."""
from __future__ import annotations

import asyncio
import heapq
import json
from itertools import count
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[3] / "schemas"


def vectors(name: str) -> Any:
    return json.loads((SCHEMAS / "vectors" / name).read_text(encoding="utf-8"))


def protocol_page() -> str:
    return (SCHEMAS / "PROTOCOL.md").read_text(encoding="utf-8")


class ManualClock:
    """Starts at 2026-11-22, and moves only if the test moves it."""

    def __init__(self, now: int = 1795305600000, boot_ms: int = 1_000_000, boot: str = "first") -> None:
        self._offset = now - boot_ms
        self._boot_ms = boot_ms
        self._boot = boot
        self._order = count()
        self._sleeping: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self._boot_ms + self._offset

    def boot_ms(self) -> int:
        return self._boot_ms

    def boot(self) -> str:
        return self._boot

    async def sleep(self, ms: int) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self._boot_ms + ms, next(self._order), wake))
        await wake

    def step(self, ms: int) -> None:
        self._boot_ms += ms

    async def advance(self, ms: int) -> None:
        """Moves the clock from sleeper to sleeper, so that a task that sleeps again is woken again. First it lets all tasks go to sleep."""
        await _turns()
        end = self._boot_ms + ms
        while self._sleeping and self._sleeping[0][0] <= end:
            at, _, wake = heapq.heappop(self._sleeping)
            self._boot_ms = max(self._boot_ms, at)
            if not wake.done():
                wake.set_result(None)
            await _turns()
        self._boot_ms = end


async def _turns() -> None:
    """Runs the event loop a few times, for tasks that are ready to run."""
    for _ in range(5):
        await asyncio.sleep(0)
