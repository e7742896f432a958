"""Sample formats: exact on the wire, indifferent to chunking."""

from __future__ import annotations

import doctest
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import voicebot.audio
from voicebot.audio import (
    FRAME_SAMPLES,
    QUIETEST_DB,
    FrameCutter,
    apply_gain,
    decode_mulaw,
    encode_mulaw,
    join,
    length_ms,
    level_db,
    silence,
)
from voicebot.events import Samples

EVERY_SAMPLE = np.arange(-32_768, 32_768).astype(np.int16)


def test_examples_in_the_docstrings_run() -> None:
    assert doctest.testmod(voicebot.audio).failed == 0


def test_mulaw_equals_the_reference_coder_for_every_sample_and_every_byte() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop", reason="the reference coder left Python with 3.13")
    assert encode_mulaw(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE.tobytes(), 2)
    every_byte = bytes(range(256))
    assert decode_mulaw(every_byte).tobytes() == audioop.ulaw2lin(every_byte, 2)


@pytest.mark.parametrize(
    ("byte", "sample"),
    [
        (0xFF, 0),  # plus zero
        (0x7F, 0),  # minus zero: a second code for silence
        (0x80, 32_124),  # the loudest
        (0x00, -32_124),
        (0xFE, 8),
        (0x7E, -8),
    ],
)
def test_known_points_of_the_g711_table(byte: Any, sample: Any) -> None:
    assert decode_mulaw(bytes([byte])).tolist() == [sample]


def test_what_came_from_the_wire_goes_back_unchanged() -> None:
    every_byte = bytes(range(256))
    back = encode_mulaw(decode_mulaw(every_byte))
    assert [i for i in range(256) if back[i] != i] == [0x7F]  # minus zero becomes plus zero


def test_coding_loses_at_most_a_sixteenth_of_the_sample() -> None:
    heard = decode_mulaw(encode_mulaw(EVERY_SAMPLE)).astype(int)
    error = np.abs(heard - EVERY_SAMPLE.astype(int))
    inside = np.abs(EVERY_SAMPLE.astype(int)) <= 32_124
    assert (error[inside] <= np.abs(EVERY_SAMPLE.astype(int)[inside]) / 16 + 8).all()


@given(st.lists(st.integers(0, 700), max_size=12))
def test_any_chunking_gives_the_same_frames(sizes: Any) -> None:
    audio = (np.arange(sum(sizes)) % 30_011).astype(np.int16)
    whole = FrameCutter().push(audio)
    cutter = FrameCutter()
    pieces: list[Samples] = []
    start = 0
    for size in sizes:
        pieces += cutter.push(audio[start : start + size])
        start += size
    assert [p.tolist() for p in pieces] == [w.tolist() for w in whole]
    assert all(len(p) == FRAME_SAMPLES for p in pieces)


def test_the_remainder_is_filled_up_with_silence() -> None:
    cutter = FrameCutter()
    assert cutter.push(np.full(100, 7, dtype=np.int16)) == ()
    (frame,) = cutter.flush()
    assert frame.tolist() == [7] * 100 + [0] * 60
    assert cutter.flush() == ()


def test_levels() -> None:
    assert level_db(silence(20)) == QUIETEST_DB
    assert level_db(silence(0)) == QUIETEST_DB
    assert level_db(np.full(160, 32_767, dtype=np.int16)) == pytest.approx(0, abs=0.01)
    assert level_db(np.full(160, 3277, dtype=np.int16)) == pytest.approx(-20, abs=0.01)


def test_gain_makes_louder_and_softer() -> None:
    tone = np.full(160, 1000, dtype=np.int16)
    assert level_db(apply_gain(tone, 6)) - level_db(tone) == pytest.approx(6, abs=0.05)
    assert level_db(apply_gain(tone, -6)) - level_db(tone) == pytest.approx(-6, abs=0.05)
    assert apply_gain(tone, 0) is tone


@pytest.mark.parametrize("extreme", [32_767, -32_768])
def test_gain_never_wraps_around(extreme: Any) -> None:
    loud = np.full(10, extreme, dtype=np.int16)
    assert np.sign(apply_gain(loud, 12).astype(int)).tolist() == [np.sign(extreme)] * 10


def test_lengths() -> None:
    assert length_ms(silence(340)) == 340
    assert len(silence(-5)) == 0
    assert len(join([])) == 0
    assert len(join([silence(20), silence(40)])) == 480
