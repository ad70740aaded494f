"""Which answer to a command is true (PROTOCOL.md §8). Running commands is in command_runner."""
from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Callable, Literal, Optional, Union

from .messages import Command, CommandUpdate, compact
from .outcomes import Remembered


@dataclass(frozen=True)
class CommandCall:
    """The argument of a handler. `progress(0.4)` reports progress to the gateway; without a link the report is dropped."""

    id: str
    name: str
    params: Any
    progress: Callable[[float], None]


Handler = Callable[[CommandCall], Union[Any, Awaitable[Any]]]


@dataclass(frozen=True)
class CommandKind:
    """`idempotent` means that running it twice has the effect of running it once, so it may run again if its end is not known."""

    handler: Handler
    idempotent: bool


class CommandRejected(Exception):
    """A handler raises it before it has done anything. The command is then rejected with this code."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.body = error_body(code, message)


class CommandFailed(Exception):
    """A handler raises it if its action failed. The command then fails with this code."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.body = error_body(code, message)


def error_body(code: str, message: str = "") -> dict[str, str]:
    return {"code": code, "message": message} if message else {"code": code}


def decide(
    command: Command, remembered: Optional[Remembered], kind: Optional[CommandKind], overdue: bool
) -> Union[CommandUpdate, Literal["run"]]:
    """
    Returns the final state, or "run". A known outcome comes first, because it stays true however late the gateway asks for it. Then
    come commands that may have run already: to call them expired or unknown would say that they did not run.
    """
    if remembered is not None and remembered.state != "begun":
        return CommandUpdate(command.id, remembered.state, remembered.body)
    may_have_run = remembered is not None or command.known != 0
    if may_have_run and (kind is None or not kind.idempotent or overdue):
        return CommandUpdate(command.id, "failed", error_body("lost", "this device does not know whether it ran"))
    if overdue:
        return CommandUpdate(command.id, "rejected", error_body("expired"))
    if kind is None:
        return CommandUpdate(command.id, "rejected", error_body("unknown_command"))
    return "run"


def final_update(command: Command, result: Any) -> CommandUpdate:
    """The final state after a handler returned. A command whose result is not valid JSON has succeeded too, because it was done."""
    try:
        compact(result).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return CommandUpdate(command.id, "succeeded", error_body("result_unreadable", str(error)))
    return CommandUpdate(command.id, "succeeded", result)
