"""What the samples alone tell."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.engines.levels import frame_levels_db, sound_of
from voicebot.events import Samples


def utterance(noise: float, voice: float = 6000.0) -> Samples:
    """Half a second of line, one of voice, half of line."""
    random = np.random.default_rng(3)
    sound = random.normal(0, noise, 16_000)
    at = np.arange(8000) / 8000
    sound[4000:12000] += voice * np.sin(2 * np.pi * 220 * at)
    return np.clip(sound, -32_768, 32_767).astype(np.int16)


def test_levels_are_against_full_scale() -> None:
    assert frame_levels_db(np.zeros(160, dtype=np.int16)) == [-90.0]
    assert frame_levels_db(np.full(320, -32_768, dtype=np.int16)) == pytest.approx([0.0, 0.0], abs=0.1)
    assert len(frame_levels_db(np.zeros(159, dtype=np.int16))) == 0


@pytest.mark.parametrize("snr_db", [5, 10, 20, 30])
def test_signal_to_noise_is_measured(snr_db: int) -> None:
    noise = 6000 / np.sqrt(2) / 10 ** (snr_db / 20)
    assert sound_of(utterance(noise)).snr_db == pytest.approx(snr_db, abs=2)


def test_voice_is_counted_and_noise_is_not() -> None:
    assert sound_of(utterance(100)).voiced_ms == pytest.approx(1000, abs=60)
    assert sound_of(utterance(100, voice=0)).voiced_ms == 0
    assert sound_of(np.zeros(16_000, dtype=np.int16)).voiced_ms == 0
    assert sound_of(np.zeros(0, dtype=np.int16)).voiced_ms == 0
