"""When a candidate counts as said, and who may claim a text."""

from __future__ import annotations

import pytest

from voicebot.engines.whisper_score import (
    is_number,
    number_certainty,
    rejection_score,
    spoken_length,
    words_certainty,
)


def test_noise_makes_the_rejection_of_numbers_more_lenient() -> None:
    assert rejection_score(40) == rejection_score(30)
    assert rejection_score(30) > rejection_score(20) > rejection_score(16)


@pytest.mark.parametrize(
    ("score", "margin", "snr_db", "is_said"),
    [
        (0.0, 8.0, 40, True),
        (-0.8, 5.0, 40, True),  # the worst right one on a quiet line
        (-1.5, 5.0, 40, False),  # the best wrong one
        (-1.4, 5.0, 16, True),  # the worst right one at 10 dB
        (-2.1, 5.0, 16, False),
        (0.0, 0.05, 40, False),  # two numbers fit alike
    ],
)
def test_a_number_is_believed(score: float, margin: float, snr_db: float, is_said: bool) -> None:
    assert (number_certainty(score, margin, snr_db) > 0.55) is is_said


@pytest.mark.parametrize(
    ("score", "margin", "likeness", "length_ratio", "is_said"),
    [
        (0.0, 8.0, 1.0, 1.0, True),  # heard as written
        (-2.7, 6.0, 1.0, 1.0, True),  # 援路退回: other characters, same sound
        (-2.0, 4.0, 0.3, 1.0, False),  # sounds like something else
        (0.5, 5.0, 0.0, 0.5, True),  # the free reading was hopeless, the candidate is not
        (-4.5, 9.0, 0.5, 0.3, False),  # the caller said much more
    ],
)
def test_words_are_believed(
    score: float, margin: float, likeness: float, length_ratio: float, is_said: bool
) -> None:
    assert (words_certainty(score, margin, likeness, length_ratio) >= 0.5) is is_said


def test_what_is_a_number() -> None:
    assert is_number("8801")
    assert is_number("尾号八八零一")
    assert not is_number("第12个")
    assert not is_number("昨天买的那件黑色的138")
    assert spoken_length("嗯, 8801。") == 5
