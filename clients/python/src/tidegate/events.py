"""The events that a device reports to its program."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .messages import Nack, Welcome


@dataclass(frozen=True)
class Connecting:
    pass


@dataclass(frozen=True)
class Welcomed:
    welcome: Welcome


@dataclass(frozen=True)
class FrameSent:
    seq: int


@dataclass(frozen=True)
class FrameStored:
    """The frame is on the gateway's disk, or was refused by a nack that was lost with an earlier link."""

    seq: int


@dataclass(frozen=True)
class FrameRefused:
    """The frame is in the gateway's quarantine. seq is 0 for a message without a seq, such as a metric table."""

    nack: Nack


@dataclass(frozen=True)
class LinkClosed:
    """The link ended. Code 1006 means without a close frame."""

    code: int
    reason: str


@dataclass(frozen=True)
class LinkRefused:
    """The upgrade was refused with this HTTP status; 0 means that there was no answer."""

    status: int
    message: str


@dataclass(frozen=True)
class Waiting:
    ms: int


@dataclass(frozen=True)
class CommandRun:
    """The action of a command is about to run."""

    id: str
    name: str


@dataclass(frozen=True)
class TimeTold:
    echo: int
    server_time: int


Event = Union[Connecting, Welcomed, FrameSent, FrameStored, FrameRefused, LinkClosed, LinkRefused, Waiting, CommandRun, TimeTold]
