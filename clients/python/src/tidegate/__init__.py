"""
A device for the Tidegate gateway. It keeps readings on its own disk until the gateway has them on disk.

    async with Device("ws://127.0.0.1:8080", "boiler-7", "tgd_...", folder="readings") as device:
        device.record({"temperature": 21.5})
        await device.drained()
"""
from .buffer import BufferFull, BufferInUse
from .clock import Clock, SystemClock
from .commands import CommandCall, CommandFailed, CommandRejected
from .device import Device
from .events import (
    CommandRun, Connecting, Event, FrameRefused, FrameSent, FrameStored, LinkClosed, LinkRefused, TimeTold, Waiting, Welcomed,
)
from .metric_table import Metric, MetricTable
from .numbering import StreamExhausted
from .samples import SampleRefused, Value

__all__ = [
    "BufferFull", "BufferInUse", "Clock", "CommandCall", "CommandFailed", "CommandRejected", "CommandRun", "Connecting", "Device", "Event",
    "FrameRefused", "FrameSent", "FrameStored", "LinkClosed", "LinkRefused", "Metric", "MetricTable", "SampleRefused", "StreamExhausted",
    "SystemClock", "TimeTold", "Value", "Waiting", "Welcomed",
]
