"""Whisper behind CTranslate2: from caller audio to encoder output, and from there to free text.

Whisper always looks at 30 s. Encoding them is most of the work, and a caller's turn lasts two
to five, so the encoder is given the smallest window that still leaves silence after the last
word: without that silence the decoder does not know that the sentence is over and repeats
itself. The encoder output of an utterance is computed once and used for everything after it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import EngineError
from voicebot.events import Samples

CALL_HZ = 8000
MODEL_HZ = 16000
FRAMES_PER_SECOND = 100
WINDOWS_S = (10, 15, 20, 30)
"""6 s, or the utterance plus one second, costs ten points of CER (runaway repeats)."""
TAIL_S = 1.0
"""silence that must fit behind the utterance within the window"""
LONGEST_S = 30
FILES = ("model.bin", "config.json", "tokenizer.json")
REMEDY = "Run `voicebot models` to see what is installed and how to get the rest."
TOKENS_AT_LEAST = 12
TOKENS_PER_SECOND = 12
"""fast Mandarin is 7 to 8 syllables a second, one to two tokens each; more is a runaway repeat"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One hypothesis of the free decoder."""

    text: str
    tokens: tuple[int, ...]
    log_prob: float
    """mean per token, the end token included"""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder made of one utterance; shared by decoding and scoring."""

    output: Any
    """ctranslate2.StorageView, shape (1, frames, width)"""
    speech_s: float
    window_s: int


def window_for(length_s: float) -> int:
    """Smallest encoder window, in seconds, that holds an utterance and silence after it."""
    for window in WINDOWS_S:
        if length_s + TAIL_S <= window:
            return window
    return WINDOWS_S[-1]


class WhisperModel:
    """One Whisper model in memory. Safe to share across threads: it holds no utterance."""

    def __init__(
        self,
        model_dir: Path,
        *,
        cpu_threads: int = 0,
        compute_type: str = "int8",
        device: str = "auto",
        workers: int = 1,
    ) -> None:
        """cpu_threads: 0 takes all cores; workers: utterances in the model at one time.

        Raises EngineError when the folder is incomplete or its files are damaged.
        """
        self.model_dir = Path(model_dir)
        check_files(self.model_dir)
        import ctranslate2
        import tokenizers
        from faster_whisper.feature_extractor import FeatureExtractor

        self._storage = ctranslate2.StorageView
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(self.model_dir / "tokenizer.json"))
        except Exception as error:  # the binding raises bare Exception
            raise EngineError(
                f"recogniser: {self.model_dir / 'tokenizer.json'} is not a tokenizer file ({error}).",
                remedy=REMEDY,
            ) from error
        try:
            self._model = ctranslate2.models.Whisper(
                str(self.model_dir),
                device=device,
                compute_type=compute_type,
                intra_threads=cpu_threads or os.cpu_count() or 1,
                inter_threads=workers,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                f"recogniser: {self.model_dir} could not be loaded as a Whisper model"
                f" (device {device}, compute type {compute_type}): {error}.",
                remedy=REMEDY,
            ) from error
        self._mel = FeatureExtractor(feature_size=self._model.n_mels)
        self.end = self._special("<|endoftext|>")
        self.start = self._special("<|startoftranscript|>")
        self.previous = self._special("<|startofprev|>")
        self.transcribe = self._special("<|transcribe|>")
        self.no_timestamps = self._special("<|notimestamps|>")

    def _special(self, name: str) -> int:
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise EngineError(
                f"recogniser: {self.model_dir / 'tokenizer.json'} does not know {name}; it is not Whisper's.",
                remedy=REMEDY,
            )
        return int(token)

    # --- Text <-> tokens -----------------------------------------------------------------

    def tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def text(self, tokens: list[int] | tuple[int, ...]) -> str:
        return str(self._tokenizer.decode([token for token in tokens if token < self.end]))

    def opening(self, language: str, prompt: str = "") -> list[int]:
        """Tokens that go before the text: what was said before, language, task."""
        before = [self.previous, *self.tokens(" " + prompt)] if prompt else []
        return [
            *before,
            self.start,
            self._special(f"<|{language}|>"),
            self.transcribe,
            self.no_timestamps,
        ]

    # --- Audio -> encoder output -----------------------------------------------------------

    def encode(self, samples: Samples, window_s: int = 0) -> Encoded:
        """Run the encoder once over an utterance: int16, 8000 Hz; beyond 30 s is cut off."""
        length_s = min(len(samples) / CALL_HZ, LONGEST_S)
        window = window_s or window_for(length_s)
        features = self.features(samples, window)
        try:
            output = self._model.encode(
                self._storage.from_array(features), to_cpu=self._model.device == "cuda"
            )
        except RuntimeError as error:
            raise EngineError(f"recogniser: the encoder failed: {error}.", remedy=REMEDY) from error
        return Encoded(output=output, speech_s=length_s, window_s=window)

    def features(self, samples: Samples, window_s: int) -> NDArray[np.float32]:
        """Log-mel picture of an utterance padded with silence, shape (1, mels, 100 * window_s)."""
        import soxr

        sound = samples[: LONGEST_S * CALL_HZ].astype(np.float32) / 32768.0
        sound = soxr.resample(sound, CALL_HZ, MODEL_HZ)
        padded = np.zeros(window_s * MODEL_HZ, dtype=np.float32)
        padded[: min(len(sound), len(padded))] = sound[: len(padded)]
        mel = self._mel(padded, padding=160)[:, : window_s * FRAMES_PER_SECOND]
        return np.ascontiguousarray(mel[None], dtype=np.float32)

    # --- Encoder output -> text ------------------------------------------------------------

    def decode(
        self,
        encoded: Encoded,
        *,
        language: str,
        prompt: str = "",
        beam_size: int = 5,
        hypotheses: int = 1,
        may_repeat: bool = False,
    ) -> tuple[list[Reading], float]:
        """Decode freely. Returns readings, best first, and the probability that nobody spoke.

        may_repeat: allow the same four tokens twice, as in a number such as 8888 8888.
        """
        opening = self.opening(language, prompt)
        room = TOKENS_AT_LEAST + int(TOKENS_PER_SECOND * encoded.speech_s)
        try:
            result = self._model.generate(
                encoded.output,
                [opening],
                beam_size=max(beam_size, hypotheses),
                num_hypotheses=hypotheses,
                no_repeat_ngram_size=0 if may_repeat else 4,
                max_length=min(448, len(opening) + room),
                return_scores=True,
                return_no_speech_prob=True,
                suppress_blank=True,
            )[0]
        except RuntimeError as error:
            raise EngineError(f"recogniser: the decoder failed: {error}.", remedy=REMEDY) from error
        readings = []
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True):
            length = len(tokens)
            readings.append(
                Reading(
                    text=self.text(tokens).strip(),
                    tokens=tuple(tokens),
                    log_prob=float(score) * length / (length + 1),
                )
            )
        return readings, float(result.no_speech_prob)


def check_files(model_dir: Path) -> None:
    """Say in one sentence what is wrong with a model folder. Raises EngineError."""
    if not model_dir.is_dir():
        raise EngineError(f"recogniser: model folder {model_dir} does not exist.", remedy=REMEDY)
    for name in FILES:
        file = model_dir / name
        if not file.is_file():
            raise EngineError(f"recogniser: {file} is missing.", remedy=REMEDY)
        if file.stat().st_size == 0:
            raise EngineError(f"recogniser: {file} is empty.", remedy=REMEDY)
    if not any(model_dir.glob("vocabulary.*")):
        raise EngineError(f"recogniser: {model_dir} has no vocabulary.json or vocabulary.txt.", remedy=REMEDY)
    try:
        json.loads((model_dir / "config.json").read_text("utf-8"))
    except ValueError as error:
        raise EngineError(
            f"recogniser: {model_dir / 'config.json'} is not JSON: {error}.", remedy=REMEDY
        ) from error
