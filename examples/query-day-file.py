#!/usr/bin/env python3
"""Reads the readings of one UTC day from its file, without the gateway: Python's own sqlite3 is enough (SQLite 3.35 or newer).

    python3 examples/query-day-file.py data/readings/2026-11-24.db [DEVICE]

It prints count, lowest, mean and highest value per device and metric. The newest minutes are not in the file yet: `POST
/v1/gateway/seal` brings them there. It opens the file read-only, also while the gateway writes to it.
"""
import signal
import sqlite3
import sys
from pathlib import Path

if len(sys.argv) < 2:
    sys.exit(__doc__)
if not Path(sys.argv[1]).is_file():
    sys.exit(f"{sys.argv[1]}: there is no such file. The day files are in the folder readings of the data folder.")
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # A reader such as head may leave early.
day = sqlite3.connect(f"{Path(sys.argv[1]).resolve().as_uri()}?mode=ro", uri=True)
# A condition on device or metric goes by index; one on ts alone unpacks the whole day.
condition, values = ("AND device = ?", [sys.argv[2]]) if len(sys.argv) > 2 else ("", [])
rows = day.execute(
    f"""SELECT device, metric, coalesce(unit, ''), count(*), min(value), avg(value), max(value)
        FROM readings WHERE typeof(value) IN ('integer', 'real') {condition} GROUP BY device, metric, unit ORDER BY 1, 2""",
    values,
)
print("device", "metric", "unit", "count", "min", "mean", "max", sep=",")
for device, metric, unit, count, lowest, mean, highest in rows:
    print(device, metric, unit, count, f"{lowest:g}", f"{mean:g}", f"{highest:g}", sep=",")
