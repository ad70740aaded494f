"""Runs commands one after the other, and saves the state of each before and after it runs."""
from __future__ import annotations

import asyncio
import inspect
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Optional

from .clock import Clock
from .commands import CommandCall, CommandFailed, CommandKind, CommandRejected, decide, error_body, final_update
from .events import CommandRun, Event
from .messages import Command, CommandUpdate, State
from .outcomes import Outcomes

# The gateway sends one command at a time (C-1), so a longer queue can only be an error.
WAITING_MAX = 8


@dataclass(frozen=True)
class _Waiting:
    command: Command
    # In ms of this boot, so that a wrong clock does not run a command too late or reject one too early.
    deadline: Optional[int]


class CommandRunner:
    """`report` sends an update on the present link. Without a link it drops the update: the gateway sends the command again (C-2)."""

    def __init__(
        self, outcomes: Outcomes, kinds: Mapping[str, CommandKind], clock: Clock, report: Callable[[CommandUpdate], None], emit: Callable[[Event], None]
    ) -> None:
        self._outcomes = outcomes
        self._kinds = kinds
        self._clock = clock
        self._report = report
        self._emit = emit
        self._waiting: deque[_Waiting] = deque()
        self._running: Optional[str] = None
        self._wake = asyncio.Event()

    def take(self, command: Command, gateway_now: int) -> None:
        """`gateway_now` is the gateway's time, computed from its welcome. It is compared with `expiresAt`."""
        if command.id == self._running:
            self._say(command.id, "running")
        elif any(command.id == waiting.command.id for waiting in self._waiting):
            self._say(command.id, "received")
        else:
            self._take_new(command, self._deadline(command, gateway_now))

    def _take_new(self, command: Command, deadline: Optional[int]) -> None:
        decision = self._decide(command, deadline)
        if isinstance(decision, CommandUpdate):
            self._conclude(decision)
        elif len(self._waiting) >= WAITING_MAX:
            self._report(CommandUpdate(command.id, "rejected", error_body("busy", f"{WAITING_MAX} commands wait already")))
        else:
            self._waiting.append(_Waiting(command, deadline))
            self._say(command.id, "received")
            self._wake.set()

    def _deadline(self, command: Command, gateway_now: int) -> Optional[int]:
        left = [command.ttl_ms] if command.ttl_ms is not None else []
        if command.expires_at is not None:
            left.append(command.expires_at - gateway_now)
        return self._clock.boot_ms() + min(left) if left else None

    def _decide(self, command: Command, deadline: Optional[int]) -> Any:
        overdue = deadline is not None and self._clock.boot_ms() >= deadline
        return decide(command, self._outcomes.of(command.id), self._kinds.get(command.name), overdue)

    async def run(self) -> None:
        while True:
            while self._waiting:
                # It leaves the queue only when it runs, so that a repeated command is always found in the queue or as running.
                waiting = self._waiting[0]
                self._running = waiting.command.id
                self._waiting.popleft()
                try:
                    await self._run_one(waiting)
                finally:
                    self._running = None
            self._wake.clear()
            await self._wake.wait()

    async def _run_one(self, waiting: _Waiting) -> None:
        decision = self._decide(waiting.command, waiting.deadline)
        if isinstance(decision, CommandUpdate):
            self._conclude(decision)
            return
        self._outcomes.begin(waiting.command.id)
        self._say(waiting.command.id, "running")
        self._emit(CommandRun(waiting.command.id, waiting.command.name))
        self._conclude(await self._outcome(waiting.command))

    async def _outcome(self, command: Command) -> CommandUpdate:
        call = CommandCall(command.id, command.name, command.params, lambda share: self._progress(command.id, share))
        try:
            result = self._kinds[command.name].handler(call)
            if inspect.isawaitable(result):
                result = await result
            return final_update(command, result)
        except CommandRejected as error:
            return CommandUpdate(command.id, "rejected", error.body)
        except CommandFailed as error:
            return CommandUpdate(command.id, "failed", error.body)
        except Exception as error:  # an error in a handler fails its command only
            return CommandUpdate(command.id, "failed", error_body("error", f"{type(error).__name__}: {error}"))

    def _conclude(self, update: CommandUpdate) -> None:
        self._outcomes.finish(update)
        self._report(update)

    def _say(self, command_id: str, state: State) -> None:
        self._report(CommandUpdate(command_id, state))

    def _progress(self, command_id: str, share: float) -> None:
        if command_id == self._running and math.isfinite(share):
            self._report(CommandUpdate(command_id, "running", {"progress": min(1.0, max(0.0, share))}))
