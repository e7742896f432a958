"""What the caller said or keyed while it could not be taken."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.call_clock import TurnClock
from voicebot.call_floor import Context
from voicebot.dialogue.api import CallerKeyed, CallerSaid

MOST_KEPT = 3
"""older ones give way: a caller who talks on means the last thing"""


@dataclass(slots=True)
class Kept:
    """One input on its way to the dialogue."""

    given: CallerSaid | CallerKeyed
    clock: TurnClock
    is_urgent: bool
    """a call for an agent: gets through over anything that may be talked over at all"""
    context: Context
    waits_for_silence: bool = False
    """said while a business system worked: given when its answer has been heard"""


class KeptInputs:
    """Inputs in the order they came; urgent ones first."""

    def __init__(self) -> None:
        self._inputs: list[Kept] = []

    def __bool__(self) -> bool:
        return bool(self._inputs)

    def add(self, kept: Kept) -> None:
        self._inputs.append(kept)
        del self._inputs[:-MOST_KEPT]

    def drop(self) -> None:
        self._inputs.clear()

    def drop_speech(self) -> None:
        """A key was pressed: it beats what was said before it, but not a call for an agent."""
        self._inputs = [k for k in self._inputs if k.is_urgent or isinstance(k.given, CallerKeyed)]

    def take(self, *, must_be_heard: bool, is_idle: bool) -> Kept | None:
        """The next input that may be given now."""
        for kept in self._inputs:
            if kept.is_urgent:
                self._inputs.remove(kept)
                return kept
        if must_be_heard or not self._inputs:
            return None
        if self._inputs[0].waits_for_silence and not is_idle:
            return None
        return self._inputs.pop(0)
