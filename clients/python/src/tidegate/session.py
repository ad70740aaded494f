"""
The protocol of one link, without a socket: messages in, events and messages out.

It has the state that ends with the link. The buffer, the metric table and the outcomes survive it.
"""
from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Optional, Union

from .buffer import Buffer
from .clock import Clock
from .events import Event, FrameRefused, FrameStored, TimeTold, Welcomed
from .frames import decode_down, encode_command_update, encode_time_request
from .limits import ACK_OVERDUE_MS, DEVICE_SILENCE_MS, STEADY_MS
from .messages import (
    Ack, Command, CommandUpdate, DownMessage, Nack, TimeAnswer, Welcome,
    encode_command_update_text, encode_time_request_text, parse_text,
)
from .metric_table import MetricTable, parse_declaration
from .numbering import next_number, resume
from .packing import Encoding, PackingRules, encode_frame, group, numeric_names
from .samples import StoredSample

Message = Union[str, bytes]

# How many frames are prepared at a time, so that a backlog does not delay other messages.
_FRAMES_A_TURN = 16


@dataclass(frozen=True)
class Outgoing:
    """A message to send, and its seq; 0 for messages that are not telemetry."""

    message: Message
    seq: int = 0


class Session:
    def __init__(
        self, buffer: Buffer, clock: Clock, table: MetricTable, encoding: Encoding, samples_per_frame: int, hello: Optional[str] = None
    ) -> None:
        self._buffer = buffer
        self._clock = clock
        self._tables = {table.number: table}
        self._table = table
        self._encoding = encoding
        self._samples_per_frame = samples_per_frame
        self._hello = hello
        self._control: deque[Outgoing] = deque()
        self._sent_at: dict[int, int] = {}
        self._sent_through = 0
        self._declared: dict[int, str] = {}
        self._refused_tables: set[int] = set()
        self._answered = False
        self._opened_at = self._progress_at = self._heard_at = clock.boot_ms()
        self.welcome: Optional[Welcome] = None
        self.window = 0

    def opened(self) -> None:
        """The upgrade succeeded, perhaps some time after it began."""
        self._opened_at = self._heard_at = self._clock.boot_ms()

    # -- received messages --------------------------------------------------------------------------------------------------------

    def heard_bytes(self) -> None:
        """Something arrived, perhaps only a ping (R-14)."""
        self._heard_at = self._clock.boot_ms()

    def hear(self, data: Message) -> tuple[list[Event], Optional[Command]]:
        """Returns the events of a message, and its command if it is one. Text and binary messages may come on both kinds of link."""
        message: Optional[DownMessage] = parse_text(data) if isinstance(data, str) else decode_down(data)
        if isinstance(message, Welcome):
            return self._welcomed(message), None
        if self.welcome is None or message is None:
            return [], None
        if isinstance(message, Ack):
            return self._acked(message), None
        if isinstance(message, Nack):
            return self._nacked(message), None
        if isinstance(message, TimeAnswer):
            return [TimeTold(message.echo, message.server_time)], None
        return [], message

    def _welcomed(self, welcome: Welcome) -> list[Event]:
        if self.welcome is not None:
            return []
        self.welcome, self.window = welcome, welcome.window
        self._progress_at = self._clock.boot_ms()
        first = self._buffer.numbered_after(welcome.last_seq, 1)
        first_to_send = first[0][0] if first else self._buffer.highest_given + 1
        stored: list[int] = []
        if resume(welcome.last_seq, self._buffer.highest_given, first_to_send) == "renumber":
            self._buffer.take_numbers_back(welcome.last_seq)
        else:
            stored = self._buffer.drop_through(welcome.last_seq)
        self._sent_through = welcome.last_seq
        if self._hello is not None:
            self._control.append(Outgoing(self._hello))
        if self._table.metrics:
            self._declare(self._table)
        return [Welcomed(welcome), *map(FrameStored, stored)]

    def _acked(self, ack: Ack) -> list[Event]:
        self._progress_at = self._clock.boot_ms()
        self._answered = True
        if ack.window is not None:
            self.window = ack.window
        for seq in [seq for seq in self._sent_at if seq <= ack.seq]:
            del self._sent_at[seq]
        # An ack is only about frames that were sent on this link (W-2).
        return list(map(FrameStored, self._buffer.drop_through(min(ack.seq, self._sent_through))))

    def _nacked(self, nack: Nack) -> list[Event]:
        if nack.seq == 0:
            if nack.code == "schema_invalid":
                # The gateway may have other contents for a table's number (J-6). It does not say for which, so JSON is used, which needs no table.
                self._refused_tables = {number for number in self._declared if number}
        else:
            self._progress_at = self._clock.boot_ms()
            self._answered = True
            self._sent_at.pop(nack.seq, None)
            self._buffer.drop(nack.seq)
        return [FrameRefused(nack)]

    # -- messages to send ---------------------------------------------------------------------------------------------------------

    def report(self, update: CommandUpdate) -> None:
        self._control.append(Outgoing(self._encode_update(update)))

    def _encode_update(self, update: CommandUpdate) -> Message:
        if self._encoding == "binary":
            try:
                return encode_command_update(update)
            except ValueError:
                pass  # the id arrived as JSON and is no UUID
        return encode_command_update_text(update)

    def ask_time(self, echo: int) -> None:
        self._control.append(Outgoing(encode_time_request(echo) if self._encoding == "binary" else encode_time_request_text(echo)))

    def use_table(self, table: MetricTable) -> None:
        """Declares the table on this link, before the frames that need it."""
        self._table = self._tables[table.number] = table
        self._refused_tables.discard(table.number)
        if self.welcome is not None and table.metrics:
            self._declare(table)

    def _declare(self, table: MetricTable) -> None:
        declaration = table.declaration()
        if declaration != self._declared.get(table.number):
            self._declared[table.number] = declaration
            self._control.append(Outgoing(declaration))

    def _table_of(self, number: int) -> MetricTable:
        """The table with which samples were recorded. A table of an earlier firmware is read from the buffer."""
        if number not in self._tables:
            declaration = self._buffer.table_declaration(number)
            self._tables[number] = MetricTable() if declaration is None else parse_declaration(declaration)
        return self._tables[number]

    def outgoing(self) -> list[Outgoing]:
        """The messages that may be sent now, in order: none before the welcome (N-2), no frame beyond the window (W-1)."""
        if self.welcome is None:
            return []
        frames = self._next_frames(min(self.window - len(self._sent_at), _FRAMES_A_TURN))
        # Encoding frames may add metrics, whose declaration is sent first.
        encoded = [Outgoing(self._encode(seq, samples), seq) for seq, samples in frames]
        said = [*self._control, *encoded]
        self._control.clear()
        now = self._clock.boot_ms()
        for seq, _ in frames:
            self._sent_at[seq] = now
            self._sent_through = seq
        return said

    def _next_frames(self, room: int) -> list[tuple[int, list[StoredSample]]]:
        if room <= 0:
            return []
        frames = self._buffer.numbered_after(self._sent_through, room)
        return frames or self._number_new(room)

    def _number_new(self, room: int) -> list[tuple[int, list[StoredSample]]]:
        assert self.welcome is not None
        samples = self._buffer.unnumbered(room * self._samples_per_frame)
        if not samples:
            return []
        groups = group(samples, PackingRules(self._samples_per_frame, self.welcome.max_frame_bytes))[:room]
        first = next_number(self._buffer.highest_given)
        frames = list(enumerate(groups, first))
        next_number(frames[-1][0] - 1)
        self._buffer.give_numbers(frames, self._clock.boot_ms())
        return frames

    def _encode(self, seq: int, samples: list[StoredSample]) -> Message:
        assert self.welcome is not None
        table = self._table_of(samples[0].table)
        encoding: Encoding = "json" if table.number in self._refused_tables else self._encoding
        if encoding == "binary":
            table.learn(numeric_names(samples))
            if table.metrics:
                self._declare(table)
        return encode_frame(seq, samples, encoding, table, self._clock.boot_ms(), self.welcome.max_frame_bytes)

    # -- state of the link --------------------------------------------------------------------------------------------------------

    def has_held(self) -> bool:
        """Whether the link ended a row of failures (R-10)."""
        return self._answered or (self.welcome is not None and self._clock.boot_ms() - self._opened_at >= STEADY_MS)

    def fault(self) -> Optional[str]:
        """Why this link must be dropped (R-4, R-13), or None. An ack is overdue if frames wait for one and none has come for the time of R-13."""
        now = self._clock.boot_ms()
        if now - self._heard_at > DEVICE_SILENCE_MS:
            return f"nothing was heard for {DEVICE_SILENCE_MS // 1000} s"
        if self.welcome is None:
            return "no welcome came" if now - self._opened_at > ACK_OVERDUE_MS else None
        if self._sent_at and now - max(self._progress_at, next(iter(self._sent_at.values()))) > ACK_OVERDUE_MS:
            return f"an ack is {ACK_OVERDUE_MS // 1000} s overdue"
        return None
