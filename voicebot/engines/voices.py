"""Every persona of the house behind one `Synthesiser`: the persona's file picks engine and voice.

A prompt goes through: the persona's replacements, cutting at punctuation, the engine, levelling and
resampling for the telephone. Parts are given out as they are ready.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from voicebot.audio import join, silence
from voicebot.engines import phrasing
from voicebot.engines.loudness import Sound, for_telephone
from voicebot.engines.persona import Persona, read_personas
from voicebot.errors import ConfigError, EngineError
from voicebot.events import Samples

log = logging.getLogger(__name__)

SLOWEST, FASTEST = 0.5, 2.0
"""outside, the voice models fall apart"""

_PROBE = {"zh": "您好。", "en": "Hello."}

FindModel = Callable[[str], Path]
"""name or path of a model -> its file or folder; raises ConfigError"""


class Engine(Protocol):
    """What a voice model must do. Loading happens in its constructor."""

    rate_hz: int
    version: str

    def speak(self, text: str, *, voice: str, pace: float, polyphones: Mapping[str, str]) -> Sound: ...


class Voices:
    """The Synthesiser of the product. Shared by all calls and pool threads; keeps nothing of a prompt."""

    def __init__(
        self,
        voices_dir: Path,
        find_model: FindModel,
        *,
        work_dir: Path,
        needed: Collection[str] | None = None,
        threads: int = 2,
    ) -> None:
        """voices_dir: folder of persona files, read and checked at once. Raises ConfigError.

        find_model: knows "kokoro", "kokoro-voices" and what persona files name.
        work_dir: where engines keep prepared dictionaries.
        needed: personas that must work for the house to open; None for all. Others may fail when used.
        threads: processor threads for one part; the recogniser wants some too.
        """
        self._personas = read_personas(voices_dir)
        self._find_model = find_model
        self._work_dir = work_dir
        self._threads = threads
        self._engines: dict[str, Engine] = {}
        self._loading = threading.Lock()
        self._needed = tuple(sorted(self._personas)) if needed is None else tuple(needed)
        for name in self._needed:
            self.persona(name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._personas))

    def persona(self, voice: str) -> Persona:
        """Raises ConfigError for a persona nobody wrote a file for."""
        if voice not in self._personas:
            raise ConfigError(
                f'there is no persona "{voice}".',
                remedy=f"Known: {', '.join(self.names)}. Add a file {voice}.yaml to the folder of voices.",
                code="E-VOICE-UNKNOWN",
            )
        return self._personas[voice]

    def warm_up(self) -> None:
        """Load what the needed personas need, and let each speak once. Raises ConfigError, EngineError."""
        for name in self._needed:
            persona = self.persona(name)
            if not len(join(list(self.synthesise(_PROBE[persona.language], voice=name)))):
                raise EngineError(
                    f'persona "{name}" made no sound.',
                    remedy="Run `voicebot models check`, then `voicebot say` with this voice.",
                    code="E-TTS-SILENT",
                )

    def fingerprint(self, voice: str) -> str:
        """Changes when the same text would sound different: part of the key under which audio is kept."""
        persona = self.persona(voice)
        return f"{self._version(persona)} {persona.fingerprint()}"

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]:
        """See `Synthesiser`. A text without anything to speak gives no part."""
        persona = self.persona(voice)
        engine = self._engine(persona)
        speed = min(FASTEST, max(SLOWEST, persona.pace * pace))
        parts = phrasing.split(persona.wording(text))
        for number, part in enumerate(parts):
            sound = engine.speak(part.strip(), voice=persona.voice, pace=speed, polyphones=persona.polyphones)
            samples = for_telephone(sound, rate_hz=engine.rate_hz, target_db=persona.loudness_db)
            if not len(samples):
                continue
            if number + 1 < len(parts):
                samples = join([samples, silence(round(phrasing.pause_ms(part) / speed))])
            yield samples

    def _version(self, persona: Persona) -> str:
        if persona.engine == "kokoro":
            from voicebot.engines.kokoro import VERSION
        else:
            from voicebot.engines.piper import VERSION
        return VERSION

    def _engine(self, persona: Persona) -> Engine:
        """The loaded engine of a persona; the same model is loaded once for all of them."""
        key = f"{persona.engine} {persona.model}"
        with self._loading:
            if key not in self._engines:
                log.info("loading voice engine %s", key.strip())
                self._engines[key] = self._load(persona)
            return self._engines[key]

    def _load(self, persona: Persona) -> Engine:
        if persona.engine == "kokoro":
            from voicebot.engines.kokoro import Kokoro

            return Kokoro(
                self._find_model("kokoro"),
                self._find_model("kokoro-voices"),
                cache_dir=self._work_dir,
                threads=self._threads,
            )
        from voicebot.engines.piper import Piper

        piper = Piper(self._find_model(persona.model), work_dir=self._work_dir, threads=self._threads)
        if persona.polyphones and not piper.honours_polyphones:
            log.warning(
                'persona "%s": this Piper voice reads with espeak-ng and cannot honour polyphones',
                persona.name,
            )
        return piper
