"""The measurements themselves: a recogniser that is known must get the marks it deserves."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from voicebot.bench.recognition import (
    Clip,
    as_json,
    comparable,
    measure,
    near,
    others_like,
    read_clips,
    render,
    with_noise,
)
from voicebot.engines.scripted import ScriptedRecogniser
from voicebot.errors import ConfigError
from voicebot.events import Alternative, Expectation, Hearing, Samples
from voicebot.wav import encode_wav

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype(np.int16)


def clip(text: str, mark: int = 1) -> Clip:
    return Clip(f"{text}.wav", text, "zh", np.full(800, mark, dtype=np.int16))


def test_errors_are_counted_by_character_whatever_the_script_and_marks() -> None:
    clips = [clip("我要退款"), clip("查一下账单")]
    columns = measure(clips, ScriptedRecogniser(["我要退宽。", "查一下賬單"]), None)
    assert columns["ours"].cer == pytest.approx(1 / 9)
    assert "11.1%" in render(columns)


def test_numbers_are_asked_for_in_four_ways() -> None:
    def ear(samples: Samples, language: str, expectation: Expectation) -> Hearing:
        """Knows the first number when nothing is known, and chooses it when it can."""
        said = "12345678" if samples[0] == 1 else "87654321"
        known = {candidate.value for candidate in expectation.candidates}
        digits = () if known else (Alternative("12345678", -0.1),)
        return Hearing(text=said, digits=digits, best_expected=said if said in known else None)

    clips = [clip("一二三四五六七八", 1), clip("八七六五四三二幺", 2)]
    ours = measure(clips, ScriptedRecogniser(ear), None)["ours"]
    assert (ours.numbers, ours.numbers_right) == (2, 1)
    assert (ours.known_right, ours.near_right, ours.absent_rejected) == (2, 2, 2)
    assert ours.present_rejected == 0
    assert as_json({"ours": ours})["ours"]["cer"] == 0.0


def test_a_recogniser_that_takes_anything_is_found_out() -> None:
    first = ScriptedRecogniser(
        lambda s, la, e: Hearing(text="x", best_expected=e.candidates[0].value if e.candidates else None)
    )
    ours = measure([clip("一二三四五六七八")], first, None)["ours"]
    assert ours.absent_rejected == 0


def test_near_and_other_numbers() -> None:
    chance = random.Random(1)
    found = near("12345678", 5, chance)
    assert len(set(found)) == 5
    assert all(sum(a != b for a, b in zip(n, "12345678", strict=True)) == 1 for n in found[1:])
    others = others_like("1234", ["1234", "9999"], 6, chance)
    assert "9999" in others
    assert "1234" not in others
    assert len(set(others)) == 6


@pytest.mark.parametrize(
    ("text", "digits"),
    [("幺三八零零幺三八", "13800138"), ("1380 0138", "13800138"), ("一二三", ""), ("我有八个八", "")],
)
def test_a_clip_is_a_number_when_nothing_else_is_said(text: str, digits: str) -> None:
    assert clip(text).digits == digits


def test_noise_is_as_loud_as_asked() -> None:
    noise = np.random.default_rng(1).normal(0, 300, 4000).astype(np.int16)
    mixed = with_noise(Clip("a", "a", "zh", TONE), noise, 10)
    under = mixed.samples.astype(float) - TONE
    ratio = np.mean(np.square(TONE.astype(float))) / np.mean(np.square(under))
    assert 10 * np.log10(ratio) == pytest.approx(10, abs=0.3)


def test_clips_are_read_from_a_table_and_sampled_the_same_each_time(tmp_path: Path) -> None:
    lines = ["file\ttext\tset"]
    for number in range(6):
        (tmp_path / f"{number}.wav").write_bytes(encode_wav(TONE))
        lines.append(f"{number}.wav\t第{number}句\t{'odd' if number % 2 else 'even'}")
    table = tmp_path / "clips.tsv"
    table.write_text("\n".join(lines), encoding="utf-8")
    assert len(read_clips(table)) == 6
    assert [c.name for c in read_clips(table, sets=("odd",))] == ["1.wav", "3.wav", "5.wav"]
    assert [c.name for c in read_clips(table, at_most=3)] == [c.name for c in read_clips(table, at_most=3)]
    assert read_clips(table)[0].language == "zh"


def test_a_table_without_a_head_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("a.wav\tb\nc.wav\td\n")
    with pytest.raises(ConfigError, match="columns file and text"):
        read_clips(tmp_path / "bad.tsv")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_clips(tmp_path / "none.tsv")


def test_comparable() -> None:
    assert comparable("買 Apple Watch,的!") == "买applewatch的"
