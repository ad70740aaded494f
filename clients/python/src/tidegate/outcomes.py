"""What became of each command, on disk: the memory behind C-3."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union

from .buffer import open_database
from .messages import CommandUpdate, compact

# C-3 asks for 8; a row is small.
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
    """`begun`: the action was about to run, and nothing is known of its end."""

    state: Literal["begun", "succeeded", "failed", "rejected"]
    body: Any = None


class Outcomes:
    def __init__(self, path: Union[str, Path]) -> None:
        # Always synced: after a power cut a forgotten command would run twice.
        self._database = open_database(path, power_safe=True)
        self._database.executescript(_SCHEMA)

    def of(self, command_id: str) -> Union[Remembered, None]:
        row = self._database.execute("SELECT state, body FROM command WHERE id = ?", (command_id,)).fetchone()
        return None if row is None else Remembered(row[0], None if row[1] is None else json.loads(row[1]))

    def begin(self, command_id: str) -> None:
        """On disk before the action runs."""
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO command (id, state) VALUES (?, 'begun')", (command_id,))

    def finish(self, update: CommandUpdate) -> None:
        """On disk before the gateway is told, so that what it was told can never be taken back."""
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
