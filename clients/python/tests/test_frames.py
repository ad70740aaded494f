"""Binary frames against the golden ones, and tables that must not become a frame."""
import math
import struct
import unittest
from dataclasses import replace
from typing import Any, Callable

from tidegate.frames import TelemetryTable, decode_down, encode_command_update, encode_telemetry, encode_time_request, telemetry_bytes
from tidegate.messages import Ack, Command, CommandUpdate, Nack, TimeAnswer, Welcome

from .support import vectors

FRAMES = vectors("frames.json")
ONE = TelemetryTable("f32", 1795305600000, 0, [0], [(0, [21.5])])


def encode(frame: Any) -> bytes:
    if frame["type"] == "telemetry":
        rows = [(row[0], row[1:]) for row in frame["rows"]]
        return encode_telemetry(frame["seq"], TelemetryTable(frame["kind"], frame["base"], frame["table"], frame["metrics"], rows))
    if frame["type"] == "command_update":
        return encode_command_update(CommandUpdate(frame["id"], frame["state"], frame.get("result", frame.get("error"))))
    return encode_time_request(frame["echo"])


def expected(frame: Any) -> Any:
    readers: dict[str, Callable[[], Any]] = {
        "welcome": lambda: Welcome(frame["lastSeq"], frame["window"], frame["serverTime"], frame["maxFrameBytes"], frame["keepaliveSeconds"]),
        "ack": lambda: Ack(frame["seq"], frame["window"] or None),
        "nack": lambda: Nack(frame["seq"], frame["code"], None, frame["detail"]),
        "command": lambda: Command(frame["id"], frame["name"], frame["params"], frame["known"], frame["ttlMs"], frame["expiresAt"]),
        "time": lambda: TimeAnswer(frame["echo"], frame["serverTime"]),
    }
    return readers[frame["type"]]()


class GoldenFrames(unittest.TestCase):
    def test_every_valid_frame_up_is_made_byte_by_byte(self) -> None:
        # NaN has many bit patterns; the golden frames and ours use the same one.
        for vector in FRAMES["valid"]:
            if vector["direction"] == "up":
                self.assertEqual(encode(vector["frame"]).hex(), vector["hex"], vector["name"])

    def test_every_valid_frame_down_is_read(self) -> None:
        for vector in FRAMES["valid"]:
            if vector["direction"] == "down":
                self.assertEqual(decode_down(bytes.fromhex(vector["hex"])), expected(vector["frame"]), vector["name"])

    def test_the_length_is_known_before_the_frame_is_made(self) -> None:
        for vector in FRAMES["valid"]:
            frame = vector["frame"]
            if frame["type"] == "telemetry":
                self.assertEqual(telemetry_bytes(len(frame["metrics"]), len(frame["rows"]), frame["kind"]), len(vector["hex"]) // 2)


class WhatIsHeard(unittest.TestCase):
    def test_every_truncation_of_a_frame_down_is_ignored_or_a_shorter_text(self) -> None:
        for vector in FRAMES["valid"]:
            if vector["direction"] == "down":
                whole = bytes.fromhex(vector["hex"])
                for length in range(len(whole)):
                    decode_down(whole[:length])
                    if length < 8:
                        self.assertIsNone(decode_down(whole[:length]), (vector["name"], length))

    def test_trailing_bytes_and_reserved_bytes_are_ignored(self) -> None:
        self.assertEqual(decode_down(bytes.fromhex("0182000011000000ffff")), Ack(17))
        welcome = bytes.fromhex("018140001000000000748d00a201000000000100190001ff07")
        self.assertEqual(decode_down(welcome), Welcome(16, 64, 1795305600000, 65536, 25))
        self.assertEqual(decode_down(bytes.fromhex("0185ffff0700000000748d00a2010000")), TimeAnswer(7, 1795305600000))

    def test_other_versions_unknown_types_and_frames_of_devices_are_ignored(self) -> None:
        self.assertIsNone(decode_down(bytes.fromhex("0282000011000000")))
        self.assertIsNone(decode_down(bytes.fromhex("01c2000011000000")))
        for vector in FRAMES["invalid"]:
            if vector["name"] != "a down type sent up":
                self.assertIsNone(decode_down(bytes.fromhex(vector["hex"])), vector["name"])

    def test_a_command_whose_name_or_params_are_broken_is_ignored(self) -> None:
        head = struct.pack("<BBBB16sIQ", 1, 0x84, 3, 0, b"\1" * 16, 0, 0)
        command = decode_down(head + b"add{}")
        self.assertIsInstance(command, Command)
        assert isinstance(command, Command)
        self.assertEqual((command.params, command.ttl_ms, command.expires_at), ({}, None, None))
        self.assertIsNone(decode_down(head + b"ad"))
        self.assertIsNone(decode_down(head + b"add{"))
        self.assertIsNone(decode_down(head + b"\xff\xff\xff{}"))
        self.assertIsNone(decode_down(head + b"add" + b"[" * 100_000))

    def test_a_fault_of_a_later_version_keeps_its_number(self) -> None:
        self.assertEqual(decode_down(bytes.fromhex("01836300120000ff"))  , Nack(0xff000012, "fault_99", None, ""))


class WhatIsNeverSent(unittest.TestCase):
    def refused(self, frame: TelemetryTable, seq: int = 1) -> None:
        with self.assertRaises((ValueError, struct.error)):
            encode_telemetry(seq, frame)

    def test_a_frame_without_columns_or_rows(self) -> None:
        self.refused(replace(ONE, metrics=[], rows=[(0, [])]))
        self.refused(replace(ONE, rows=[]))

    def test_a_frame_of_too_many_columns_or_rows(self) -> None:
        self.refused(replace(ONE, metrics=range(256), rows=[(0, [1.0] * 256)]))
        self.refused(replace(ONE, rows=[(0, [1.0])] * 65536))

    def test_a_row_that_is_shorter_or_longer_than_its_columns(self) -> None:
        self.refused(replace(ONE, rows=[(0, [])]))
        self.refused(replace(ONE, rows=[(0, [1.0, 2.0])]))

    def test_infinity_and_numbers_that_would_mean_no_value(self) -> None:
        self.refused(replace(ONE, rows=[(0, [math.inf])]))
        self.refused(replace(ONE, rows=[(0, [math.nan])]))
        self.refused(replace(ONE, kind="i32", rows=[(0, [-(2**31)])]))

    def test_what_does_not_fit_its_field(self) -> None:
        for seq in (-1, 2**32):
            self.refused(ONE, seq)
        self.refused(replace(ONE, rows=[(2**32, [1.0])]))
        self.refused(replace(ONE, rows=[(-1, [1.0])]))
        self.refused(replace(ONE, table=65536))
        self.refused(replace(ONE, metrics=[65536]))
        self.refused(replace(ONE, kind="i32", rows=[(0, [2**31])]))

    def test_a_metric_twice(self) -> None:
        self.refused(replace(ONE, metrics=[4, 4], rows=[(0, [1.0, 2.0])]))
