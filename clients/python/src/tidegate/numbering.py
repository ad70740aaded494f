"""What a device does with its seqs when a welcome has the gateway's mark (PROTOCOL.md §2)."""
from __future__ import annotations

from typing import Literal

from .limits import SEQ_JUMP_MAX, SEQ_MAX

Resumption = Literal["keep", "renumber"]


class StreamExhausted(Exception):
    """All 4294967295 seqs of the stream are used: continue with a stream of another name."""


def resume(last_seq: int, highest_given: int, first_to_send: int) -> Resumption:
    """
    Returns whether the buffered frames keep their seqs. `first_to_send` is the seq of the first frame above last_seq. A device without memory has
    used no seq, so a mark above 0 makes it renumber (N-14). The gateway refuses to jump by more than SEQ_JUMP_MAX (N-7): if it has forgotten the
    stream of a device whose seqs are above that, the device must renumber.
    """
    forgotten_too_far_back = first_to_send - last_seq > SEQ_JUMP_MAX
    return "renumber" if last_seq > highest_given or forgotten_too_far_back else "keep"


def next_number(highest_given: int) -> int:
    if highest_given >= SEQ_MAX:
        raise StreamExhausted(f"the stream has given all its {SEQ_MAX} numbers: name another stream")
    return highest_given + 1
