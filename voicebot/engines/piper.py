"""The English voice, and any other Piper voice whose files are given.

piper-tts is GPL-3: it is imported here and nowhere else, and everything but Piper voices works without
it. What this module does differently from its own `synthesize`:
- Mandarin voices that want pinyin would download a reading model on their first phrase. They get their
  pinyin from `pronounce` instead: nothing is downloaded, and a persona's polyphones hold.
- Loudness is not set per sentence; `loudness` levels every part alike.
- Its working folder is given, not the current one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voicebot.engines.loudness import Sound
from voicebot.engines.onnx import open_session
from voicebot.engines.pronounce import Word, romanise, segmenter, words
from voicebot.errors import ConfigError, EngineError

VERSION = "piper-1.8/1"
"""part of every cache key; raise the last number when pronunciation or levelling changes"""

_SENTENCE_PAUSE_MS = 320
_PINYIN = "pinyin"

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_NO_INITIAL = "Ø"
_ODD_SYLLABLES = {"n": "en", "ng": "en", "m": "en", "hm": "heng", "hng": "heng", "ê": "ei"}
_STOPS = frozenset(".,!?:;—…")
_LETTERS = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2 fu5", "G": "ji4",
    "H": "ei1 chi5", "I": "ai4", "J": "jie4", "K": "kei1", "L": "ai2 lu5", "M": "ai2 mu5", "N": "en1",
    "O": "ou1", "P": "pi1", "Q": "qiu1", "R": "a4 er5", "S": "ai2 si5", "T": "ti4", "U": "you1",
    "V": "wei1", "W": "da2 bu5 liu5", "X": "ai2 ke5 si5", "Y": "wai4", "Z": "zei4",
}  # fmt: skip
"""how Latin letters are said in Mandarin"""


class Piper:
    """One loaded voice, shared by all calls and threads; `speak` computes one part at a time."""

    version = VERSION

    def __init__(self, model: Path, *, work_dir: Path, threads: int = 2) -> None:
        """model: the .onnx file; its description lies beside it as .onnx.json.

        work_dir: where piper may put files of its own, and jieba its dictionary.
        Raises ConfigError: piper-tts not installed, or a file missing or wrong.
        """
        try:
            from piper.config import PiperConfig, SynthesisConfig
            from piper.voice import PiperVoice
        except ImportError as error:
            raise ConfigError(
                "Piper voices need the package piper-tts, which is not installed.",
                remedy="Run `pip install 'voicebot[piper]'`, or use a persona with engine kokoro.",
                code="E-TTS-PIPER",
            ) from error
        described = model.with_name(model.name + ".json")
        try:
            config = PiperConfig.from_dict(json.loads(described.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise ConfigError(
                f'voice "{model}": its description "{described.name}" is missing beside it.',
                remedy="Copy both files; a Piper voice is a pair.",
                code="E-TTS-MODEL",
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f'voice description "{described}" cannot be read ({type(error).__name__}).',
                remedy="Copy it again from where the voice came from.",
                code="E-TTS-MODEL",
            ) from error
        self.rate_hz: int = config.sample_rate
        self._lock = threading.Lock()
        self._synthesis_config = SynthesisConfig
        self._voice: Any = PiperVoice(
            session=open_session(model, threads=threads), config=config, download_dir=work_dir
        )
        self._pinyin_ids: Mapping[str, Sequence[int]] | None = None
        if config.phoneme_type.value == _PINYIN:
            self._pinyin_ids = config.phoneme_id_map
            self._segmenter = segmenter(work_dir)
        self._is_english = config.espeak_voice.startswith("en")

    @property
    def honours_polyphones(self) -> bool:
        """True for Mandarin voices that are driven by pinyin; the others read with espeak-ng."""
        return self._pinyin_ids is not None

    def speak(self, text: str, *, voice: str, pace: float, polyphones: Mapping[str, str]) -> Sound:
        """Make one part: float32 at `rate_hz`, not levelled; empty when there is nothing to speak.

        voice: "" or the number of a speaker in a model of many. pace: 0.5 to 2.0. Raises EngineError.
        """
        settings = self._synthesis_config(
            speaker_id=int(voice) if voice else None,
            length_scale=self._voice.config.length_scale / pace,
            normalize_audio=False,
        )
        try:
            with self._lock:
                made = [
                    np.asarray(self._voice.phoneme_ids_to_audio(ids, settings), dtype=np.float32).ravel()
                    for ids in self._sentences(text, polyphones)
                ]
        except Exception as error:  # onnxruntime and espeak raise what nobody can name
            raise EngineError(
                f"the Piper voice failed on a part of {len(text)} characters ({type(error).__name__}).",
                code="E-TTS-FAILED",
            ) from error
        pause = np.zeros(self.rate_hz * _SENTENCE_PAUSE_MS // 1000, dtype=np.float32)
        joined = [piece for sound in made for piece in (sound, pause)]
        return np.concatenate(joined[:-1]) if joined else np.zeros(0, dtype=np.float32)

    def _sentences(self, text: str, polyphones: Mapping[str, str]) -> list[list[int]]:
        if self._pinyin_ids is not None:
            symbols = pinyin_symbols(words(text, self._segmenter, polyphones))
            return [pinyin_ids(symbols, self._pinyin_ids)] if symbols else []
        found = self._voice.phonemize(romanise(text) if self._is_english else text)
        return [self._voice.phonemes_to_ids(sentence) for sentence in found if sentence]


def pinyin_symbols(found: Iterable[Word]) -> list[str]:
    """A prompt in the alphabet of Piper's Mandarin voices: initial, final, tone; and stops.

    >>> pinyin_symbols([Word(pinyin=("nv3", "er2")), Word(mark=","), Word(latin="L")])
    ['n', 'v', '3', 'Ø', 'er', '2', ',', 'Ø', 'ai', '2', 'l', 'u', '5']
    """
    symbols: list[str] = []
    has_voice = False
    for word in found:
        if word.mark in _STOPS:
            symbols.append(word.mark)
        spelled = " ".join(_LETTERS[letter] for letter in word.latin.upper() if letter in _LETTERS)
        for syllable in (*word.pinyin, *spelled.split()):
            base, tone = syllable[:-1], syllable[-1]
            base = _ODD_SYLLABLES.get(base, base)
            initial = next((one for one in _INITIALS if base.startswith(one)), "")
            symbols += [initial or _NO_INITIAL, base.removeprefix(initial), tone]
            has_voice = True
    return symbols if has_voice else []


def pinyin_ids(symbols: Iterable[str], table: Mapping[str, Sequence[int]]) -> list[int]:
    """Numbers for the model: begin, symbols with a pad after each syllable or stop, end.

    table: `phoneme_id_map` of the voice. Symbols it does not have are left out.
    """
    ids = list(table["^"])
    for symbol in symbols:
        if symbol in table:
            ids += table[symbol]
            if symbol in _STOPS or symbol.isdigit():
                ids += table["_"]
    return [*ids, *table["$"]]
