"""JSON messages against the golden ones, and samples that are refused before they are buffered."""
import json
import unittest
from typing import Any, Callable

from tidegate.messages import (
    Ack, Command, CommandUpdate, Nack, TimeAnswer, Welcome, encode_command_update_text, encode_time_request_text, parse_text,
)
from tidegate.metric_table import Metric, MetricTable
from tidegate.packing import encode_text
from tidegate.samples import SampleRefused, StoredSample, encode_values

from .support import vectors

MESSAGES = vectors("messages.json")


def stored(sample: Any) -> StoredSample:
    ts = sample["ts"]
    return StoredSample(1, ts, 0, encode_values(sample["values"])) if ts > 0 else StoredSample(1, None, ts, encode_values(sample["values"]))


def made_again(message: Any) -> Any:
    """The message as this package writes it; None for kinds that it never sends (samples without a time)."""
    kind = message.get("type", "telemetry")
    if kind == "telemetry":
        samples = message.get("samples", [message])
        if any("ts" not in sample for sample in samples):
            return None
        return json.loads(encode_text(message["seq"], [stored(sample) for sample in samples], 0))
    if kind == "command_update":
        body = message.get("result", message.get("error"))
        return json.loads(encode_command_update_text(CommandUpdate(message["id"], message["state"], body)))
    if kind == "metrics":
        metrics = [Metric(one["name"], one.get("unit"), one.get("scale")) for one in message["metrics"]]
        return json.loads(MetricTable(metrics, message.get("table")).declaration())
    return json.loads(encode_time_request_text(message["echo"])) if kind == "time" else None


class GoldenMessages(unittest.TestCase):
    def test_every_kind_of_message_that_is_sent_has_the_golden_form(self) -> None:
        kinds = set()
        for vector in MESSAGES["valid"]:
            message = vector["message"]
            made = made_again(message)
            if made is not None:
                kinds.add(made["type"])
                wanted = {**message, "type": made["type"]}
                self.assertEqual(made, {key: value for key, value in wanted.items() if key != "mood"}, vector["name"])
        self.assertEqual(kinds, {"telemetry", "command_update", "metrics", "time"})

    def test_every_golden_value_is_taken(self) -> None:
        for vector in MESSAGES["valid"]:
            for sample in vector["message"].get("samples", [vector["message"]]):
                encode_values(sample.get("values", {}))

    def test_an_integer_that_the_gateway_would_round_is_refused(self) -> None:
        for value in [2**53 + 1, -(2**53) - 1, 8944500102198304826, 10**400]:
            with self.assertRaises(SampleRefused):
                encode_values({"a": value})
        self.assertEqual(encode_values({"a": 2**53, "b": -(2**53), "c": 1e300}), '{"a":9007199254740992,"b":-9007199254740992,"c":1e+300}')

    def test_every_golden_fault_of_a_value_or_a_name_is_refused_here(self) -> None:
        refused = 0
        for vector in MESSAGES["invalid"]:
            if (vector["path"] or "").count("/values/") == 0:
                continue
            message = json.loads(vector["text"])
            with self.assertRaises(SampleRefused, msg=vector["name"]):
                for sample in message.get("samples", [message]):
                    encode_values(sample["values"])
            refused += 1
        self.assertGreater(refused, 8)


class Samples(unittest.TestCase):
    def test_what_json_cannot_hold_is_refused(self) -> None:
        for value in (float("nan"), float("inf"), 10**400, "\ud800", object(), b"x", [1]):
            with self.assertRaises(SampleRefused):
                encode_values({"a": value})  # type: ignore[dict-item]

    def test_a_name_with_a_line_end_or_of_another_type_is_refused(self) -> None:
        for name in ("a\n", "", "a b", "ä", 5):
            with self.assertRaises(SampleRefused):
                encode_values({name: 1})  # type: ignore[dict-item]

    def test_text_is_measured_in_bytes(self) -> None:
        encode_values({"a": "ä" * 512})
        with self.assertRaises(SampleRefused):
            encode_values({"a": "ä" * 513})


class MetricTables(unittest.TestCase):
    def test_a_table_that_the_gateway_would_refuse_is_not_made(self) -> None:
        makers: list[Callable[[], Any]] = [
            lambda: Metric("a b"), lambda: Metric("a", scale=0), lambda: MetricTable([Metric("a")], 0), lambda: MetricTable([Metric("a")], 65536),
            lambda: MetricTable([Metric("a"), Metric("a")]), lambda: MetricTable([], 3),
            lambda: MetricTable([Metric(f"m{place}") for place in range(1025)]),
        ]
        for make in makers:
            with self.assertRaises(ValueError):
                make()

    def test_table_0_grows_without_moving_anything_and_a_numbered_one_never(self) -> None:
        table = MetricTable([Metric("a")])
        self.assertTrue(table.learn(["b", "a"]))
        self.assertFalse(table.learn(["b"]))
        self.assertEqual(table.places, {"a": 0, "b": 1})
        fixed = MetricTable([Metric("a")], 3)
        self.assertFalse(fixed.learn(["b"]))


class WhatIsHeard(unittest.TestCase):
    def test_the_messages_of_the_page_are_read(self) -> None:
        self.assertEqual(
            parse_text('{"type":"welcome","device":"boiler-7","stream":"main","lastSeq":16,"window":64,"serverTime":1795305600000,'
                       '"maxFrameBytes":65536,"keepaliveSeconds":25}'),
            Welcome(16, 64, 1795305600000, 65536, 25),
        )
        self.assertEqual(parse_text('{"type":"ack","seq":17}'), Ack(17))
        self.assertEqual(parse_text('{"type":"ack","seq":17,"window":32,"new":1}'), Ack(17, 32))
        self.assertEqual(
            parse_text('{"type":"nack","seq":18,"code":"value_invalid","path":"/values/temperature","message":"no"}'),
            Nack(18, "value_invalid", "/values/temperature", "no"),
        )
        self.assertEqual(
            parse_text('{"type":"command","id":"x","name":"add","params":{"a":1},"expiresAt":5,"ttlMs":60000,"known":255}'),
            Command("x", "add", {"a": 1}, 255, 60000, 5),
        )
        self.assertEqual(parse_text('{"type":"time","echo":7,"serverTime":5}'), TimeAnswer(7, 5))

    def test_a_message_without_the_form_of_its_type_is_ignored(self) -> None:
        for text in (
            "", "null", "[1]", "7", '"ack"', "{", '{"type":1}', '{"type":"teleport"}', '{"type":"__class__"}', '{"type":"ack"}',
            '{"type":"ack","seq":"17"}', '{"type":"ack","seq":true}', '{"type":"ack","seq":-1}', '{"type":"ack","seq":1.5}',
            '{"type":"ack","seq":4294967296}', '{"type":"ack","seq":1,"window":0}', '{"type":"nack","seq":1}', '{"type":"command","id":7,"name":"a"}',
            '{"type":"welcome","lastSeq":1}', "[" * 100_000, '{"type":"ack","seq":NaN}',
        ):
            self.assertIsNone(parse_text(text), text[:40])
