"""What was heard on the telephone, and what happened when: the phone's own memory of a call."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicebot.audio import FRAME_MS, SAMPLES_PER_MS, join
from voicebot.events import Samples
from voicebot.phone.turntimes import Answer, answers, percentile

TIMELINE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at_ms: int
    """since the call was answered"""
    who: str
    """caller · bot · agent · carrier · phone"""
    what: str
    """says · hears · keys · cleared · stream · status · joins · leaves · warning · heard_as · late"""
    text: str = ""


@dataclass
class Tape:
    """Grows by one frame every 20 ms of the call."""

    on_entry: Callable[[Entry], None] = lambda entry: None
    entries: list[Entry] = field(default_factory=list)
    keys_ms: list[int] = field(default_factory=list)
    _voice: list[Samples] = field(default_factory=list)
    _line: list[Samples] = field(default_factory=list)
    _bot: list[Samples] = field(default_factory=list)

    @property
    def length_ms(self) -> int:
        return len(self._bot) * FRAME_MS

    def frame(self, voice: Samples, line: Samples, bot: Samples) -> None:
        """20 ms: the caller's voice alone, the same with what is behind it, and what was heard."""
        self._voice.append(voice)
        self._line.append(line)
        self._bot.append(bot)

    def note(self, who: str, what: str, text: str = "", *, at_ms: int | None = None) -> None:
        """Something happened now, or at the given time."""
        entry = Entry(self.length_ms if at_ms is None else at_ms, who, what, text)
        self.entries.append(entry)
        self.on_entry(entry)

    def stereo(self) -> NDArray[np.int16]:
        """int16, shape (n, 2): caller left, bot right."""
        return np.stack([join(self._line), join(self._bot)], axis=1)

    def answers(self) -> tuple[Answer, ...]:
        """How long the caller waited for the bot, turn by turn; measured from the sound."""
        return answers(join(self._voice), join(self._bot), keys_ms=self.keys_ms)

    def timeline(self) -> dict[str, Any]:
        """Everything for a program; times in ms."""
        turns = self.answers()
        waits = [turn.waited_ms for turn in turns]
        return {
            "version": TIMELINE_VERSION,
            "length_ms": self.length_ms,
            "entries": [
                {"at_ms": e.at_ms, "who": e.who, "what": e.what, "text": e.text}
                for e in sorted(self.entries, key=lambda entry: entry.at_ms)
            ],
            "turns": [
                {"asked_ms": t.asked_ms, "answered_ms": t.answered_ms, "waited_ms": t.waited_ms}
                for t in turns
            ],
            "waited_ms": {
                "median": round(statistics.median(waits)) if waits else None,
                "p95": percentile(waits, 0.95) if waits else None,
                "longest": max(waits, default=None),
            },
        }

    def timeline_json(self) -> str:
        return json.dumps(self.timeline(), ensure_ascii=False, indent=1) + "\n"


class Background:
    """Noise behind the caller, at a set distance below the caller's own loudness."""

    def __init__(self, noise: Samples, *, speech_db: float, snr_db: float) -> None:
        """noise: at least one sample, repeated for ever; speech_db: level of the caller's speech."""
        wide = noise.astype(np.float64)
        power = float((wide * wide).mean()) / 32_768.0**2
        noise_db = 10 * np.log10(max(power, 1e-12))
        self._noise = wide * 10 ** ((speech_db - snr_db - noise_db) / 20)
        self._place = 0

    def add_to(self, voice: Samples) -> Samples:
        """The voice with the next piece of noise behind it."""
        places = (self._place + np.arange(len(voice))) % len(self._noise)
        self._place += len(voice)
        mixed = voice + np.rint(self._noise[places])
        samples: Samples = np.clip(mixed, -32_768, 32_767).astype(np.int16)
        return samples


def speech_level_db(sounds: list[Samples]) -> float:
    """Mean level of the loud parts of speech; -26 dB, a usual voice, when there is none."""
    frames = [
        sound[start : start + 20 * SAMPLES_PER_MS].astype(np.float64)
        for sound in sounds
        for start in range(0, len(sound), 20 * SAMPLES_PER_MS)
    ]
    powers = np.array([float((frame * frame).mean()) for frame in frames]) / 32_768.0**2
    loud = powers[powers > 1e-5]
    return float(10 * np.log10(loud.mean())) if len(loud) else -26.0
