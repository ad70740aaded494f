"""How samples become frames."""
import json
import struct
import unittest
from typing import Any, Optional

from tidegate.metric_table import Metric, MetricTable
from tidegate.packing import PackingRules, as_table, encode_frame, group
from tidegate.samples import StoredSample, encode_values

NOW = 1795305600000


def sample(values: Any, ts: Optional[int] = NOW, taken_at: int = 0, position: int = 1) -> StoredSample:
    return StoredSample(position, ts, taken_at, encode_values(values))


def sizes(samples: list[StoredSample], rules: PackingRules = PackingRules()) -> list[int]:
    return [len(one) for one in group(samples, rules)]


class Grouping(unittest.TestCase):
    def test_a_frame_holds_no_more_samples_than_it_may(self) -> None:
        self.assertEqual(sizes([sample({"a": 1}, NOW + place) for place in range(7)], PackingRules(3)), [3, 3, 1])

    def test_a_frame_fits_into_what_the_gateway_takes_in_json(self) -> None:
        samples = [sample({"text": "ä" * 500}, NOW + place) for place in range(200)]
        groups = group(samples, PackingRules(500, 65536))
        self.assertEqual([one for frame in groups for one in frame], samples)
        for frame in groups:
            self.assertLessEqual(len(str(encode_frame(1, frame, "json", MetricTable(), 0)).encode()), 65536)
        self.assertLess(len(groups), 5)

    def test_a_metric_is_never_twice_at_one_time_in_a_frame(self) -> None:
        self.assertEqual(sizes([sample({"a": 1}), sample({"b": 1}), sample({"a": 2})]), [2, 1])

    def test_an_age_and_a_time_never_share_a_frame(self) -> None:
        self.assertEqual(sizes([sample({"a": 1}), sample({"b": 1}, None), sample({"c": 1}, None), sample({"d": 1})]), [1, 2, 1])

    def test_a_sample_larger_than_a_frame_goes_alone_to_be_refused_by_itself(self) -> None:
        self.assertEqual(sizes([sample({"a": 1}, NOW), sample({"b": "x" * 900}, NOW + 1), sample({"c": 1}, NOW + 2)], PackingRules(9, 300)), [1, 1, 1])


class Encoding(unittest.TestCase):
    table = MetricTable([Metric("temperature", "Cel", 0.01), Metric("count"), Metric("exact")])

    def kind(self, values: Any) -> Optional[str]:
        frame = as_table([sample(values)], self.table, 0)
        return None if frame is None else frame.kind

    def test_the_narrowest_kind_that_is_exact_is_taken(self) -> None:
        self.assertEqual(self.kind({"count": 7}), "i32")
        self.assertEqual(self.kind({"count": 2**31}), "f64")
        self.assertEqual(self.kind({"count": 2**31 - 1}), "i32")
        self.assertEqual(self.kind({"count": -(2**31)}), "f64")
        self.assertEqual(self.kind({"exact": 21.5}), "f32")
        self.assertEqual(self.kind({"exact": 0.1}), "f32")
        self.assertEqual(self.kind({"exact": 2589285632.5}), "f64")
        self.assertEqual(self.kind({"exact": 21.100000381469727}), "f64")
        self.assertEqual(self.kind({"exact": 1e300}), "f64")

    def test_fixed_point_is_whole_numbers_and_comes_back_as_it_was(self) -> None:
        for hundredths in range(-5000, 5000, 7):
            value = hundredths / 100
            frame = as_table([sample({"temperature": value})], self.table, 0)
            assert frame is not None
            self.assertEqual((frame.kind, frame.rows[0][1]), ("i32", [hundredths]))

    def test_a_value_between_the_steps_of_its_scale_is_not_cut(self) -> None:
        frame = as_table([sample({"temperature": 21.503})], self.table, 0)
        assert frame is not None and frame.rows[0][1][0] is not None
        self.assertAlmostEqual(frame.rows[0][1][0] * 0.01, 21.503, places=12)

    def test_text_booleans_unknown_metrics_and_too_many_columns_go_as_json(self) -> None:
        self.assertIsNone(self.kind({"count": "seven"}))
        self.assertIsNone(self.kind({"count": True}))
        self.assertIsNone(self.kind({"unknown": 7}))
        self.assertIsNone(self.kind({}))
        wide = MetricTable([Metric(f"m{place}") for place in range(300)])
        self.assertIsNone(as_table([sample({f"m{place}": 1 for place in range(256)})], wide, 0))

    def test_samples_of_different_metrics_share_a_frame_with_gaps(self) -> None:
        frame = as_table([sample({"count": 1}, NOW + 5), sample({"exact": 2, "count": None}, NOW)], self.table, 0)
        assert frame is not None
        self.assertEqual((frame.base, frame.metrics, frame.rows), (NOW, [1, 2], [(5, [1.0, None]), (0, [None, 2.0])]))

    def test_a_frame_that_spans_more_than_an_offset_can_say_goes_as_json(self) -> None:
        far = [sample({"count": 1}, NOW), sample({"count": 2}, NOW + 2**32)]
        self.assertIsNone(as_table(far, self.table, 0))
        self.assertIsInstance(encode_frame(1, far, "binary", self.table, 0), str)

    def test_binary_that_would_be_too_long_goes_as_json(self) -> None:
        wide = MetricTable([Metric(f"m{place}") for place in range(255)])
        samples = [sample({f"m{place}": 0.1}, NOW + place) for place in range(255)]
        message = encode_frame(1, samples, "binary", wide, 0)
        assert isinstance(message, str)
        self.assertEqual(len(json.loads(message)["samples"]), 255)

    def test_an_age_is_computed_at_each_send(self) -> None:
        aged = [sample({"count": 1}, None, 1000), sample({"count": 2}, None, 3000)]
        for now in (5000, 65_000):
            text = json.loads(str(encode_frame(1, aged, "json", self.table, now)))
            self.assertEqual([one["ts"] for one in text["samples"]], [1000 - now, 3000 - now])
            binary = encode_frame(1, aged, "binary", self.table, now)
            assert isinstance(binary, bytes)
            self.assertEqual(struct.unpack_from("<q", binary, 8)[0], 3000 - now)

    def test_an_age_is_never_sent_as_a_time(self) -> None:
        self.assertEqual(json.loads(str(encode_frame(1, [sample({"a": 1}, None, 9000)], "json", self.table, 5000)))["ts"], 0)
