"""The package's tables are those of PROTOCOL.md."""
import re
import unittest

from tidegate import limits
from tidegate.faults import CLOSE_PACES, FAULT_CODES, Pace, pace_of_close, pace_of_status

from .support import protocol_page

PAGE_NAMES = {
    "SEQ_MAX": "seqMax", "SEQ_JUMP_MAX": "seqJumpMax", "WINDOW": "window", "MAX_FRAME_BYTES": "maxFrameBytes",
    "STRING_BYTES_MAX": "stringBytesMax", "COLUMNS_MAX": "columnsMax", "ROWS_MAX": "rowsMax",
    "SAMPLES_PER_MESSAGE_MAX": "samplesPerMessageMax", "METRICS_PER_TABLE_MAX": "metricsPerTableMax",
    "ID_PATTERN": "idPattern", "METRIC_NAME_PATTERN": "metricNamePattern", "SECRET_PATTERN": "secretPattern",
}


class Contract(unittest.TestCase):
    def setUp(self) -> None:
        self.page = protocol_page()

    def test_every_limit_is_that_of_the_page(self) -> None:
        page = dict(re.findall(r"^\| `(\w+)` \| `?(.+?)`? \|", self.page, re.M))
        for name, page_name in PAGE_NAMES.items():
            self.assertEqual(str(getattr(limits, name)), page[page_name], name)
        self.assertEqual(limits.DEVICE_SILENCE_MS, 1000 * int(page["deviceSilenceSeconds"]))
        self.assertEqual(limits.ACK_OVERDUE_MS, 1000 * int(page["ackOverdueSeconds"]))

    def test_every_fault_of_the_page_has_its_code(self) -> None:
        page = {int(number): code for number, code in re.findall(r"^\| (\d{1,2}) \| `(\w+)` \|", self.page, re.M)}
        self.assertEqual(FAULT_CODES, page)

    def test_every_close_code_of_the_page_has_its_pace(self) -> None:
        page = {int(code): Pace(pace) for code, pace in re.findall(r"^\| (4\d{3}) \| `\w+` \| (\w+) \|", self.page, re.M)}
        self.assertEqual(CLOSE_PACES, page)

    def test_a_close_code_of_a_later_version_goes_by_its_hundred(self) -> None:
        self.assertIs(pace_of_close(4050), Pace.SOON)
        self.assertIs(pace_of_close(4150), Pace.SLOWLY)
        for code in (1000, 1001, 1006, 1011):
            self.assertIs(pace_of_close(code), Pace.SOON)

    def test_a_refusal_that_only_people_can_fix_is_retried_slowly(self) -> None:
        for status in (400, 401, 403):
            self.assertIs(pace_of_status(status), Pace.SLOWLY, status)
        for status in (404, 426, 429, 500, 502, 503):
            self.assertIs(pace_of_status(status), Pace.SOON, status)
