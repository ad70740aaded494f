"""The protocol of one link without a socket: messages in, events and messages out."""
import json
import unittest
from typing import Any, Optional, Union

from tidegate.buffer import Buffer
from tidegate.events import FrameRefused, FrameStored, TimeTold, Welcomed
from tidegate.frames import decode_down
from tidegate.messages import Command, CommandUpdate
from tidegate.metric_table import Metric, MetricTable
from tidegate.numbering import StreamExhausted
from tidegate.packing import Encoding
from tidegate.samples import encode_values
from tidegate.session import Session

from .support import ManualClock

ID = "01936c3e-7a10-7b21-8c32-9d43ae54bf65"


def welcome(last_seq: int = 0, window: int = 64) -> str:
    return json.dumps({"type": "welcome", "device": "d", "stream": "main", "lastSeq": last_seq, "window": window,
                       "serverTime": 1795305600000, "maxFrameBytes": 65536, "keepaliveSeconds": 25})


def ack(seq: int, window: Optional[int] = None) -> str:
    return json.dumps({"type": "ack", "seq": seq, **({} if window is None else {"window": window})})


def nack(seq: int, code: str = "value_invalid") -> str:
    return json.dumps({"type": "nack", "seq": seq, "code": code})


class SessionTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = ManualClock()
        self.buffer = Buffer(":memory:")
        self.addCleanup(self.buffer.close)

    def session(self, encoding: Encoding = "json", table: Optional[MetricTable] = None, samples_per_frame: int = 1, hello: Optional[str] = None) -> Session:
        return Session(self.buffer, self.clock, table or MetricTable(), encoding, samples_per_frame, hello)

    def record(self, *values: Any, table: int = 0) -> None:
        self.clock.step(1)
        self.buffer.add([(self.clock.now_ms() + place, self.clock.boot_ms(), encode_values({"a": value})) for place, value in enumerate(values)], table)

    def seqs(self, session: Session) -> list[int]:
        """All messages that may be sent now."""
        seqs: list[int] = []
        while True:
            more = session.outgoing()
            if not more:
                return seqs
            seqs += [outgoing.seq for outgoing in more]

    def said(self, session: Session) -> list[Any]:
        return [json.loads(outgoing.message) if isinstance(outgoing.message, str) else outgoing.message for outgoing in session.outgoing()]


class Numbering(SessionTest):
    def test_nothing_is_sent_before_the_welcome(self) -> None:
        session = self.session(hello='{"type":"hello"}')
        self.record(1)
        session.report(CommandUpdate(ID, "succeeded"))
        session.use_table(MetricTable([Metric("a")], 3))
        self.assertEqual(session.hear(ack(5)), ([], None))
        self.assertEqual(session.outgoing(), [])

    def test_a_new_device_begins_with_1(self) -> None:
        session = self.session()
        self.record(1, 2)
        session.hear(welcome())
        self.assertEqual([message["seq"] for message in self.said(session)], [1, 2])

    def test_a_device_without_memory_drops_nothing_and_numbers_from_the_mark(self) -> None:
        self.record(1, 2)
        session = self.session()
        session.hear(welcome(16))
        self.assertEqual([(message["seq"], message["values"]["a"]) for message in self.said(session)], [(17, 1), (18, 2)])

    def test_what_is_stored_already_is_dropped_and_the_rest_sent_again_unchanged(self) -> None:
        self.record(1, 2, 3)
        first = self.session(samples_per_frame=1)
        first.hear(welcome())
        sent = {outgoing.seq: outgoing.message for outgoing in first.outgoing()}
        self.record(4)
        again = self.session(samples_per_frame=500)
        events, _ = again.hear(welcome(1))
        self.assertEqual(events[1:], [FrameStored(1)])
        resent = again.outgoing()
        self.assertEqual({outgoing.seq: outgoing.message for outgoing in resent}, {2: sent[2], 3: sent[3]})
        self.assertEqual([message["seq"] for message in self.said(again)], [4])

    def test_a_mark_below_what_was_acknowledged_is_not_filled_with_other_readings(self) -> None:
        self.record(1, 2, 3)
        first = self.session()
        first.hear(welcome())
        self.seqs(first)
        first.hear(ack(3))
        self.record(4)
        again = self.session()
        again.hear(welcome(1))
        self.assertEqual(self.seqs(again), [4])

    def test_a_mark_above_every_number_given_drops_nothing(self) -> None:
        self.record(1, 2)
        first = self.session()
        first.hear(welcome())
        self.seqs(first)
        again = self.session()
        events, _ = again.hear(welcome(40))
        self.assertEqual(len(events), 1)
        self.assertEqual([(message["seq"], message["values"]["a"]) for message in self.said(again)], [(41, 1), (42, 2)])

    def test_the_last_number_of_a_stream_is_used_and_then_it_is_said(self) -> None:
        self.record(1)
        session = self.session()
        session.hear(welcome(2**32 - 2))
        self.assertEqual(self.seqs(session), [2**32 - 1])
        self.record(2)
        with self.assertRaises(StreamExhausted):
            session.outgoing()

    def test_a_second_welcome_changes_nothing(self) -> None:
        self.record(1)
        session = self.session()
        session.hear(welcome())
        self.seqs(session)
        self.assertEqual(session.hear(welcome(1)), ([], None))
        self.assertEqual(self.buffer.samples, 1)


class Window(SessionTest):
    def test_no_more_frames_than_the_window_are_in_flight(self) -> None:
        self.record(*range(200))
        session = self.session()
        session.hear(welcome(window=64))
        self.assertEqual(self.seqs(session), list(range(1, 65)))
        self.assertEqual(session.hear(ack(10))[0], [FrameStored(seq) for seq in range(1, 11)])
        self.assertEqual(self.seqs(session), list(range(65, 75)))

    def test_a_nack_frees_one_place_and_its_frame_is_never_sent_again(self) -> None:
        self.record(1, 2, 3)
        session = self.session()
        session.hear(welcome(window=2))
        self.assertEqual(self.seqs(session), [1, 2])
        events, _ = session.hear(nack(1))
        self.assertIsInstance(events[0], FrameRefused)
        self.assertEqual(self.seqs(session), [3])
        again = self.session()
        again.hear(welcome(0))
        self.assertEqual(self.seqs(again), [2, 3])

    def test_a_nack_of_0_frees_nothing(self) -> None:
        self.record(1, 2)
        session = self.session()
        session.hear(welcome(window=1))
        self.assertEqual(self.seqs(session), [1])
        session.hear(nack(0, "json_invalid"))
        self.assertEqual((self.seqs(session), self.buffer.samples), ([], 2))

    def test_an_ack_may_shrink_and_widen_the_window(self) -> None:
        self.record(*range(20))
        session = self.session()
        session.hear(welcome(window=4))
        self.assertEqual(self.seqs(session), [1, 2, 3, 4])
        session.hear(ack(1, window=1))
        self.assertEqual(self.seqs(session), [])
        session.hear(ack(4, window=8))
        self.assertEqual(self.seqs(session), list(range(5, 13)))

    def test_an_ack_of_what_was_never_numbered_loses_nothing(self) -> None:
        self.record(1, 2)
        session = self.session()
        session.hear(welcome(window=1))
        self.seqs(session)
        self.assertEqual(session.hear(ack(4_000_000))[0], [FrameStored(1)])
        self.assertEqual(self.seqs(session), [2])

    def test_an_ack_counts_only_for_frames_sent_on_its_link(self) -> None:
        self.record(1, 2, 3)
        first = self.session()
        first.hear(welcome())
        self.seqs(first)
        again = self.session()
        again.hear(welcome(window=1))
        self.assertEqual(self.seqs(again), [1])
        self.assertEqual(again.hear(ack(3))[0], [FrameStored(1)])
        self.assertEqual(self.seqs(again), [2])

    def test_a_backlog_goes_in_large_frames_and_a_live_sample_at_once(self) -> None:
        self.record(*range(1000))
        session = self.session(samples_per_frame=400)
        session.hear(welcome())
        self.assertEqual([len(message["samples"]) for message in self.said(session)], [400, 400, 200])
        self.record(1)
        self.assertEqual([message["values"] for message in self.said(session)], [{"a": 1}])


class Silence(SessionTest):
    def test_a_link_is_dropped_after_75_s_of_silence_and_pings_end_the_silence(self) -> None:
        session = self.session()
        session.hear(welcome())
        self.clock.step(75_000)
        self.assertIsNone(session.fault())
        self.clock.step(1)
        self.assertRegex(str(session.fault()), "75 s")
        session.heard_bytes()
        self.assertIsNone(session.fault())

    def test_an_ack_30_s_overdue_ends_the_link_though_it_pings(self) -> None:
        self.record(1)
        session = self.session()
        session.hear(welcome())
        self.clock.step(60_000)
        session.heard_bytes()
        self.assertIsNone(session.fault())
        self.seqs(session)
        self.clock.step(30_000)
        self.assertIsNone(session.fault())
        self.clock.step(1)
        self.assertRegex(str(session.fault()), "overdue")

    def test_acks_that_keep_coming_are_not_overdue(self) -> None:
        self.record(*range(10))
        session = self.session()
        session.hear(welcome())
        self.seqs(session)
        for seq in range(1, 10):
            self.clock.step(20_000)
            session.heard_bytes()
            session.hear(ack(seq))
            self.assertIsNone(session.fault())

    def test_a_link_has_held_when_a_frame_was_answered_or_a_minute_passed(self) -> None:
        self.record(1, 2)
        for answer, held in ((ack(1), True), (nack(1), True), (nack(0), False), ("", False)):
            session = self.session()
            session.hear(welcome())
            self.seqs(session)
            session.hear(answer)
            self.assertEqual(session.has_held(), held, answer)
        self.clock.step(59_999)
        self.assertFalse(session.has_held())
        self.clock.step(1)
        self.assertTrue(session.has_held())

    def test_a_link_without_a_welcome_is_dropped(self) -> None:
        session = self.session()
        self.clock.step(30_001)
        self.assertRegex(str(session.fault()), "no welcome")


class WhatElseIsSaid(SessionTest):
    def test_hello_and_the_metric_table_go_before_the_frames(self) -> None:
        self.record(1)
        session = self.session(table=MetricTable([Metric("a", "V")], 3), hello='{"type":"hello","agent":"x"}')
        session.hear(welcome())
        self.assertEqual([message["type"] for message in self.said(session)], ["hello", "metrics", "telemetry"])

    def test_a_binary_link_declares_a_metric_before_the_frame_that_needs_it_and_again_on_each_link(self) -> None:
        table = MetricTable()
        for _ in range(2):
            session = self.session("binary", table)
            session.hear(welcome())
            self.record(1)
            said = self.said(session)
            self.assertEqual(said[0], {"type": "metrics", "metrics": [{"name": "a"}]})
            self.assertTrue(all(isinstance(message, bytes) for message in said[1:]))
            self.record(2)
            self.assertTrue(all(isinstance(message, bytes) for message in self.said(session)))

    def test_frames_buffered_before_a_firmware_change_go_out_under_their_own_table(self) -> None:
        old, new = MetricTable([Metric("a", "Cel", 0.5), Metric("gone")], 1), MetricTable([Metric("b"), Metric("a", "K")], 2)
        self.buffer.keep_table(1, old.declaration())
        self.buffer.add([(1795305600000, 0, encode_values({"a": 1, "gone": 2}))], 1)
        self.buffer.add([(1795305600001, 0, encode_values({"a": 274}))], 2)
        session = self.session("binary", new, samples_per_frame=500)
        session.hear(welcome())
        said = self.said(session)
        self.assertEqual(said[:2], [json.loads(new.declaration()), json.loads(old.declaration())])
        tables_and_values = [(frame[18], frame[24 + 4:].hex()) for frame in said[2:]]
        self.assertEqual(tables_and_values, [(1, "0200000002000000"), (2, "12010000")])

    def test_what_was_recorded_under_a_table_that_nobody_knows_any_more_is_named_by_the_link(self) -> None:
        self.buffer.add([(1795305600000, 0, encode_values({"a": 1}))], 7)
        session = self.session("binary", MetricTable([Metric("b")], 2))
        session.hear(welcome())
        self.assertEqual(self.said(session)[1], {"type": "metrics", "metrics": [{"name": "a"}]})

    def test_a_table_with_other_contents_on_the_gateway_is_not_used(self) -> None:
        session = self.session("binary", MetricTable([Metric("a")], 3))
        session.hear(welcome())
        self.seqs(session)
        session.hear(nack(0, "schema_invalid"))
        self.record(1, table=3)
        self.assertEqual(self.said(session)[0]["values"], {"a": 1})

    def test_command_updates_are_sent_in_the_encoding_of_the_link(self) -> None:
        said: dict[Encoding, list[Any]] = {}
        encodings: list[Encoding] = ["json", "binary"]
        for encoding in encodings:
            session = self.session(encoding)
            session.hear(welcome())
            session.report(CommandUpdate(ID, "succeeded", {"interval": 5}))
            session.report(CommandUpdate("no-uuid", "rejected", {"code": "expired"}))
            session.ask_time(7)
            said[encoding] = self.said(session)
        self.assertEqual(said["json"][0], {"type": "command_update", "id": ID, "state": "succeeded", "result": {"interval": 5}})
        self.assertEqual(said["binary"][0].hex(), "0102030001936c3e7a107b218c329d43ae54bf657b22696e74657276616c223a357d")
        self.assertEqual(said["json"][1], said["binary"][1])
        self.assertEqual(said["binary"][2].hex(), "0103000007000000")

    def test_text_and_binary_are_understood_on_either_kind_of_link(self) -> None:
        messages: list[Union[str, bytes]] = ['{"type":"time","echo":7,"serverTime":1795305600000}', bytes.fromhex("018500000700000000748d00a2010000")]
        for message in messages:
            session = self.session()
            session.hear(bytes.fromhex("018140001000000000748d00a20100000000010019000000"))
            self.assertEqual(session.hear(message), ([TimeTold(7, 1795305600000)], None))

    def test_a_command_is_passed_on_and_an_unknown_message_is_ignored(self) -> None:
        session = self.session()
        events, _ = session.hear(welcome())
        self.assertIsInstance(events[0], Welcomed)
        _, command = session.hear(json.dumps({"type": "command", "id": ID, "name": "add", "params": {}, "known": 255}))
        self.assertEqual(command, Command(ID, "add", {}, 255))
        noises: list[Union[str, bytes]] = ["", "{", '{"type":"teleport"}', b"", b"\x01\xc0", b"\x02\x82" + bytes(8), bytes(70_000)]
        for noise in noises:
            self.assertEqual(session.hear(noise), ([], None))
        self.assertIsNone(decode_down(b"\x01\xc0"))
