"""Whatever an engine makes, the caller hears one loudness and no clipping."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.engines.loudness import CEILING_DB, Sound, fade, for_telephone, limit, loudness_db, trim
from voicebot.events import Samples


def tone(hz: float, for_s: float, *, peak: float = 1.0, rate_hz: int = 8000) -> Sound:
    at = np.arange(round(for_s * rate_hz)) / rate_hz
    return np.asarray(peak * np.sin(2 * np.pi * hz * at), dtype=np.float32)


def quiet(for_s: float, rate_hz: int = 8000) -> Sound:
    return np.zeros(round(for_s * rate_hz), dtype=np.float32)


def voice(for_s: float, *, peak: float, rate_hz: int = 24_000) -> Sound:
    """Something with the rise and fall of syllables: noise in 5 Hz bursts."""
    noise = np.random.default_rng(7).standard_normal(round(for_s * rate_hz))
    at = np.arange(len(noise)) / rate_hz
    sound = noise * np.clip(np.sin(2 * np.pi * 5 * at), 0.05, 1)
    return np.asarray(sound / np.abs(sound).max() * peak, dtype=np.float32)


def level(samples: Samples) -> float:
    return loudness_db(samples.astype(np.float32) / np.float32(32_767))


def test_a_tone_measures_its_power() -> None:
    assert loudness_db(tone(997, 2)) == pytest.approx(-3.01, abs=0.1)
    assert loudness_db(tone(997, 2, peak=0.1)) == pytest.approx(-23.01, abs=0.1)


def test_pauses_do_not_make_a_sentence_quieter() -> None:
    spoken = tone(997, 2, peak=0.1)
    with_pauses = np.concatenate([quiet(3), spoken, quiet(3)])
    assert loudness_db(with_pauses) == pytest.approx(loudness_db(spoken), abs=0.7)


def test_an_ear_hardly_hears_rumble() -> None:
    assert loudness_db(tone(30, 2)) < loudness_db(tone(997, 2)) - 5


@pytest.mark.parametrize("silent", [quiet(0), quiet(1), tone(997, 1, peak=1e-5)])
def test_silence_has_the_lowest_loudness(silent: Sound) -> None:
    assert loudness_db(silent) == -70.0


@pytest.mark.parametrize("peak", [0.06, 0.2, 0.9, 3.0])
@pytest.mark.parametrize("rate_hz", [8000, 16_000, 22_050, 24_000])
def test_every_engine_ends_at_the_same_loudness(peak: float, rate_hz: int) -> None:
    samples = for_telephone(voice(2, peak=peak, rate_hz=rate_hz), rate_hz=rate_hz, target_db=-20.0)
    assert level(samples) == pytest.approx(-20.0, abs=1.0)
    assert samples.dtype == np.int16


def test_hiss_is_not_made_into_a_voice() -> None:
    assert level(for_telephone(voice(2, peak=0.001), rate_hz=24_000, target_db=-20.0)) < -45


def test_nothing_is_amplified_into_clipping() -> None:
    click = voice(2, peak=0.02)
    click[24_000] = 1.0
    samples = for_telephone(click, rate_hz=24_000, target_db=-14.0)
    assert np.abs(samples.astype(int)).max() <= 32_767 * 10 ** (CEILING_DB / 20) + 1


def test_the_limiter_turns_down_smoothly_and_only_where_it_must() -> None:
    loud = np.concatenate([tone(200, 0.5, peak=0.2), tone(200, 0.1, peak=2.0), tone(200, 0.5, peak=0.2)])
    limited = limit(loud)
    assert np.abs(limited).max() <= 10 ** (CEILING_DB / 20) + 1e-6
    np.testing.assert_allclose(limited[:3800], loud[:3800], atol=1e-6)
    assert np.abs(np.diff(limited)).max() <= np.abs(np.diff(loud)).max()
    soft = tone(200, 0.5, peak=0.5)
    assert limit(soft) is soft


def test_silence_around_the_voice_is_cut_to_what_is_kept() -> None:
    sound = np.concatenate([quiet(0.4), tone(500, 1.0, peak=0.3), quiet(0.8)])
    trimmed = trim(sound, keep_ms=50)
    assert len(trimmed) / 8 == pytest.approx(1100, abs=25)
    assert len(trim(tone(500, 0.3), keep_ms=50)) == 2400  # nothing to cut, nothing is invented


def test_a_weak_final_consonant_stays() -> None:
    weak = (np.random.default_rng(1).standard_normal(800) * 0.006).astype(np.float32)
    sound = np.concatenate([tone(300, 0.5, peak=0.3), weak, quiet(0.5)])
    assert len(trim(sound, keep_ms=0)) >= 4800


@pytest.mark.parametrize(
    "nothing",
    [
        quiet(0),
        quiet(1, 24_000),
        np.full(24_000, 0.5, dtype=np.float32),
        np.full(24_000, np.nan, dtype=np.float32),
    ],
    ids=["empty", "zeros", "direct current", "not numbers"],
)
def test_where_nothing_is_to_be_heard_nothing_comes(nothing: Sound) -> None:
    assert len(for_telephone(nothing, rate_hz=24_000, target_db=-20.0)) == 0


def test_a_few_bad_numbers_do_not_silence_a_sentence() -> None:
    sound = voice(1, peak=0.5)
    sound[100], sound[200] = np.nan, np.inf
    assert level(for_telephone(sound, rate_hz=24_000, target_db=-20.0)) == pytest.approx(-20, abs=1)


def test_what_a_telephone_cannot_carry_does_not_fold_back() -> None:
    high = tone(6000, 1, peak=0.9, rate_hz=24_000)
    spoken = voice(1, peak=0.3)
    clean = for_telephone(spoken, rate_hz=24_000, target_db=-20.0).astype(float)
    mixed = for_telephone(spoken + high, rate_hz=24_000, target_db=-20.0).astype(float)
    spectrum = np.abs(np.fft.rfft(mixed[:8000], 8000))
    assert spectrum[1990:2010].max() < 3 * np.abs(np.fft.rfft(clean[:8000], 8000))[1900:2100].max()


def test_parts_begin_and_end_at_zero() -> None:
    faded = fade(np.ones(800, dtype=np.float32))
    assert faded[0] == faded[-1] == 0.0
    assert faded[400] == 1.0
    assert len(fade(quiet(0))) == 0
