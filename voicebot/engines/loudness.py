"""From whatever an engine makes to what a telephone plays: 8000 Hz, one loudness, no clipping.

Engines differ by 10 dB and more from voice to voice and from sentence to sentence; a caller who turned
the phone up for one sentence is shouted at by the next. So every part is levelled by what an ear
measures, ITU-R BS.1770: K-weighting, 400 ms blocks, silence left out. What sticks out after that is
turned down for a few milliseconds, never cut off: mu-law clips hard, and clipped consonants are the
first thing an old ear loses.
"""

from __future__ import annotations

import functools

import numpy as np
import soxr
from numpy.typing import NDArray

from voicebot.audio import RATE_HZ, SAMPLES_PER_MS
from voicebot.events import Samples

Sound = NDArray[np.float32]
"""float32, shape (n,), mono; 1.0 is full scale"""

CEILING_DB = -1.0
"""no sample leaves louder than this; mu-law itself ends at -0.2 dB"""
QUIETEST_DB = -70.0
"""blocks below are silence to BS.1770, and so is a sound made of them only"""
MOST_GAIN_DB = 30.0
"""more would only raise hiss: an engine that quiet has made nothing to hear"""

_BLOCK_MS, _HOP_MS = 400, 100
_LOOK_AHEAD_MS = 5
_EDGE_MS = 10
_VOICE_FLOOR_DB = -38.0
"""below the loudest 10 ms: weak final consonants of Kokoro and Piper lie above, their hiss below"""


def for_telephone(sound: Sound, *, rate_hz: int, target_db: float, keep_ms: int = 50) -> Samples:
    """Make one part of a prompt ready to be played.

    sound: float32 as the engine made it, `rate_hz`; any level, may exceed 1.0.
    target_db: K-weighted loudness of the result, -20.0 for telephone speech.
    keep_ms: silence left before and after the voice; the rest is cut away.
    Returns int16 at 8000 Hz; empty when there is nothing to hear. Not-a-number samples count as silence.
    """
    narrow = to_telephone_rate(sound, rate_hz)
    trimmed = trim(narrow, keep_ms=keep_ms)
    if not len(trimmed):
        return np.zeros(0, dtype=np.int16)
    gain_db = min(MOST_GAIN_DB, target_db - loudness_db(trimmed))
    levelled = limit(trimmed * np.float32(10 ** (gain_db / 20)))
    return np.rint(fade(levelled) * 32_767).astype(np.int16)


def to_telephone_rate(sound: Sound, rate_hz: int) -> Sound:
    """Resample to 8000 Hz with a filter that leaves nothing above 4 kHz to fold back."""
    clean = np.nan_to_num(np.asarray(sound, dtype=np.float32), posinf=0.0, neginf=0.0)
    if not len(clean):
        return clean
    centred: Sound = clean - np.float32(clean.mean(dtype=np.float64))
    if rate_hz == RATE_HZ:
        return centred
    narrow: Sound = np.asarray(soxr.resample(centred, rate_hz, RATE_HZ, quality="HQ"), dtype=np.float32)
    return narrow


def trim(sound: Sound, *, keep_ms: int) -> Sound:
    """Cut silence before and after the voice down to `keep_ms`; empty when there is no voice at all.

    sound: 8000 Hz.
    """
    edge = _EDGE_MS * SAMPLES_PER_MS
    count = -(-len(sound) // edge)
    if not count:
        return sound
    padded = np.zeros(count * edge, dtype=np.float32)
    padded[: len(sound)] = sound
    power = (padded.reshape(count, edge).astype(np.float64) ** 2).mean(axis=1)
    loudest = power.max()
    if loudest < 10 ** (QUIETEST_DB / 10):
        return sound[:0]
    voiced = np.flatnonzero(power > loudest * 10 ** (_VOICE_FLOOR_DB / 10))
    keep = keep_ms * SAMPLES_PER_MS
    return sound[max(0, voiced[0] * edge - keep) : (voiced[-1] + 1) * edge + keep]


def loudness_db(sound: Sound) -> float:
    """How loud an ear finds it: gated loudness after ITU-R BS.1770, of sound at 8000 Hz.

    A 1 kHz tone measures its mean power. Returns QUIETEST_DB for silence. Sounds shorter than a block
    are one block.
    """
    if not len(sound):
        return QUIETEST_DB
    weighted = np.fft.irfft(np.fft.rfft(sound, _fft_size(len(sound))) * _k_weighting(_fft_size(len(sound))))
    squares = np.concatenate([[0.0], np.cumsum(weighted[: len(sound)] ** 2)])
    block = min(_BLOCK_MS * SAMPLES_PER_MS, len(sound))
    starts = np.arange(0, len(sound) - block + 1, _HOP_MS * SAMPLES_PER_MS)
    power = (squares[starts + block] - squares[starts]) / block
    heard = power[power > _power(QUIETEST_DB)]
    if not len(heard):
        return QUIETEST_DB
    heard = heard[heard > heard.mean() * 10**-1.0]
    return float(10 * np.log10(heard.mean()) + _OFFSET_DB)


def limit(sound: Sound) -> Sound:
    """Turn down, smoothly and ahead of time, what would be louder than the ceiling. 8000 Hz."""
    ceiling = 10 ** (CEILING_DB / 20)
    wanted = np.minimum(1.0, ceiling / np.maximum(np.abs(sound), 1e-9))
    if wanted.min() >= 1.0:
        return sound
    reach = _LOOK_AHEAD_MS * SAMPLES_PER_MS
    # The smallest gain within reach of each sample, then a mean over the same reach: the result is
    # smooth, and nowhere above the gain wanted at that sample.
    padded = np.pad(wanted, reach, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    window = np.hanning(2 * reach + 3)[1:-1]
    gain = np.convolve(np.pad(lowest, reach, mode="edge"), window / window.sum(), mode="valid")
    limited: Sound = np.clip(sound * gain, -ceiling, ceiling).astype(np.float32)
    return limited


def fade(sound: Sound, *, for_ms: int = 5) -> Sound:
    """Begin and end at zero, so that parts join without a click. 8000 Hz."""
    count = min(for_ms * SAMPLES_PER_MS, len(sound) // 2)
    if not count:
        return sound
    faded = sound.copy()
    ramp = np.linspace(0.0, 1.0, count, dtype=np.float32)
    faded[:count] *= ramp
    faded[-count:] *= ramp[::-1]
    return faded


_OFFSET_DB = -0.691
"""BS.1770: what makes a 997 Hz tone measure its power"""


def _power(level_db: float) -> float:
    return float(10 ** ((level_db - _OFFSET_DB) / 10))


def _fft_size(length: int) -> int:
    """A power of two with room, so that the filter's end does not wrap onto the beginning."""
    return 1 << (length + 400).bit_length()


@functools.lru_cache(maxsize=32)
def _k_weighting(size: int) -> NDArray[np.float64]:
    """Gain for each bin of an rfft of this size: the two filters of BS.1770, from their analogue forms."""
    s = 2j * np.pi * np.fft.rfftfreq(size, 1 / RATE_HZ)
    w, q = 2 * np.pi * 1681.974450955533, 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    shelf = (high * s**2 + band * w / q * s + w**2) / (s**2 + w / q * s + w**2)
    w, q = 2 * np.pi * 38.13547087602444, 0.5003270373238773
    high_pass = s**2 / (s**2 + w / q * s + w**2)
    gains: NDArray[np.float64] = np.abs(shelf * high_pass)
    return gains
