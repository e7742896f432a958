"""The embedded recogniser: Whisper, told what the question makes likely."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from voicebot.engines.hallucination import is_invented
from voicebot.engines.levels import sound_of
from voicebot.engines.whisper_model import CALL_HZ, WINDOWS_S, WhisperModel
from voicebot.errors import EngineError
from voicebot.events import Alternative, Expectation, Hearing, Samples

PROMPTS = {"zh": "以下是普通话的句子。", "en": ""}
"""a prompt in simplified characters makes Whisper answer in them; English needs none"""
LANGUAGES = tuple(PROMPTS)
SHORTEST_MS = 60
"""less voice than this is a click"""


class WhisperRecogniser:
    """Recogniser for all calls and pool threads; an utterance leaves nothing behind in it."""

    def __init__(
        self,
        model_dir: Path,
        *,
        cpu_threads: int = 0,
        compute_type: str = "int8",
        device: str = "auto",
        beam_size: int = 5,
        workers: int = 1,
    ) -> None:
        """Load the model. Raises EngineError with the file and the remedy when it cannot."""
        self._model = WhisperModel(
            model_dir, cpu_threads=cpu_threads, compute_type=compute_type, device=device, workers=workers
        )
        self._beam_size = beam_size

    def warm_up(self) -> None:
        """Run every window size once: the first run of each allocates its memory."""
        for window in WINDOWS_S:
            encoded = self._model.encode(np.zeros(CALL_HZ, dtype=np.int16), window)
            self._model.decode(encoded, language="zh", prompt=PROMPTS["zh"], beam_size=self._beam_size)

    def recognise(self, samples: Samples, *, language: str, expectation: Expectation) -> Hearing:
        """Hear one utterance; see `Recogniser`."""
        started = time.perf_counter()
        if language not in LANGUAGES:
            raise EngineError(
                f"recogniser: language {language!r} is not one of {', '.join(LANGUAGES)}.",
                remedy="Correct `languages` in the dialplan.",
            )
        sound = sound_of(samples)
        if sound.voiced_ms < SHORTEST_MS:
            return nothing(language, started)
        encoded = self._model.encode(samples)
        readings, no_speech_prob = self._model.decode(
            encoded, language=language, prompt=PROMPTS[language], beam_size=self._beam_size
        )
        best = readings[0]
        text = simplified(best.text) if language == "zh" else best.text
        if is_invented(
            text, language=language, log_prob=best.log_prob, no_speech_prob=no_speech_prob, sound=sound
        ):
            return nothing(language, started, no_speech_prob)
        return Hearing(
            text=text,
            language=language,
            alternatives=(Alternative(text, best.log_prob),),
            log_prob=best.log_prob,
            no_speech_prob=no_speech_prob,
            confidence=float(np.exp(best.log_prob)),
            took_ms=elapsed_ms(started),
        )


def nothing(language: str, started: float, no_speech_prob: float = 1.0) -> Hearing:
    return Hearing(
        text="", language=language, no_speech_prob=no_speech_prob, confidence=0.0, took_ms=elapsed_ms(started)
    )


def elapsed_ms(started: float) -> int:
    return int((time.perf_counter() - started) * 1000)


def simplified(text: str) -> str:
    import zhconv

    return str(zhconv.convert(text, "zh-cn"))
