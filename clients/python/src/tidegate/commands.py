"""What a device may honestly answer to a command (PROTOCOL.md §8), apart from running it."""
from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Callable, Literal, Optional, Union

from .messages import Command, CommandUpdate, compact
from .outcomes import Remembered


@dataclass(frozen=True)
class CommandCall:
    """What a handler is given. `progress(0.4)` tells the gateway how far it is; without a link nobody hears it."""

    id: str
    name: str
    params: Any
    progress: Callable[[float], None]


Handler = Callable[[CommandCall], Union[Any, Awaitable[Any]]]


@dataclass(frozen=True)
class CommandKind:
    """`idempotent`: running it twice leaves the device as running it once does, so it may be run again where its fate is unknown."""

    handler: Handler
    idempotent: bool


class CommandRejected(Exception):
    """Raised by a handler that has done nothing: the command is rejected, with this code."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.body = error_body(code, message)


class CommandFailed(Exception):
    """Raised by a handler whose action failed, with a code for who sent it."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.body = error_body(code, message)


def error_body(code: str, message: str = "") -> dict[str, str]:
    return {"code": code, "message": message} if message else {"code": code}


def decide(
    command: Command, remembered: Optional[Remembered], kind: Optional[CommandKind], overdue: bool
) -> Union[CommandUpdate, Literal["run"]]:
    """
    The final word, or that it is to be run. A known outcome goes before all else: it stays true however late it is asked for.
    Then what may already have run: to call that expired or unknown would claim that it did not.
    """
    if remembered is not None and remembered.state != "begun":
        return CommandUpdate(command.id, remembered.state, remembered.body)
    may_have_run = remembered is not None or command.known != 0
    if may_have_run and (kind is None or not kind.idempotent or overdue):
        return CommandUpdate(command.id, "failed", error_body("lost", "this device cannot tell whether it ran"))
    if overdue:
        return CommandUpdate(command.id, "rejected", error_body("expired"))
    if kind is None:
        return CommandUpdate(command.id, "rejected", error_body("unknown_command"))
    return "run"


def final_update(command: Command, result: Any) -> CommandUpdate:
    """What a handler returned, as the final word. What JSON cannot hold was still done, so the command succeeded."""
    try:
        compact(result).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return CommandUpdate(command.id, "succeeded", error_body("result_unreadable", str(error)))
    return CommandUpdate(command.id, "succeeded", result)
