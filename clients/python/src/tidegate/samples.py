"""Samples as programs record them, checked against what the gateway would refuse (J-3, I-6)."""
from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional, Union

from .limits import METRIC_NAME_PATTERN, STRING_BYTES_MAX

Value = Union[float, int, str, bool, None]

_metric_name = re.compile(METRIC_NAME_PATTERN)


class SampleRefused(ValueError):
    """The gateway would reject this sample, so the program gets this error instead."""


@dataclass(frozen=True)
class StoredSample:
    """
    A sample of the buffer. `ts` is Unix ms. It is None if the device had no clock; `taken_at` is then when the reading was taken, in ms of this
    boot, so that each send can compute its age (I-3). `table` is the number of the metric table with which it was recorded, 0 for none (J-6).
    """

    position: int
    ts: Optional[int]
    taken_at: int
    content: str
    table: int = 0

    @property
    def values(self) -> dict[str, Value]:
        values: dict[str, Value] = json.loads(self.content)
        return values


def encode_values(values: Mapping[str, Value]) -> str:
    """The values as JSON text. Raises SampleRefused."""
    for name, value in values.items():
        check_name(name)
        check_value(name, value)
    return json.dumps(dict(values), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def check_name(name: str) -> None:
    # fullmatch, because "$" would also match before a final newline.
    if not isinstance(name, str) or _metric_name.fullmatch(name) is None:
        raise SampleRefused(f"the metric name {name!r} must have 1-64 characters of A-Z a-z 0-9 _ - . / :")


def check_value(name: str, value: Value) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(name, value)
    elif isinstance(value, (int, float)):
        _check_number(name, value)
    else:
        raise SampleRefused(f"{name} is a {type(value).__name__}: a value is a number, text, True, False or None")


def _check_text(name: str, text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise SampleRefused(f"{name} has characters that UTF-8 cannot hold") from None
    if size > STRING_BYTES_MAX:
        raise SampleRefused(f"{name} has {size} bytes: text has at most {STRING_BYTES_MAX}")


def _check_number(name: str, number: Union[int, float]) -> None:
    if isinstance(number, int) and abs(number) > 2**53:
        raise SampleRefused(f"{name} is {'more' if number > 0 else 'less'} than a number can hold exactly (2**53): send it as text")
    try:
        finite = math.isfinite(float(number))
    except OverflowError:
        finite = False
    if not finite:
        raise SampleRefused(f"{name} is {number if isinstance(number, float) else 'too large'}: a number must be finite; None is no value")
