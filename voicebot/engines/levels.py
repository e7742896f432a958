"""What the samples alone tell about an utterance: how loud, how noisy, how much voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicebot.engines.hallucination import Sound
from voicebot.events import Samples

HZ = 8000
FRAME_SAMPLES = 160
QUIET_SHARE = 0.1
LOUD_SHARE = 0.85
VOICE_ABOVE_QUIET_DB = 8.0
VOICE_AT_LEAST_DB = -55.0
CLEAN_DB = 40.0
"""reported for a recording without any noise"""


def frame_levels_db(samples: Samples) -> NDArray[np.float64]:
    """Level of every whole 20 ms, dB below full scale; silence is -90."""
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].astype(np.float64)
    power = np.mean(np.square(whole.reshape(-1, FRAME_SAMPLES)), axis=1) / 32768.0**2
    levels: NDArray[np.float64] = np.maximum(-90.0, 10 * np.log10(power + 1e-12))
    return levels


def sound_of(samples: Samples) -> Sound:
    """Estimate signal to noise from the loud and the quiet frames, and count voiced time.

    A speaker pauses between words and is quiet before and after: the quiet tenth of the frames
    is the line, the loud ones are voice on top of it. Without pauses the estimate is too low,
    which errs on the careful side.
    """
    levels = frame_levels_db(samples)
    if not len(levels):
        return Sound(snr_db=0.0, voiced_ms=0)
    quiet = float(np.quantile(levels, QUIET_SHARE))
    loud = float(np.quantile(levels, LOUD_SHARE))
    noise_power, loud_power = 10 ** (quiet / 10), 10 ** (loud / 10)
    voice_power = max(loud_power - noise_power, noise_power * 1e-2)
    snr = min(CLEAN_DB, 10 * float(np.log10(voice_power / noise_power)))
    voiced = levels > max(quiet + VOICE_ABOVE_QUIET_DB, VOICE_AT_LEAST_DB)
    return Sound(snr_db=snr, voiced_ms=int(np.count_nonzero(voiced)) * 20)
