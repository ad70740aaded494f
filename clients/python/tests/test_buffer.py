"""The buffer: its limits, seqs, and memory after restarts."""
import tempfile
import unittest
from pathlib import Path

from tidegate.buffer import Buffer, BufferFull, BufferInUse


def fill(buffer: Buffer, count: int, start: int = 0) -> None:
    buffer.add([(1795305600000 + place, 0, f'{{"a":{place}}}') for place in range(start, start + count)])


def number(buffer: Buffer, first: int, frames: int, size: int) -> None:
    samples = buffer.unnumbered(frames * size)
    buffer.give_numbers([(first + frame, samples[frame * size:(frame + 1) * size]) for frame in range(frames)], 0)


class BufferTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "readings.db"

    def test_frames_keep_their_number_and_samples_over_a_restart(self) -> None:
        buffer = Buffer(self.path)
        fill(buffer, 10)
        number(buffer, 1, 3, 2)
        buffer.close()
        again = Buffer(self.path)
        self.addCleanup(again.close)
        self.assertEqual(again.highest_given, 3)
        self.assertEqual(
            [(seq, [sample.values["a"] for sample in samples]) for seq, samples in again.numbered_after(0, 9)],
            [(1, [0, 1]), (2, [2, 3]), (3, [4, 5])],
        )
        self.assertEqual([sample.values["a"] for sample in again.unnumbered(99)], [6, 7, 8, 9])

    def test_the_highest_number_is_remembered_when_nothing_is_left(self) -> None:
        buffer = Buffer(self.path)
        fill(buffer, 2)
        number(buffer, 7, 1, 2)
        self.assertEqual(buffer.drop_through(7), [7])
        self.assertEqual((buffer.samples, buffer.bytes), (0, 0))
        buffer.close()
        again = Buffer(self.path)
        self.addCleanup(again.close)
        self.assertEqual((again.highest_given, again.samples, again.bytes), (7, 0, 0))

    def test_a_full_buffer_refuses_and_takes_again_when_there_is_room(self) -> None:
        buffer = Buffer(self.path, samples_max=4)
        self.addCleanup(buffer.close)
        fill(buffer, 3)
        with self.assertRaisesRegex(BufferFull, "holds 3 samples of at most 4; 2 more"):
            fill(buffer, 2, 3)
        fill(buffer, 1, 3)
        self.assertEqual(buffer.samples, 4)
        number(buffer, 1, 1, 2)
        buffer.drop_through(1)
        fill(buffer, 2, 4)
        self.assertEqual([sample.values["a"] for sample in buffer.unnumbered(9)], [2, 3, 4, 5])

    def test_the_bytes_are_bounded_and_counted_alike_after_a_restart(self) -> None:
        buffer = Buffer(self.path, bytes_max=1000)
        with self.assertRaisesRegex(BufferFull, "bytes of at most 1000"):
            buffer.add([(1, 0, '{"a":"' + "ä" * 500 + '"}')])
        buffer.add([(1, 0, '{"a":"' + "ä" * 300 + '"}')])
        counted = buffer.bytes
        self.assertGreater(counted, 600)
        buffer.close()
        again = Buffer(self.path)
        self.addCleanup(again.close)
        self.assertEqual(again.bytes, counted)

    def test_numbers_are_taken_back_from_all_or_none(self) -> None:
        buffer = Buffer(self.path)
        self.addCleanup(buffer.close)
        fill(buffer, 6)
        number(buffer, 1, 2, 2)
        buffer.take_numbers_back(90)
        self.assertEqual((buffer.highest_given, len(buffer.unnumbered(9)), buffer.numbered_after(0, 9)), (90, 6, []))

    def test_a_frame_in_the_middle_can_go_alone(self) -> None:
        buffer = Buffer(self.path)
        self.addCleanup(buffer.close)
        fill(buffer, 3)
        number(buffer, 1, 3, 1)
        self.assertEqual(buffer.drop(2), [2])
        self.assertEqual(buffer.drop(2), [])
        self.assertEqual([seq for seq, _ in buffer.numbered_after(0, 9)], [1, 3])

    def test_a_second_process_gets_buffer_in_use(self) -> None:
        buffer = Buffer(self.path)
        with self.assertRaisesRegex(BufferInUse, "in use by another process"):
            Buffer(self.path)
        buffer.close()
        Buffer(self.path).close()

    def test_ages_keep_order_and_distances_over_a_restart_of_the_machine(self) -> None:
        buffer = Buffer(self.path, boot="one", boot_ms=500_000)
        buffer.add([(None, 600_000, "{}"), (None, 601_000, "{}")])
        buffer.close()
        again = Buffer(self.path, boot="two", boot_ms=20_000)
        self.assertEqual([sample.taken_at for sample in again.unnumbered(9)], [19_000, 20_000])
        again.close()
        same = Buffer(self.path, boot="two", boot_ms=90_000)
        self.addCleanup(same.close)
        self.assertEqual([sample.taken_at for sample in same.unnumbered(9)], [19_000, 20_000])

    def test_a_metric_table_is_kept_and_its_number_takes_no_other_contents(self) -> None:
        buffer = Buffer(self.path)
        buffer.keep_table(3, "one")
        buffer.close()
        again = Buffer(self.path)
        self.addCleanup(again.close)
        again.keep_table(3, "one")
        with self.assertRaisesRegex(ValueError, "table 3 was declared with other contents"):
            again.keep_table(3, "two")
        self.assertEqual([again.table_declaration(3), again.table_declaration(4)], ["one", None])

    def test_power_safe_is_a_sync_at_each_commit(self) -> None:
        for power_safe, synchronous in ((True, 2), (False, 1)):
            buffer = Buffer(self.path, power_safe=power_safe)
            self.assertEqual(buffer._database.execute("PRAGMA synchronous").fetchone(), (synchronous,))
            buffer.close()
