"""The whole device with its sockets, against a gateway and a clock that the test controls."""
import asyncio
import tempfile
import unittest
from typing import Any, Callable, Type, TypeVar

from tidegate import (
    BufferFull, BufferInUse, CommandCall, Connecting, Device, Event, FrameSent, FrameStored, LinkClosed, LinkRefused, SampleRefused, Waiting,
    Welcomed,
)
from tidegate.link import device_url

from .fake_gateway import FakeGateway, Refusing, Visit
from .support import ManualClock

SECRET = "tgd_" + "A" * 43
ID = "01936c3e-7a10-7b21-8c32-9d43ae54bf65"
Kind = TypeVar("Kind")


class DeviceTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.clock = ManualClock()
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def device(self, url: str, **options: Any) -> Device:
        usual: dict[str, Any] = {"folder": self.folder, "clock": self.clock, "random": lambda: 0.5, "on_event": self.note}
        return Device(url, "d", SECRET, **{**usual, **options})

    def note(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, kind: Type[Kind], wanted: Callable[[Kind], bool] = lambda event: True) -> Kind:
        async def look() -> Kind:
            while True:
                for event in self.events:
                    if isinstance(event, kind) and wanted(event):
                        return event
                self._news.clear()
                await self._news.wait()

        return await asyncio.wait_for(look(), 20)

    def waits(self) -> list[int]:
        return [event.ms for event in self.events if isinstance(event, Waiting)]


class Links(DeviceTest):
    async def test_a_frame_whose_ack_was_lost_is_sent_again_under_its_number(self) -> None:
        async with FakeGateway() as gateway, self.device(gateway.url) as device:
            device.record({"a": 1})
            visit = await gateway.visit()
            await visit.welcome()
            first = await visit.hear()
            await visit.close(4000)
            await self.until(Waiting)
            device.reconnect()
            visit = await gateway.visit()
            await visit.welcome(0)
            self.assertEqual(await visit.hear(), first)
            await visit.say({"type": "ack", "seq": 1})
            await asyncio.wait_for(device.drained(), 20)
            self.assertEqual(device.buffered, 0)
        self.assertEqual([type(event) for event in self.events if isinstance(event, (FrameSent, FrameStored))], [FrameSent, FrameSent, FrameStored])

    async def test_a_device_with_memory_keeps_its_seqs_over_a_restart_of_its_program(self) -> None:
        async with FakeGateway() as gateway:
            async with self.device(gateway.url) as device:
                device.record({"a": 1})
                visit = await gateway.visit()
                await visit.welcome()
                await visit.hear()
            device = self.device(gateway.url)
            device.record({"a": 2})
            async with device:
                visit = await gateway.visit()
                await visit.welcome(1)
                self.assertEqual((await visit.hear())["seq"], 2)
                self.assertEqual(device.buffered, 1)

    async def test_each_close_is_answered_at_its_pace(self) -> None:
        async with FakeGateway() as gateway, self.device(gateway.url) as device:
            for code, reason in ((4000, ""), (4003, '{"retryAfterMs":9000}'), (4100, ""), (4104, ""), (4001, "")):
                visit = await gateway.visit()
                await visit.welcome()
                await visit.close(code, reason)
                await self.until(LinkClosed, lambda event: event.code == code)
                await self.until(Waiting, lambda event: len(self.waits()) == [4000, 4003, 4100, 4104, 4001].index(code) + 1)
                device.reconnect()
            self.assertEqual(self.waits(), [250, 9500, 150_000, 300_000, 250])

    async def test_a_link_that_lasted_ends_the_row_of_failures(self) -> None:
        async with FakeGateway() as gateway, self.device(gateway.url) as device:
            for _ in range(3):
                visit = await gateway.visit()
                await visit.welcome()
                device.record({"a": 1})
                await visit.say({"type": "ack", "seq": (await visit.hear())["seq"]})
                await self.until(FrameStored)
                self.events = [event for event in self.events if not isinstance(event, FrameStored)]
                waits = len(self.waits())
                await visit.close(4000)
                await self.until(Waiting, lambda event: len(self.waits()) > waits)
                device.reconnect()
                device._buffer.highest_given = 0  # the next gateway is new too
            self.assertEqual(self.waits(), [250, 250, 250])

    async def test_a_half_open_link_is_dropped_after_30_s_without_an_ack(self) -> None:
        async with FakeGateway() as gateway, self.device(gateway.url) as device:
            visit = await gateway.visit()
            await visit.welcome()
            device.record({"a": 1})
            await visit.hear()
            await self.clock.advance(29_000)
            self.assertFalse(any(isinstance(event, LinkClosed) for event in self.events))
            await self.clock.advance(3_000)
            closed = await self.until(LinkClosed)
            self.assertEqual(closed.code, 1006)
            self.assertRegex(closed.reason, "overdue")

    async def test_a_silent_link_is_dropped_after_75_s_and_pings_end_the_silence(self) -> None:
        async with FakeGateway() as gateway, self.device(gateway.url):
            visit = await gateway.visit()
            await visit.welcome()
            await self.until(Welcomed)
            await self.clock.advance(20_000)
            for _ in range(4):
                await (await visit.connection.ping())
                await self.clock.advance(50_000)
            self.assertFalse(any(isinstance(event, LinkClosed) for event in self.events))
            await self.clock.advance(30_000)
            self.assertRegex((await self.until(LinkClosed)).reason, "75 s")

    async def test_a_sleeping_device_says_when_it_is_back_and_is(self) -> None:
        async with FakeGateway() as gateway, self.device(gateway.url) as device:
            visit = await gateway.visit()
            await visit.welcome()
            closing = asyncio.create_task(visit.closed())
            await self.until(Connecting)
            await device.sleep(60_000)
            self.assertEqual(await asyncio.wait_for(closing, 20), (1000, '{"backInMs":60000}'))
            await self.until(Waiting)
            self.assertEqual(self.waits(), [60_000])
            await self.clock.advance(60_000)
            await gateway.visit()

    async def test_a_closed_device_closes_1000(self) -> None:
        async with FakeGateway() as gateway:
            async with self.device(gateway.url) as device:
                visit = await gateway.visit()
                await visit.welcome()
                closing = asyncio.create_task(visit.closed())
                device.record({"a": 1})
                await self.until(FrameSent)
            self.assertEqual((await asyncio.wait_for(closing, 20))[0], 1000)
        self.assertIsInstance(self.events[-1], LinkClosed)

    async def test_the_time_is_asked_for_and_without_a_link_it_raises(self) -> None:
        async with FakeGateway() as gateway, self.device(gateway.url) as device:
            with self.assertRaises(ConnectionError):
                await device.gateway_time()
            visit = await gateway.visit()
            await visit.welcome()
            device.record({"a": 1})
            await visit.hear()
            asking = asyncio.create_task(device.gateway_time())
            question = await visit.hear()
            await visit.say({"type": "time", "echo": question["echo"], "serverTime": 7})
            self.assertEqual(await asyncio.wait_for(asking, 20), 7)
            asking = asyncio.create_task(device.gateway_time())
            await visit.hear()
            await visit.close(4000)
            with self.assertRaises(ConnectionError):
                await asyncio.wait_for(asking, 20)

    async def test_a_command_is_run_and_answered(self) -> None:
        device_calls: list[CommandCall] = []
        async with FakeGateway() as gateway, self.device(gateway.url) as device:

            @device.command("add", idempotent=False)
            async def add(call: CommandCall) -> Any:
                device_calls.append(call)
                return {"sum": call.params["a"] + call.params["b"]}

            visit = await gateway.visit()
            await visit.welcome()
            await self.expect_updates(visit, 0, ["received", "running", "succeeded"])
            await self.expect_updates(visit, 2, ["succeeded"])
            self.assertEqual(len(device_calls), 1)

    async def expect_updates(self, visit: Visit, known: int, states: list[str]) -> None:
        await visit.say({"type": "command", "id": ID, "name": "add", "params": {"a": 2, "b": 3}, "known": known})
        updates = [await visit.hear() for _ in states]
        self.assertEqual([update["state"] for update in updates], states)
        self.assertEqual(updates[-1]["result"], {"sum": 5})


class NoLink(DeviceTest):
    async def refused(self, answer: str) -> tuple[int, int]:
        self.events.clear()
        async with Refusing(answer) as url, self.device(url):
            refusal = await self.until(LinkRefused)
            waiting = await self.until(Waiting)
            return refusal.status, waiting.ms

    async def test_each_refusal_is_answered_at_its_pace(self) -> None:
        for answer, expected in (
            ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", (401, 150_000)),
            ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", (403, 150_000)),
            ("HTTP/1.1 503 Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", (503, 7250)),
            ("HTTP/1.1 429 Slower\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n", (429, 2250)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (200, 250)),
            ("nonsense\r\n\r\n", (0, 250)),
            ("", (0, 250)),
        ):
            self.assertEqual(await self.refused(answer), expected, answer)

    async def test_nobody_listening_is_a_lost_link(self) -> None:
        async with Refusing("") as url:
            pass
        async with self.device(url):
            self.assertEqual((await self.until(LinkRefused)).status, 0)
            self.assertEqual((await self.until(Waiting)).ms, 250)

    async def test_each_failure_in_a_row_waits_longer(self) -> None:
        async with Refusing("") as url, self.device(url):
            for failures in range(1, 6):
                await self.until(Waiting, lambda event: len(self.waits()) == failures)
                await self.clock.advance(self.waits()[-1])
        self.assertEqual(self.waits()[:5], [250, 500, 1000, 2000, 4000])


class Recording(DeviceTest):
    async def test_readings_of_one_millisecond_get_times_of_their_own(self) -> None:
        device = self.device("ws://127.0.0.1:1")
        device.record_many([({"a": 1}, None), ({"a": 2}, None), ({"a": 3}, None)])
        now = self.clock.now_ms()
        self.assertEqual([sample.ts for sample in device._buffer.unnumbered(9)], [now, now + 1, now + 2])
        await device.close()

    async def test_without_a_clock_readings_have_ages(self) -> None:
        device = self.device("ws://127.0.0.1:1", has_clock=False)
        device.record({"a": 1})
        device.record({"a": 2}, -500)
        self.assertEqual([(sample.ts, sample.taken_at) for sample in device._buffer.unnumbered(9)], [(None, 1_000_000), (None, 999_500)])
        await device.close()

    async def test_what_cannot_be_sent_is_refused_at_once_and_takes_nothing_with_it_but_its_batch(self) -> None:
        device = self.device("ws://127.0.0.1:1", buffer_samples_max=2)
        with self.assertRaises(SampleRefused):
            device.record_many([({"a": 1}, None), ({"a b": 1}, None)])
        with self.assertRaises(SampleRefused):
            device.record({f"m{place}": "x" * 1000 for place in range(70)})
        device.record({"a": 1})
        with self.assertRaises(BufferFull):
            device.record_many([({"a": 1}, None), ({"a": 2}, None)])
        self.assertEqual(device.buffered, 1)
        await device.close()

    async def test_two_devices_cannot_share_a_folder_and_the_first_keeps_working(self) -> None:
        device = self.device("ws://127.0.0.1:1")
        with self.assertRaises(BufferInUse):
            self.device("ws://127.0.0.1:1")
        with self.assertRaises(BufferInUse):
            self.device("ws://127.0.0.1:1", stream="other")
        device.record({"a": 1})
        await device.close()
        await self.device("ws://127.0.0.1:1").close()

    async def test_names_and_addresses_that_cannot_be_are_refused(self) -> None:
        wrong: list[dict[str, Any]] = [{"stream": "a b"}, {"samples_per_frame": 0}, {"samples_per_frame": 10_001}]
        for options in wrong:
            with self.assertRaises(ValueError):
                self.device("ws://127.0.0.1:1", **options)
        for url in ("http://127.0.0.1:1", "127.0.0.1:1", "ws://"):
            with self.assertRaises(ValueError):
                self.device(url)
        self.assertEqual(device_url("ws://h:1", "s"), "ws://h:1/v1/device?stream=s")
        self.assertEqual(device_url("wss://h/v1/device/d", "s"), "wss://h/v1/device/d?stream=s")

    async def test_a_failure_of_the_task_is_raised_where_the_program_is(self) -> None:
        def broken(event: Event) -> None:
            raise RuntimeError("the listener is broken")

        device = self.device("ws://127.0.0.1:1", on_event=broken)
        with self.assertRaisesRegex(RuntimeError, "broken"):
            async with device:
                device.record({"a": 1})
                await asyncio.wait_for(device.drained(), 20)
