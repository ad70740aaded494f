"""What a device does with its numbers when it is told the gateway's mark (PROTOCOL.md §2)."""
from __future__ import annotations

from typing import Literal

from .limits import SEQ_JUMP_MAX, SEQ_MAX

Resumption = Literal["go_on", "number_anew"]


class StreamExhausted(Exception):
    """All 4294967295 numbers of the stream are given: go on with a stream of another name."""


def resume(last_seq: int, highest_given: int, first_to_send: int) -> Resumption:
    """
    `first_to_send` is the number of the first frame above last_seq. A device without memory has given nothing, so it too is told apart by
    a mark above its numbers (N-14). The gateway refuses to jump by more than SEQ_JUMP_MAX (N-7): where it forgot the stream of a
    device that long since passed that, the device can only number anew.
    """
    forgotten_too_far_back = first_to_send - last_seq > SEQ_JUMP_MAX
    return "number_anew" if last_seq > highest_given or forgotten_too_far_back else "go_on"


def next_number(highest_given: int) -> int:
    if highest_given >= SEQ_MAX:
        raise StreamExhausted(f"the stream has given all its {SEQ_MAX} numbers: name another stream")
    return highest_given + 1
