"""Sample formats: the only place, with `mediastream.py`, that knows mu-law and frame sizes.

Inside the heart audio is int16 mono at 8000 Hz. The wire carries G.711 mu-law, one byte a
sample. Both directions are table look-ups, so a frame costs microseconds.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from voicebot.events import Samples

RATE_HZ = 8000
FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
SAMPLES_PER_MS = RATE_HZ // 1000
QUIETEST_DB = -96.0
"""level of digital silence; nothing is quieter"""

_BIAS = 0x84
_CLIP = 32_635


def _decoding_table() -> NDArray[np.int16]:
    """G.711 table 2a: byte -> sample. Bytes are stored inverted; 1 sign, 3 exponent, 4 mantissa bits."""
    byte = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((byte & 0x0F) << 3) + _BIAS << ((byte & 0x70) >> 4)) - _BIAS
    table: NDArray[np.int16] = np.where(byte & 0x80, -magnitude, magnitude).astype(np.int16)
    return table


def _encoding_table() -> NDArray[np.uint8]:
    """Sample (as uint16 index) -> byte, with the decision levels of the reference coder.

    The reference coder works on 14 bits: the two lowest bits are dropped by an arithmetic shift
    before the sign is taken, so negative samples round away from zero.
    """
    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    short = sample >> 2
    magnitude = np.minimum(np.abs(short), _CLIP >> 2) + (_BIAS >> 2)
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    mantissa = (magnitude >> (exponent + 1)) & 0x0F
    sign = np.where(short < 0, 0x80, 0)
    table: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return table


_DECODE = _decoding_table()
_ENCODE = _encoding_table()


def decode_mulaw(data: bytes) -> Samples:
    """Wire bytes to samples; every byte is a valid sample, so nothing can fail.

    >>> decode_mulaw(bytes([0xFF, 0x00, 0x80])).tolist()
    [0, -32124, 32124]
    """
    return _DECODE[np.frombuffer(data, dtype=np.uint8)]


def encode_mulaw(samples: Samples) -> bytes:
    """Samples to wire bytes, one a sample.

    >>> encode_mulaw(np.array([0, -32124, 32124], dtype=np.int16)).hex()
    'ff0080'
    """
    return _ENCODE[np.ascontiguousarray(samples, dtype=np.int16).view(np.uint16)].tobytes()


def silence(for_ms: int) -> Samples:
    return np.zeros(max(0, for_ms) * SAMPLES_PER_MS, dtype=np.int16)


def length_ms(samples: Samples) -> int:
    """Whole milliseconds, rounded down."""
    return len(samples) // SAMPLES_PER_MS


def join(parts: list[Samples]) -> Samples:
    """One array from many; empty when there are none."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int16)


def level_db(samples: Samples) -> float:
    """Mean power against full scale: 0 dB is the loudest possible, -96 silence."""
    if not len(samples):
        return QUIETEST_DB
    wide = samples.astype(np.float32)
    power = float(np.dot(wide, wide)) / len(samples)
    if power <= 0:
        return QUIETEST_DB
    return max(QUIETEST_DB, 10 * math.log10(power / 32_768.0**2))


def apply_gain(samples: Samples, gain_db: float) -> Samples:
    """Louder or softer; never wraps around.

    A gain that would clip is lowered to the most that fits: a distorted voice is harder to
    understand than a slightly softer one.
    """
    if gain_db == 0 or not len(samples):
        return samples
    factor = 10 ** (gain_db / 20)
    peak = int(np.max(np.abs(samples.astype(np.int32))))
    if peak and factor > 1:
        factor = max(1.0, min(factor, 32_767 / peak))
    louder: Samples = np.clip(np.rint(samples * factor), -32_768, 32_767).astype(np.int16)
    return louder


class FrameCutter:
    """Cuts a stream of samples of any lengths into whole 20 ms frames.

    One cutter per stream. The same samples give the same frames, however they were chunked.
    """

    def __init__(self) -> None:
        self._tail: Samples = np.zeros(0, dtype=np.int16)

    def push(self, samples: Samples) -> tuple[Samples, ...]:
        """Add samples; return the frames that are now whole, oldest first."""
        together = np.concatenate([self._tail, samples]) if len(self._tail) else samples
        whole = len(together) // FRAME_SAMPLES
        self._tail = together[whole * FRAME_SAMPLES :]
        return tuple(together[i * FRAME_SAMPLES : (i + 1) * FRAME_SAMPLES] for i in range(whole))

    def flush(self) -> tuple[Samples, ...]:
        """The remainder, filled up with silence to a whole frame; nothing when there is none."""
        if not len(self._tail):
            return ()
        return self.push(np.zeros(FRAME_SAMPLES - len(self._tail), dtype=np.int16))
