"""The limits of PROTOCOL.md (section Limits) that a device meets; tests/test_contract.py compares them with that page."""

SEQ_MAX = 4294967295
SEQ_JUMP_MAX = 16777216
WINDOW = 64
MAX_FRAME_BYTES = 65536
STRING_BYTES_MAX = 1024
COLUMNS_MAX = 255
ROWS_MAX = 65535
SAMPLES_PER_MESSAGE_MAX = 10000
METRICS_PER_TABLE_MAX = 1024
TABLE_NUMBER_MAX = 65535
DEVICE_SILENCE_MS = 75_000
ACK_OVERDUE_MS = 30_000
# a link of this age ends a row of failures.
STEADY_MS = 60_000

ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
METRIC_NAME_PATTERN = r"^[A-Za-z0-9_\-./:]{1,64}$"
SECRET_PATTERN = r"^tgd_[A-Za-z0-9_-]{43}$"
