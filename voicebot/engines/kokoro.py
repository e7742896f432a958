"""The Mandarin voice: Kokoro-82M, int8, straight on onnxruntime.

Measured on 2 cores: 0.2 to 0.4 s for each second of speech. One part is computed at a time, because
two at once would both be late.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from voicebot.engines.loudness import Sound
from voicebot.engines.onnx import open_session
from voicebot.engines.pronounce import EnglishWords, kokoro_phonemes, segmenter, words
from voicebot.errors import ConfigError, EngineError

RATE_HZ = 24_000
VERSION = "kokoro-1.0-int8/1"
"""part of every cache key; raise the last number when pronunciation or levelling changes"""

_STYLE_SHAPE = (510, 1, 256)
_MOST_PHONEMES = 509


def _vocabulary() -> dict[str, int]:
    """Kokoro's alphabet: phoneme -> number, as in the model's config.json (Apache-2.0)."""
    table = {
        1: ";:,.!?",
        9: '—…"()“” \u0303ʣʥʦʨᵝ\uab67AI',
        31: "O",
        33: "Q",
        35: "ST",
        39: "W",
        41: "Yᵊabcdef",
    }
    table |= {50: "hijklmnopqrstuvwxyzɑɐɒæ", 75: "βɔɕç", 80: "ɖðʤə", 85: "ɚɛɜ", 90: "ɟ", 92: "ɡ", 99: "ɥ"}
    table |= {
        101: "ɨɪʝ",
        110: "ɯɰŋɳɲɴø",
        118: "ɸθœ",
        123: "ɹ",
        125: "ɾɻ",
        128: "ʁɽʂʃʈʧ",
        135: "ʊʋ",
        138: "ʌɣɤ",
    }
    table |= {142: "χʎ", 147: "ʒʔ", 156: "ˈˌː", 162: "ʰ", 164: "ʲ", 169: "↓", 171: "→↗↘", 177: "ᵻ"}
    return {symbol: start + place for start, symbols in table.items() for place, symbol in enumerate(symbols)}


VOCABULARY = _vocabulary()


class Kokoro:
    """One loaded model, shared by all calls and threads; `speak` computes one part at a time."""

    rate_hz = RATE_HZ
    version = VERSION

    def __init__(self, model: Path, styles: Path, *, cache_dir: Path | None, threads: int = 2) -> None:
        """model: the .onnx file. styles: folder of <voice>.bin. cache_dir: for jieba's dictionary.

        Loads everything: takes about two seconds. Raises ConfigError naming the file that is wrong.
        """
        self._styles_dir = styles
        self._styles: dict[str, Sound] = {}
        self._lock = threading.Lock()
        self._session: Any = open_session(model, threads=threads)
        try:
            self._segmenter = segmenter(cache_dir)
            self._english = EnglishWords()
        except (ImportError, OSError) as error:
            raise ConfigError(
                f"the Mandarin voice cannot be prepared: {error}.",
                remedy="Run `make setup`.",
                code="E-TTS-SETUP",
            ) from error

    def phonemes(self, text: str, polyphones: Mapping[str, str]) -> str:
        """What the model is given for a text; "" when there is nothing to speak."""
        sounds = kokoro_phonemes(words(text, self._segmenter, polyphones), self._english)
        return sounds if any(symbol.isalpha() for symbol in sounds) else ""

    def speak(self, text: str, *, voice: str, pace: float, polyphones: Mapping[str, str]) -> Sound:
        """Make one part: float32 at 24 kHz, not levelled; empty when there is nothing to speak.

        voice: name of a style file. pace: 0.5 to 2.0. Raises EngineError, ConfigError for the style.
        """
        style = self.style(voice)
        sounds = self.phonemes(text, polyphones)
        numbers = [VOCABULARY[symbol] for symbol in sounds if symbol in VOCABULARY]
        pieces = [
            numbers[at : at + _MOST_PHONEMES] for at in range(0, len(numbers), _MOST_PHONEMES)
        ]  # phrasing keeps parts far below the limit; this is for text without a single stop
        made = [self._run(piece, style, pace) for piece in pieces]
        return np.concatenate(made) if made else np.zeros(0, dtype=np.float32)

    def style(self, voice: str) -> Sound:
        """The style table of a voice, shape (510, 1, 256): one row for each length of prompt."""
        if voice not in self._styles:
            path = self._styles_dir / f"{voice}.bin"
            if not path.is_file():
                known = ", ".join(sorted(found.stem for found in self._styles_dir.glob("*.bin"))) or "none"
                raise ConfigError(f'voice style "{voice}" is not there. Known: {known}.', code="E-TTS-VOICE")
            flat = np.fromfile(path, dtype="<f4")
            if flat.size != np.prod(_STYLE_SHAPE) or not np.isfinite(flat).all():
                raise ConfigError(
                    f'voice style "{path}" is cut off or no Kokoro style.',
                    remedy="Run `voicebot models check`.",
                    code="E-TTS-VOICE",
                )
            self._styles[voice] = flat.reshape(_STYLE_SHAPE)
        return self._styles[voice]

    def _run(self, numbers: list[int], style: Sound, pace: float) -> Sound:
        try:
            with self._lock:
                (sound,) = self._session.run(
                    None,
                    {
                        "tokens": np.array([[0, *numbers, 0]], dtype=np.int64),
                        "style": style[len(numbers) - 1],
                        "speed": np.array([pace], dtype=np.float32),
                    },
                )
        except Exception as error:  # onnxruntime does not export its classes
            raise EngineError(
                f"the Mandarin voice failed on a part of {len(numbers)} phonemes ({type(error).__name__}).",
                code="E-TTS-FAILED",
            ) from error
        return np.asarray(sound, dtype=np.float32).ravel()
