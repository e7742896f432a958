"""Engines without a model: small, honest, instant. For tests, text chat and dry runs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from voicebot.engines.levels import frame_levels_db
from voicebot.events import Expectation, Hearing, Samples, Vector

HZ = 8000
Listener = Callable[[Samples, str, Expectation], Hearing | str]


def audio_key(samples: Samples) -> str:
    """Short name of a recording: the same samples always have the same one."""
    return hashlib.sha256(np.ascontiguousarray(samples, dtype="<i2").tobytes()).hexdigest()[:16]


class ScriptedRecogniser:
    """Hears what it was told to hear.

    script: texts or hearings given in order, one per utterance ("" once they are used up);
    or a mapping from `audio_key(samples)` to them (unknown audio is ""); or a function of
    samples, language and expectation. A candidate whose saying is exactly the text is chosen,
    as the real recogniser would. `heard` lists the expectations it was called with.
    """

    def __init__(self, script: Sequence[Hearing | str] | Mapping[str, Hearing | str] | Listener) -> None:
        self._script = script
        self._lock = threading.Lock()
        self.heard: list[Expectation] = []

    def warm_up(self) -> None:
        pass

    def recognise(self, samples: Samples, *, language: str, expectation: Expectation) -> Hearing:
        with self._lock:
            turn = len(self.heard)
            self.heard.append(expectation)
        if callable(self._script):
            answer = self._script(samples, language, expectation)
        elif isinstance(self._script, Mapping):
            answer = self._script.get(audio_key(samples), "")
        else:
            answer = self._script[turn] if turn < len(self._script) else ""
        if isinstance(answer, Hearing):
            return answer
        hearing = Hearing(text=answer, language=language, confidence=1.0 if answer else 0.0)
        for candidate in expectation.candidates:
            if answer and answer in (candidate.value, *candidate.sayings):
                return replace(hearing, best_expected=candidate.value)
        return hearing


class SilentSynthesiser:
    """Speaks silence that lasts as long as the text would: real timing, no model."""

    def __init__(self, ms_per_character: int = 180, part_ms: int = 1000) -> None:
        self._ms_per_character = ms_per_character
        self._part_samples = part_ms * HZ // 1000
        self.spoken: list[str] = []

    def warm_up(self) -> None:
        pass

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]:
        self.spoken.append(text)
        left = int(len(text) * self._ms_per_character / pace) * HZ // 1000
        while left > 0:
            yield np.zeros(min(left, self._part_samples), dtype=np.int16)
            left -= self._part_samples


class EnergyDetector:
    """Calls every loud frame speech."""

    def __init__(self, threshold_db: float = -45.0) -> None:
        self._threshold_db = threshold_db

    def is_speech(self, frame: Samples) -> bool:
        return bool(frame_levels_db(frame)[0] >= self._threshold_db)


class BagEmbedder:
    """Sentence vectors from hashed character pairs and single characters.

    Sentences that share characters are near; nothing is known of synonyms.
    """

    def __init__(self, width: int = 256) -> None:
        self._width = width

    def warm_up(self) -> None:
        pass

    def embed(self, text: str) -> Vector:
        plain = "".join(text.lower().split())
        vector = np.zeros(self._width, dtype=np.float32)
        for size, weight in ((1, 1.0), (2, 2.0)):
            for start in range(len(plain) - size + 1):
                digest = hashlib.blake2b(plain[start : start + size].encode(), digest_size=8).digest()
                slot = int.from_bytes(digest[:4], "little") % self._width
                vector[slot] += weight if digest[4] & 1 else -weight
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            vector[0] = length = 1.0
        return vector / np.float32(length)
