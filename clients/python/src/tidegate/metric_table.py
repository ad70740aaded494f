"""Metric tables: the names, units and scales behind the metric numbers of binary frames (J-5 to J-7)."""
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .limits import METRICS_PER_TABLE_MAX, TABLE_NUMBER_MAX
from .messages import compact
from .samples import check_name


@dataclass(frozen=True)
class Metric:
    """A metric's name, its SenML unit (Cel, %RH, V), and the factor by which the gateway multiplies its values in binary frames."""

    name: str
    unit: Optional[str] = None
    scale: Optional[float] = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.scale is not None and self.scale == 0:
            raise ValueError(f"the scale of {self.name} is 0: nothing could be read back")


class MetricTable:
    """
    A table with a number (1-65535) is stored with the device for ever: other contents need another number. A table without a number is table 0,
    which every link declares again. It grows by itself when a new metric is recorded.
    """

    def __init__(self, metrics: Sequence[Metric] = (), number: Optional[int] = None) -> None:
        if number is not None and not 1 <= number <= TABLE_NUMBER_MAX:
            raise ValueError(f"a table's number is 1-{TABLE_NUMBER_MAX}, not {number}")
        if len(metrics) > METRICS_PER_TABLE_MAX:
            raise ValueError(f"a table has at most {METRICS_PER_TABLE_MAX} metrics, not {len(metrics)}")
        if len({metric.name for metric in metrics}) != len(metrics):
            raise ValueError("the names within a table differ")
        if number is not None and not metrics:
            raise ValueError(f"table {number} has no metrics")
        self.number = number or 0
        self.metrics = list(metrics)
        self.places = {metric.name: place for place, metric in enumerate(self.metrics)}

    def learn(self, names: Iterable[str]) -> bool:
        """Adds new names to table 0. Returns True if it grew, and so must be declared again. The places of names never change."""
        before = len(self.metrics)
        for name in names if self.number == 0 else ():
            if name not in self.places and len(self.metrics) < METRICS_PER_TABLE_MAX:
                self.places[name] = len(self.metrics)
                self.metrics.append(Metric(name))
        return len(self.metrics) > before

    def declaration(self) -> str:
        message: dict[str, Any] = {"type": "metrics"}
        if self.number:
            message["table"] = self.number
        message["metrics"] = [_declared(metric) for metric in self.metrics]
        return compact(message)


def parse_declaration(declaration: str) -> MetricTable:
    message = json.loads(declaration)
    return MetricTable([Metric(one["name"], one.get("unit"), one.get("scale")) for one in message["metrics"]], message.get("table"))


def _declared(metric: Metric) -> dict[str, Any]:
    fields = {"name": metric.name, "unit": metric.unit, "scale": metric.scale}
    return {name: value for name, value in fields.items() if value is not None}
