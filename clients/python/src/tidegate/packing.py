"""From samples to frames: how many samples a frame has, and its bytes."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Optional, Union

from .frames import I32_NO_VALUE, Kind, TelemetryTable, encode_telemetry, telemetry_bytes
from .limits import COLUMNS_MAX, MAX_FRAME_BYTES, ROWS_MAX
from .metric_table import MetricTable
from .samples import StoredSample, Value

Encoding = Literal["json", "binary"]

# How many bytes JSON adds around the values of a sample, and around the samples of a frame.
SAMPLE_OVERHEAD_BYTES = 40
FRAME_OVERHEAD_BYTES = 64
_OFFSET_MAX = 2**32 - 1


@dataclass(frozen=True)
class PackingRules:
    samples_max: int = 500
    bytes_max: int = MAX_FRAME_BYTES


def group(samples: Iterable[StoredSample], rules: PackingRules) -> list[list[StoredSample]]:
    """
    Groups samples, in order, into frames. It always uses the size in JSON, because a frame that keeps its seq (N-5) may have to be sent in JSON
    later. Samples with a time and samples with an age never share a frame, because a binary frame has one base.
    """
    groups: list[list[StoredSample]] = []
    size = 0
    identities: set[tuple[int, str]] = set()
    for sample in samples:
        more = len(sample.content.encode()) + SAMPLE_OVERHEAD_BYTES
        own = {(_moment(sample), name) for name in sample.values}
        joins = (
            bool(groups)
            and len(groups[-1]) < rules.samples_max
            and size + more <= rules.bytes_max
            and (groups[-1][0].ts is None) == (sample.ts is None)
            and groups[-1][0].table == sample.table
            and identities.isdisjoint(own)  # I-2: the gateway would refuse the whole frame
        )
        if not joins:
            groups.append([])
            size, identities = FRAME_OVERHEAD_BYTES, set()
        groups[-1].append(sample)
        size += more
        identities |= own
    return groups


def _moment(sample: StoredSample) -> int:
    return sample.taken_at if sample.ts is None else sample.ts


def encode_frame(
    seq: int, samples: Sequence[StoredSample], encoding: Encoding, table: MetricTable, boot_ms: int, bytes_max: int = MAX_FRAME_BYTES
) -> Union[str, bytes]:
    """`boot_ms` is now, for the ages of samples without a time. The frame is binary if that was asked for and the samples fit (B-7)."""
    if encoding == "binary":
        frame = as_table(samples, table, boot_ms)
        if frame is not None and telemetry_bytes(len(frame.metrics), len(frame.rows), frame.kind) <= bytes_max:
            return encode_telemetry(seq, frame)
    return encode_text(seq, samples, boot_ms)


def encode_text(seq: int, samples: Sequence[StoredSample], boot_ms: int) -> str:
    """The values are JSON in the buffer already, so they are not decoded and encoded again."""
    head = f'{{"type":"telemetry","seq":{seq},'
    if len(samples) == 1:
        return head + f'"ts":{_told_time(samples[0], boot_ms)},"values":{samples[0].content}}}'
    each = (f'{{"ts":{_told_time(sample, boot_ms)},"values":{sample.content}}}' for sample in samples)
    return head + '"samples":[' + ",".join(each) + "]}"


def _told_time(sample: StoredSample, boot_ms: int) -> int:
    # The gateway would read a negative age as a Unix time.
    return -max(0, boot_ms - sample.taken_at) if sample.ts is None else sample.ts


def numeric_names(samples: Sequence[StoredSample]) -> Iterable[str]:
    """The metrics whose values fit a binary frame."""
    return (name for sample in samples for name, value in sample.values.items() if not isinstance(value, (str, bool)))


def as_table(samples: Sequence[StoredSample], table: MetricTable, boot_ms: int) -> Optional[TelemetryTable]:
    """The samples as one binary table; None if text, an unknown metric or the shape needs JSON."""
    rows = [sample.values for sample in samples]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not 1 <= len(names) <= COLUMNS_MAX or len(rows) > ROWS_MAX or any(name not in table.places for name in names):
        return None
    if any(isinstance(value, (str, bool)) for row in rows for value in row.values()):
        return None
    columns = [_unscaled([row.get(name) for row in rows], table.metrics[table.places[name]].scale) for name in names]
    times = _times(samples, boot_ms)
    if columns is None or times is None or any(column is None for column in columns):
        return None
    base, offsets = times
    wire = [column for column in columns if column is not None]
    kind = _smallest_kind([value for column in wire for value in column if value is not None])
    if kind == "i32":
        wire = [[None if value is None else int(value) for value in column] for column in wire]
    return TelemetryTable(
        kind,
        base,
        table.number,
        [table.places[name] for name in names],
        [(offset, [column[row] for column in wire]) for row, offset in enumerate(offsets)],
    )


def _unscaled(values: Sequence[Value], scale: Optional[float]) -> Optional[list[Optional[float]]]:
    """
    The values divided by the scale. A quotient within rounding of a whole number becomes that number (21.7 / 0.01 is 2170.0000000000005), so that
    fixed point stays small; others are kept as they are instead of rounded to the scale's step. None if a quotient is no finite double.
    """
    if scale is None:
        return [None if value is None else float(value) for value in values]
    wire: list[Optional[float]] = []
    for value in values:
        if value is None:
            wire.append(None)
            continue
        raw = float(value) / scale
        if abs(raw) == float("inf"):
            return None
        near = round(raw)
        wire.append(float(near) if abs(raw - near) <= 1e-9 * max(1.0, abs(raw)) else raw)
    return wire


def _times(samples: Sequence[StoredSample], boot_ms: int) -> Optional[tuple[int, list[int]]]:
    """The base of a frame and the offsets of its rows (B-3)."""
    if all(sample.ts is not None for sample in samples):
        moments = [_moment(sample) for sample in samples]
        base = min(moments)
    elif all(sample.ts is None for sample in samples):
        moments = [sample.taken_at for sample in samples]
        base = -max(0, boot_ms - moments[-1])
    else:
        return None
    first = min(moments)
    offsets = [moment - first for moment in moments]
    return (base, offsets) if max(offsets) <= _OFFSET_MAX else None


def _smallest_kind(values: Sequence[float]) -> Kind:
    """The narrowest kind in which the gateway has each value exactly."""
    if all(value.is_integer() and I32_NO_VALUE < value < 2**31 for value in values):
        return "i32"
    return "f32" if all(_fits_f32(value) for value in values) else "f64"


def _fits_f32(value: float) -> bool:
    """The gateway takes an f32 for the shortest decimal that is the same f32 (B-13). Six digits are enough to tell any two apart."""
    if value == 0:
        return math.copysign(1, value) > 0
    return 1e-37 < abs(value) < 3e38 and float(f"{value:.6g}") == value
