"""A device: a buffer on disk, and a task that keeps a link to the gateway and sends the buffer over it."""
from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Callable, Optional, Union

from .buffer import Buffer
from .clock import Clock, SystemClock
from .command_runner import CommandRunner
from .commands import CommandKind, Handler
from .events import (
    Connecting, Event, FrameRefused, FrameSent, LinkClosed, LinkRefused, TimeTold, Waiting, Welcomed,
)
from .limits import ID_PATTERN, SAMPLES_PER_MESSAGE_MAX
from .link import Closed, Link, Refused, Unreachable, device_url, open_link
from .messages import CommandUpdate, compact
from .metric_table import Metric, MetricTable
from .outcomes import Outcomes
from .packing import Encoding
from .reconnect import LOST, Ending, Reconnect, ending_of_close, ending_of_refusal
from .samples import SampleRefused, Value, encode_values
from .session import Session

_log = logging.getLogger("tidegate")

_CHECK_MS = 1_000
# A longer values object might not fit into a frame together with the rest of the frame.
_CONTENT_BYTES_MAX = 60_000

Subprotocols: Mapping[Encoding, str] = {"json": "tidegate.v1.json", "binary": "tidegate.v1.binary"}


class Device:
    """
    Use it as `async with Device(url, id, secret, folder="readings") as device:`, and call `device.record({"temperature": 21.5})` for each sample,
    with or without a link. The folder holds the memory of the device, so use the same folder after a restart.
    """

    def __init__(
        self,
        url: str,
        device_id: str,
        secret: str,
        *,
        folder: Union[str, Path],
        stream: str = "main",
        encoding: Encoding = "json",
        metrics: Union[MetricTable, Iterable[Metric]] = (),
        hello: Optional[Mapping[str, Any]] = None,
        samples_per_frame: int = 500,
        buffer_samples_max: int = 1_000_000,
        buffer_bytes_max: int = 256 * 2**20,
        power_safe: bool = True,
        has_clock: bool = True,
        tls: Optional[ssl.SSLContext] = None,
        on_event: Optional[Callable[[Event], None]] = None,
        clock: Optional[Clock] = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        for what, name in (("device id", device_id), ("stream", stream)):
            if re.fullmatch(ID_PATTERN, name) is None:
                raise ValueError(f"the {what} {name!r} must have 1-64 characters of A-Z a-z 0-9 _ -")
        if not 1 <= samples_per_frame <= SAMPLES_PER_MESSAGE_MAX:
            raise ValueError(f"samples_per_frame is 1-{SAMPLES_PER_MESSAGE_MAX}, not {samples_per_frame}")
        self._url = device_url(url, stream)
        self._id, self._secret, self._tls = device_id, secret, tls
        self._encoding: Encoding = encoding
        self._table = metrics if isinstance(metrics, MetricTable) else MetricTable(list(metrics))
        self._hello = compact({"type": "hello", "agent": "tidegate-python", **(hello or {})})
        self._samples_per_frame = samples_per_frame
        self._has_clock = has_clock
        self._clock = clock or SystemClock()
        self._listener = on_event or log_trouble
        self._reconnect = Reconnect(random)
        self._newest_stamp = 0
        self._kinds: dict[str, CommandKind] = {}
        self._session: Optional[Session] = None
        self._link: Optional[Link] = None
        self._gateway_offset_ms: Optional[int] = None
        self._wake, self._hurry, self._empty = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._stopping = False
        self._back_in_ms: Optional[int] = None
        self._time_asked: dict[int, asyncio.Future[int]] = {}
        self._task: Optional[asyncio.Task[None]] = None
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._buffer = Buffer(
            folder / f"{device_id}.{stream}.readings.db",
            samples_max=buffer_samples_max,
            bytes_max=buffer_bytes_max,
            power_safe=power_safe,
            boot=self._clock.boot(),
            boot_ms=self._clock.boot_ms(),
        )
        try:
            self._keep_table(self._table)
            self._outcomes = Outcomes(folder / f"{device_id}.commands.db")
        except BaseException:
            self._buffer.close()
            raise
        self._runner = CommandRunner(self._outcomes, self._kinds, self._clock, self._report, self._emit)

    # -- for the program ----------------------------------------------------------------------------------------------------------

    def record(self, values: Mapping[str, Value], ts: Optional[int] = None) -> None:
        """
        Records a sample, which is on disk when this returns. `ts` is Unix ms if it is above 0, and otherwise an age in ms, as a negative number or 0.
        Without it the time is now. Raises SampleRefused for a sample that the gateway would reject, and BufferFull.
        """
        self.record_many([(values, ts)])

    def record_many(self, samples: Iterable[tuple[Mapping[str, Value], Optional[int]]]) -> None:
        """Records many samples in one transaction, which is a hundred times faster. Either all or none are recorded."""
        self._raise_failure()
        self._buffer.add([self._stamped(values, ts) for values, ts in samples], self._table.number)
        self._empty.clear()
        self._wake.set()

    @property
    def buffered(self) -> int:
        """How many samples the gateway has not acknowledged."""
        return self._buffer.samples

    def command(self, name: str, *, idempotent: bool) -> Callable[[Handler], Handler]:
        """Decorates the handler of a command. Use idempotent=True only if running it twice has the effect of running it once."""

        def declare(handler: Handler) -> Handler:
            self._kinds[name] = CommandKind(handler, idempotent)
            return handler

        return declare

    def use_metrics(self, table: MetricTable) -> None:
        """
        Sets the metric table of all samples that are recorded from now on. Buffered samples are sent with the table with which they were recorded
        (J-6). Raises ValueError if the number was used for other contents.
        """
        self._keep_table(table)
        self._table = table
        if self._session is not None:
            self._session.use_table(table)
            self._wake.set()

    async def drained(self) -> None:
        """Returns when everything that was recorded is on the gateway's disk, or in its quarantine."""
        while self._buffer.samples:
            self._raise_failure()
            self._empty.clear()
            await self._empty.wait()
        self._raise_failure()

    async def gateway_time(self) -> int:
        """Asks for the gateway's time, in Unix ms. Raises ConnectionError if there is no link, or if it ends before the answer."""
        if self._session is None or self._session.welcome is None:
            raise ConnectionError("there is no link to ask for the time")
        echo = max(self._time_asked, default=0) + 1
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._time_asked[echo] = answer
        self._session.ask_time(echo)
        self._wake.set()
        return await answer

    def reconnect(self) -> None:
        """Ends a wait for the next link now."""
        self._hurry.set()

    async def sleep(self, back_in_ms: int) -> None:
        """Announces when the device will be back, closes the link (R-5), and opens the next one then. Samples can be recorded meanwhile."""
        self._back_in_ms = back_in_ms
        self._hurry.set()
        await self._close_link(_sleep_reason(back_in_ms))

    async def __aenter__(self) -> Device:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the link and the buffer. Samples without an ack stay in the buffer for the next start."""
        self._stopping = True
        linked, task = self._link is not None, self._task
        await self._close_link("")
        if task is not None and not task.done():
            # A closed link ends the task by itself, after it has reported how it ended.
            await asyncio.wait({task}, timeout=1 if linked else 0)
            task.cancel()
            await asyncio.wait({task})
        self._buffer.close()
        self._outcomes.close()
        if task is not None and not task.cancelled():
            task.result()

    # -- the task -----------------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        commands = asyncio.create_task(self._runner.run())
        links = asyncio.create_task(self._keep_linked())
        try:
            done, _ = await asyncio.wait({commands, links}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancel(commands, links)

    async def _keep_linked(self) -> None:
        while True:
            # The program may call sleep while it waits.
            wait_ms = self._take_sleep()
            if wait_ms is None:
                self._emit(Connecting())
                ending = await self._converse()
                if self._stopping:
                    return
                wait_ms = self._take_sleep()
                wait_ms = self._reconnect.wait_ms(ending) if wait_ms is None else wait_ms
            self._emit(Waiting(wait_ms))
            await self._wait(wait_ms)

    async def _wait(self, ms: int) -> None:
        self._hurry.clear()
        sleeping = asyncio.create_task(self._clock.sleep(ms))
        hurrying = asyncio.create_task(self._hurry.wait())
        try:
            await asyncio.wait({sleeping, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(sleeping, hurrying)

    async def _converse(self) -> Ending:
        """Runs one link, from the upgrade to its end."""
        session = Session(self._buffer, self._clock, self._table, self._encoding, self._samples_per_frame, self._hello)
        try:
            link = await open_link(self._url, self._id, self._secret, Subprotocols[self._encoding], session.heard_bytes, self._tls)
        except Refused as refused:
            self._emit(LinkRefused(refused.status, str(refused)))
            return ending_of_refusal(refused.status, refused.retry_after, self._clock.now_ms())
        except Unreachable as unreachable:
            self._emit(LinkRefused(0, str(unreachable)))
            return LOST
        session.opened()
        # The program may have changed the table while the link opened.
        session.use_table(self._table)
        self._session, self._link = session, link
        try:
            if self._back_in_ms is not None:
                await self._close_link(_sleep_reason(self._back_in_ms))
            closed = await self._until_closed(session, link)
        finally:
            self._session = self._link = None
            self._forget_time_questions()
            link.abandon()
        if session.has_held():
            self._reconnect.succeeded()
        self._emit(LinkClosed(closed.code, closed.reason))
        return ending_of_close(closed.code, closed.reason)

    async def _until_closed(self, session: Session, link: Link) -> Closed:
        tasks = [asyncio.create_task(one) for one in (self._receive(session, link), self._send(session, link), self._watch(session, link))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # Only the receiver knows the close frame; the sender may only know that the link has ended.
            if tasks[0] not in done and tasks[1] in done and isinstance(tasks[1].exception(), Closed):
                await asyncio.wait({tasks[0]}, timeout=1)
        finally:
            await _cancel(*tasks)
        errors = [task.exception() for task in tasks if task.done() and not task.cancelled()]
        for error in errors:
            if error is not None and not isinstance(error, Closed):
                raise error
        return next(error for error in errors if isinstance(error, Closed))

    async def _receive(self, session: Session, link: Link) -> None:
        while True:
            events, command = session.hear(await link.receive())
            for event in events:
                self._heard(event)
            if command is not None:
                self._runner.take(command, self._gateway_now())
            self._wake.set()
            if not self._buffer.samples:
                self._empty.set()

    def _heard(self, event: Event) -> None:
        if isinstance(event, Welcomed):
            self._gateway_offset_ms = event.welcome.server_time - self._clock.boot_ms()
        elif isinstance(event, TimeTold):
            self._gateway_offset_ms = event.server_time - self._clock.boot_ms()
            answer = self._time_asked.pop(event.echo, None)
            if answer is not None and not answer.done():
                answer.set_result(event.server_time)
        self._emit(event)

    async def _send(self, session: Session, link: Link) -> None:
        while True:
            self._wake.clear()
            for outgoing in session.outgoing():
                # It is noted before it is sent, because its ack may arrive before the send returns.
                if outgoing.seq:
                    self._emit(FrameSent(outgoing.seq))
                await link.send(outgoing.message)
                self._wake.set()  # there may be more
            await self._wake.wait()

    async def _watch(self, session: Session, link: Link) -> None:
        while True:
            await self._clock.sleep(_CHECK_MS)
            fault = session.fault()
            if fault is not None:
                raise Closed(1006, fault)

    # -- small parts --------------------------------------------------------------------------------------------------------------

    def _stamped(self, values: Mapping[str, Value], ts: Optional[int]) -> tuple[Optional[int], int, str]:
        content = encode_values(values)
        if len(content.encode()) > _CONTENT_BYTES_MAX:
            raise SampleRefused(f"the sample has {len(content.encode())} bytes: a frame would not hold it; record it as several")
        now = self._clock.boot_ms()
        if ts is not None and ts > 0:
            return ts, now, content
        if ts is None:
            return self._receipt(now, content)
        # An age stays an age until it is sent, because its program does not trust the clock.
        return None, now + ts, content

    def _receipt(self, now: int, content: str) -> tuple[Optional[int], int, str]:
        """Now, but at least 1 ms after the last time, because the gateway would take two readings of one millisecond for one (I-1)."""
        stamp = max(self._clock.now_ms() if self._has_clock else now, self._newest_stamp + 1)
        self._newest_stamp = stamp
        return (stamp, now, content) if self._has_clock else (None, stamp, content)

    def _keep_table(self, table: MetricTable) -> None:
        if table.number:
            self._buffer.keep_table(table.number, table.declaration())

    def _gateway_now(self) -> int:
        return self._clock.boot_ms() + (self._gateway_offset_ms or 0)

    def _report(self, update: CommandUpdate) -> None:
        if self._session is not None:
            self._session.report(update)
            self._wake.set()

    def _emit(self, event: Event) -> None:
        self._listener(event)

    async def _close_link(self, reason: str) -> None:
        if self._link is not None:
            await self._link.close(1000, reason)

    def _take_sleep(self) -> Optional[int]:
        back_in_ms, self._back_in_ms = self._back_in_ms, None
        return back_in_ms

    def _forget_time_questions(self) -> None:
        for answer in self._time_asked.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the link ended before the answer"))
        self._time_asked.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A waiting program must get the failure.
        self._empty.set()

    def _raise_failure(self) -> None:
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()


def log_trouble(event: Event) -> None:
    """Logs events for a program without its own handler, because a device that cannot connect must not be silent."""
    if isinstance(event, LinkRefused):
        _log.warning("no link: %s", event.message)
    elif isinstance(event, LinkClosed) and event.code != 1000:
        _log.warning("the link ended: %s %s", event.code, event.reason)
    elif isinstance(event, FrameRefused):
        _log.warning("frame %s was refused: %s %s %s", event.nack.seq, event.nack.code, event.nack.path or "", event.nack.message)


def _sleep_reason(back_in_ms: int) -> str:
    return compact({"backInMs": back_in_ms})


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
