"""What a device tells the program around it, as it happens."""
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
    """On the gateway's disk, or refused by an answer that was lost with an earlier link."""

    seq: int


@dataclass(frozen=True)
class FrameRefused:
    """In the gateway's quarantine. seq 0: a message without a number, such as a metric table."""

    nack: Nack


@dataclass(frozen=True)
class LinkClosed:
    """1006: without a close frame."""

    code: int
    reason: str


@dataclass(frozen=True)
class LinkRefused:
    """Refused by an HTTP answer, or with status 0 because nobody answered."""

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
