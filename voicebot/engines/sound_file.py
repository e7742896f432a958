"""Recordings in files -> the audio of a call."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from voicebot.errors import ConfigError
from voicebot.events import Samples
from voicebot.wav import decode_wav

CALL_HZ = 8000


def read_call_audio(file: Path) -> Samples:
    """First channel of a WAV file at 8000 Hz. Raises ConfigError naming the file."""
    try:
        sound, rate_hz = decode_wav(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"{file} is not usable: {error}.") from error
    samples = sound[:, 0]
    if rate_hz != CALL_HZ:
        import soxr

        resampled = soxr.resample(samples.astype(np.float32), rate_hz, CALL_HZ)
        samples = np.clip(np.rint(resampled), -32_768, 32_767).astype(np.int16)
    return np.ascontiguousarray(samples)
