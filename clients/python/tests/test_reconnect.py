"""When to reconnect, and with which seqs."""
import unittest

from tidegate.faults import Pace
from tidegate.numbering import StreamExhausted, next_number, resume
from tidegate.reconnect import LOST, Ending, Reconnect, ending_of_close, ending_of_refusal, parse_retry_after


class Waits(unittest.TestCase):
    def spans(self, ending: Ending, failures: int) -> list[int]:
        reconnect = Reconnect(lambda: 0.999999)
        return [round(reconnect.wait_ms(ending) / 100) * 100 for _ in range(failures)]

    def test_the_span_doubles_from_half_a_second_to_thirty(self) -> None:
        self.assertEqual(self.spans(LOST, 8), [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000])

    def test_slowly_it_doubles_from_five_minutes_to_an_hour(self) -> None:
        self.assertEqual(self.spans(ending_of_close(4101, ""), 6), [300_000, 600_000, 1_200_000, 2_400_000, 3_600_000, 3_600_000])

    def test_the_jitter_is_full(self) -> None:
        self.assertEqual(Reconnect(lambda: 0.0).wait_ms(LOST), 0)

    def test_a_success_ends_the_row_and_so_does_another_pace(self) -> None:
        reconnect = Reconnect(lambda: 0.5)
        self.assertEqual([reconnect.wait_ms(LOST), reconnect.wait_ms(LOST)], [250, 500])
        reconnect.succeeded()
        self.assertEqual(reconnect.wait_ms(LOST), 250)
        self.assertEqual(reconnect.wait_ms(ending_of_refusal(401, None, 0)), 150_000)
        self.assertEqual(reconnect.wait_ms(LOST), 250)

    def test_a_device_that_fails_for_years_still_waits_a_bounded_time(self) -> None:
        reconnect = Reconnect(lambda: 0.5)
        self.assertEqual([reconnect.wait_ms(LOST) for _ in range(5000)][-1], 15_000)

    def test_what_the_gateway_asks_for_is_waited_first(self) -> None:
        reconnect = Reconnect(lambda: 0.5)
        self.assertEqual(reconnect.wait_ms(ending_of_close(4000, '{"retryAfterMs":7000}')), 7250)
        self.assertEqual(Reconnect(lambda: 0.0).wait_ms(ending_of_refusal(503, "3", 0)), 3000)
        self.assertEqual(Reconnect(lambda: 0.0).wait_ms(ending_of_refusal(429, "60", 0)), 60_000)

    def test_a_reason_that_says_nothing_of_use_is_no_wait(self) -> None:
        for reason in ("", "restarting", "{", "[1]", '{"retryAfterMs":"7"}', '{"retryAfterMs":-1}', '{"retryAfterMs":true}',
                       '{"retryAfterMs":NaN}', "[" * 100_000):
            self.assertEqual(ending_of_close(4000, reason), Ending(Pace.SOON), reason[:30])
        self.assertEqual(ending_of_close(4100, '{"retryAfterMs":7}').retry_after_ms, 0)
        self.assertEqual(ending_of_close(4000, '{"retryAfterMs":1e300}').retry_after_ms, 24 * 3_600_000)

    def test_retry_after_is_seconds_or_a_date(self) -> None:
        now = 1795305600000
        self.assertEqual(parse_retry_after("120", now), 120_000)
        self.assertEqual(parse_retry_after("Sun, 22 Nov 2026 00:01:00 GMT", now), 60_000)
        for text in (None, "", "soon", "-5", "1.5", "Sun, 22 Nov 2020 00:01:00 GMT"):
            self.assertEqual(parse_retry_after(text, now), 0, text)
        self.assertEqual(parse_retry_after("9" * 400, now), 24 * 3_600_000)


class Numbers(unittest.TestCase):
    def test_a_device_with_memory_keeps_its_seqs(self) -> None:
        self.assertEqual(resume(16, 20, 17), "keep")
        self.assertEqual(resume(20, 20, 21), "keep")
        self.assertEqual(resume(0, 0, 1), "keep")

    def test_a_mark_above_every_used_seq_makes_the_device_renumber(self) -> None:
        self.assertEqual(resume(21, 20, 21), "renumber")
        self.assertEqual(resume(16, 0, 1), "renumber")

    def test_a_forgotten_stream_continues_if_the_gateway_accepts_the_jump(self) -> None:
        self.assertEqual(resume(0, 2**24, 2**24), "keep")
        self.assertEqual(resume(0, 2**24, 2**24 + 1), "renumber")

    def test_the_last_number_is_given_and_none_after_it(self) -> None:
        self.assertEqual(next_number(2**32 - 2), 2**32 - 1)
        with self.assertRaisesRegex(StreamExhausted, "name another stream"):
            next_number(2**32 - 1)
