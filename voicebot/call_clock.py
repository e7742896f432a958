"""How long the caller waited, and for what: the numbers of one turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.events import Value


@dataclass(slots=True)
class TurnClock:
    """Instants of one turn, from the last sound of the caller to the first sound of the bot."""

    turn: int
    by: str
    """how the caller spoke: "speech" · "keys" · "text" """
    last_sound_ms: int
    """last voiced frame, or last key"""
    ended_ms: int
    """when the utterance or entry was taken to be over"""
    recognised_ms: int
    decided_ms: int | None = None
    """when the first sentence of the answer was known; business systems have been asked by then"""

    def record(self, first_audio_ms: int) -> Mapping[str, Value]:
        """The journal's `turn` line. The four parts add up to `total_ms`.

        >>> dict(TurnClock(3, "speech", 1000, 1700, 1750, 1790).record(1800))
        ... # doctest: +NORMALIZE_WHITESPACE
        {'turn': 3, 'by': 'speech', 'last_sound_ms': 1000, 'waiting_ms': 700, 'recognising_ms': 50,
         'deciding_ms': 40, 'first_audio_ms': 10, 'total_ms': 800}
        """
        decided_ms = self.decided_ms if self.decided_ms is not None else first_audio_ms
        return {
            "turn": self.turn,
            "by": self.by,
            "last_sound_ms": self.last_sound_ms,
            "waiting_ms": self.ended_ms - self.last_sound_ms,
            "recognising_ms": self.recognised_ms - self.ended_ms,
            "deciding_ms": decided_ms - self.recognised_ms,
            "first_audio_ms": first_audio_ms - decided_ms,
            "total_ms": first_audio_ms - self.last_sound_ms,
        }
