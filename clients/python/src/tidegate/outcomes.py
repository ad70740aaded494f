"""The outcomes of commands on disk, as C-3 requires."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union

from .buffer import open_database
from .messages import CommandUpdate, compact

# C-3 requires 8; a row is small.
COMMANDS_KEPT = 64

_SCHEMA = """
CREATE TABLE IF NOT EXISTS command (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  body TEXT
);
"""


@dataclass(frozen=True)
class Remembered:
    """`begun` means that the action was about to run, and its end is not known."""

    state: Literal["begun", "succeeded", "failed", "rejected"]
    body: Any = None


class Outcomes:
    def __init__(self, path: Union[str, Path]) -> None:
        # Always synced, because a command that was forgotten in a power cut would run twice.
        self._database = open_database(path, power_safe=True)
        self._database.executescript(_SCHEMA)

    def of(self, command_id: str) -> Union[Remembered, None]:
        row = self._database.execute("SELECT state, body FROM command WHERE id = ?", (command_id,)).fetchone()
        return None if row is None else Remembered(row[0], None if row[1] is None else json.loads(row[1]))

    def begin(self, command_id: str) -> None:
        """Saves that the action is about to run. It is on disk when this returns."""
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO command (id, state) VALUES (?, 'begun')", (command_id,))

    def finish(self, update: CommandUpdate) -> None:
        """Saves the final state. It is on disk before it is sent, so that a reported state never changes."""
        body = None if update.body is None else compact(update.body)
        with self._database:
            self._database.execute(
                "INSERT INTO command (id, state, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
                (update.id, update.state, body),
            )
            self._database.execute(
                "DELETE FROM command WHERE state <> 'begun' AND position <= (SELECT max(position) FROM command) - ?", (COMMANDS_KEPT,)
            )

    def close(self) -> None:
        self._database.close()
