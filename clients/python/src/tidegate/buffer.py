"""
Samples on the device's disk that the gateway has not acknowledged.

The table has one row per sample. The samples of a frame share its seq, which they get when the frame is first sent (N-15), and the frame keeps these
samples from then on (N-5). Before that the size of a frame is open, so that a backlog is sent in few, large frames.
"""
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Optional, Union

from .samples import StoredSample

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sample (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  seq INTEGER,
  ts INTEGER,
  taken_at INTEGER NOT NULL,
  content TEXT NOT NULL,
  metric_table INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sample_seq ON sample (seq);
CREATE TABLE IF NOT EXISTS device (highest_given INTEGER NOT NULL, boot TEXT NOT NULL, boot_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS metric_table (number INTEGER PRIMARY KEY, declaration TEXT NOT NULL);
"""
# The size of a row without its content: its entry in the index, and its share of the pages.
_ROW_BYTES = 48


class BufferFull(Exception):
    """The buffer has reached its limit, so the sample is not stored. The program decides which readings to do without."""


class BufferInUse(Exception):
    """Another process has this buffer open. Two processes that send on one stream would use the same seqs for different readings."""


class Buffer:
    def __init__(
        self,
        path: Union[str, Path],
        *,
        samples_max: int = 1_000_000,
        bytes_max: int = 256 * 2**20,
        power_safe: bool = True,
        boot: str = "",
        boot_ms: int = 0,
    ) -> None:
        self.samples_max = samples_max
        self.bytes_max = bytes_max
        self._boot = boot
        self._database = open_database(path, power_safe)
        self._database.executescript(_SCHEMA)
        self._remember_device(boot, boot_ms)
        self.samples, self.bytes = self._measure()

    def _remember_device(self, boot: str, boot_ms: int) -> None:
        row = self._database.execute("SELECT highest_given, boot, boot_ms FROM device").fetchone()
        if row is None:
            with self._database:
                self._database.execute("INSERT INTO device VALUES (0, ?, ?)", (boot, boot_ms))
            self.highest_given = 0
            return
        self.highest_given = int(row[0])
        if row[1] != boot:
            self._carry_over_boot(int(row[2]), boot, boot_ms)

    def _carry_over_boot(self, last_boot_ms: int, boot: str, boot_ms: int) -> None:
        """
        It is not known how long the machine was off. Readings without a time keep their order and their distances, and get ages as though it had
        been off for no time.
        """
        newest = self._database.execute("SELECT max(taken_at) FROM sample").fetchone()[0] or 0
        with self._database:
            self._database.execute("UPDATE sample SET taken_at = taken_at + ?", (boot_ms - max(newest, last_boot_ms),))
            self._database.execute("UPDATE device SET boot = ?, boot_ms = ?", (boot, boot_ms))

    def _measure(self) -> tuple[int, int]:
        row = self._database.execute("SELECT count(*), total(length(CAST(content AS BLOB))) FROM sample").fetchone()
        return int(row[0]), int(row[1]) + int(row[0]) * _ROW_BYTES

    def keep_table(self, number: int, declaration: str) -> None:
        """Stores a metric table, so that its samples are sent with it even after the program changed its table. Raises ValueError."""
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO metric_table VALUES (?, ?)", (number, declaration))
        if self.table_declaration(number) != declaration:
            raise ValueError(f"metric table {number} was declared with other contents before: give the new table another number")

    def table_declaration(self, number: int) -> Optional[str]:
        row = self._database.execute("SELECT declaration FROM metric_table WHERE number = ?", (number,)).fetchone()
        return None if row is None else str(row[0])

    def add(self, samples: Sequence[tuple[Optional[int], int, str]], table: int = 0) -> None:
        """Stores samples of (ts, taken_at, content). They are on disk when it returns. Raises BufferFull, and then stores none of them."""
        more = sum(len(content.encode()) + _ROW_BYTES for _, _, content in samples)
        if self.samples + len(samples) > self.samples_max:
            raise BufferFull(f"the buffer holds {self.samples} samples of at most {self.samples_max}; {len(samples)} more were refused")
        if self.bytes + more > self.bytes_max:
            raise BufferFull(f"the buffer holds {self.bytes} bytes of at most {self.bytes_max}; {more} more were refused")
        try:
            with self._database:
                self._database.executemany(
                    "INSERT INTO sample (ts, taken_at, content, metric_table) VALUES (?, ?, ?, ?)", [(*sample, table) for sample in samples]
                )
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise
            raise BufferFull(f"the disk of the buffer is full; {len(samples)} samples were refused") from error
        self.samples += len(samples)
        self.bytes += more

    def numbered_after(self, seq: int, frames_max: int) -> list[tuple[int, list[StoredSample]]]:
        """The frames with a seq above `seq`, in ascending order."""
        numbers = self._database.execute("SELECT DISTINCT seq FROM sample WHERE seq > ? ORDER BY seq LIMIT ?", (seq, frames_max)).fetchall()
        return [(int(number), self._select("WHERE seq = ? ORDER BY position", (number,))) for (number,) in numbers]

    def unnumbered(self, samples_max: int) -> list[StoredSample]:
        return self._select("WHERE seq IS NULL ORDER BY position LIMIT ?", (samples_max,))

    def _select(self, where: str, parameters: tuple[int, ...]) -> list[StoredSample]:
        rows = self._database.execute(f"SELECT position, ts, taken_at, content, metric_table FROM sample {where}", parameters)
        return [StoredSample(*row) for row in rows]

    def give_numbers(self, frames: Iterable[tuple[int, Sequence[StoredSample]]], boot_ms: int) -> None:
        """Gives frames their seqs, on disk before they are sent. Otherwise, after a crash, other samples could be sent under the same seq (N-5)."""
        highest = self.highest_given
        with self._database:
            for seq, samples in frames:
                # Samples without a seq are the newest, so the samples of a frame have positions in a row.
                span = (seq, samples[0].position, samples[-1].position)
                self._database.execute("UPDATE sample SET seq = ? WHERE position BETWEEN ? AND ?", span)
                highest = max(highest, seq)
            self._database.execute("UPDATE device SET highest_given = ?, boot_ms = ?", (highest, boot_ms))
        self.highest_given = highest

    def take_numbers_back(self, next_after: int) -> None:
        """Takes the seqs of all frames back, to number them again from next_after + 1 (N-4, N-14, N-17)."""
        with self._database:
            self._database.execute("UPDATE sample SET seq = NULL WHERE seq IS NOT NULL")
            self._database.execute("UPDATE device SET highest_given = ?", (next_after,))
        self.highest_given = next_after

    def drop_through(self, seq: int) -> list[int]:
        """Drops the frames up to seq, and returns their seqs."""
        return self._drop("seq <= ?", seq)

    def drop(self, seq: int) -> list[int]:
        return self._drop("seq = ?", seq)

    def _drop(self, where: str, seq: int) -> list[int]:
        found = self._database.execute(
            f"SELECT seq, count(*), sum(length(CAST(content AS BLOB))) FROM sample WHERE {where} GROUP BY seq ORDER BY seq", (seq,)
        ).fetchall()
        if found:
            with self._database:
                self._database.execute(f"DELETE FROM sample WHERE {where}", (seq,))
        for _, samples, content_bytes in found:
            self.samples -= samples
            self.bytes -= content_bytes + samples * _ROW_BYTES
        return [int(number) for number, _, _ in found]

    def close(self) -> None:
        self._database.close()


def open_database(path: Union[str, Path], power_safe: bool) -> sqlite3.Connection:
    """Opens the database for one process at a time. The lock belongs to the operating system, so a killed process leaves none behind."""
    database = sqlite3.connect(path, timeout=0, isolation_level="IMMEDIATE")
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {'FULL' if power_safe else 'NORMAL'}")
        database.execute("BEGIN IMMEDIATE").connection.commit()
    except sqlite3.OperationalError as error:
        database.close()
        if "locked" in str(error):
            raise BufferInUse(f"{path} is in use by another process: give each device a folder or a stream of its own") from error
        raise
    return database
