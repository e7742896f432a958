"""The caller's sounds, made before the call: spoken texts, recordings, noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr

from voicebot.audio import RATE_HZ, join
from voicebot.dialplan.model import Place
from voicebot.engines.base import Synthesiser
from voicebot.errors import ConfigError
from voicebot.events import Samples
from voicebot.phone.caller import speech_end_ms
from voicebot.phone.script import Play, Say, Script
from voicebot.phone.tape import Background, speech_level_db
from voicebot.wav import decode_wav

TRAIL_MS = 20
"""kept after the last sound of a spoken text: a synthesiser's breath is not the caller's"""


def read_sound(path: Path) -> Samples:
    """A WAV file as telephone sound: mono, 8000 Hz. Raises ConfigError that names the file."""
    try:
        sound, rate_hz = decode_wav(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}",
            code="E-PHONE-SOUND",
            remedy="Files of a script are looked for beside it.",
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{path}: {error}", code="E-PHONE-SOUND", remedy="Convert it to a 16-bit WAV file."
        ) from error
    mono = sound.astype(np.float64).mean(axis=1)
    if rate_hz != RATE_HZ:
        mono = soxr.resample(mono, rate_hz, RATE_HZ)
    samples: Samples = np.clip(np.rint(mono), -32_768, 32_767).astype(np.int16)
    return samples


def make_sounds(
    script: Script, synthesiser: Synthesiser | None, voice: str, folder: Path
) -> dict[Place, Samples]:
    """Every `say` and `play` of a script as sound, by its place. Blocks; raises ConfigError, EngineError.

    voice: persona for `say` lines; folder: where files of the script are looked for.
    """
    sounds: dict[Place, Samples] = {}
    spoken: dict[str, Samples] = {}
    for move in script.moves:
        if isinstance(move, Play):
            sounds[move.place] = read_sound(folder / move.file)
        elif isinstance(move, Say):
            if synthesiser is None:
                raise ConfigError(
                    f"{move.place}: there is no voice to say this with",
                    code="E-PHONE-VOICE",
                    remedy="Play a recording instead: play: file.wav",
                )
            if move.text not in spoken:
                whole = join(list(synthesiser.synthesise(move.text, voice=voice)))
                spoken[move.text] = whole[: (speech_end_ms(whole) + TRAIL_MS) * RATE_HZ // 1000]
            sounds[move.place] = spoken[move.text]
    return sounds


def make_background(script: Script, sounds: dict[Place, Samples], folder: Path) -> Background | None:
    """The noise behind the caller; None when the script asks for none. Raises ConfigError."""
    if script.noise is None:
        return None
    noise = read_sound(folder / script.noise.file)
    if not noise.any():
        raise ConfigError(
            f"{folder / script.noise.file}: there is no sound in it",
            code="E-PHONE-SOUND",
            remedy="Choose another noise, or leave noise out.",
        )
    speech_db = speech_level_db(list(sounds.values()))
    return Background(noise, speech_db=speech_db, snr_db=script.noise.snr_db)
