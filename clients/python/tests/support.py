"""What tests share: a clock in the hand of the test, and the contract's own files."""
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
    """Starts at 2026-11-22; goes on only when told."""

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
        """Moment by moment, so that who sleeps again on waking is woken again. Who has said that it waits may have yet to lie down."""
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
    """Turns of the loop, for tasks that need no more than that to go on."""
    for _ in range(5):
        await asyncio.sleep(0)
