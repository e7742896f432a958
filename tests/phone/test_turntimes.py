"""Waiting times come from the sound on the line and mean what the caller feels."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.events import Samples
from voicebot.phone.turntimes import answers, percentile, stretches


def track(*parts: tuple[int, int]) -> Samples:
    """Sound from (start, end) in ms, six seconds long."""
    samples = np.zeros(6 * 8000, dtype=np.int16)
    for start, end in parts:
        samples[start * 8 : end * 8] = (np.sin(np.arange((end - start) * 8) / 4) * 8000).astype(np.int16)
    return samples


def waits(caller: Samples, bot: Samples, *keys_ms: int) -> list[int]:
    return [answer.waited_ms for answer in answers(caller, bot, keys_ms=keys_ms)]


def test_from_the_last_sound_of_the_caller_to_the_first_of_the_bot() -> None:
    assert waits(track((500, 1500)), track((2300, 3000))) == [800]


def test_a_pause_within_the_callers_turn_is_not_a_wait() -> None:
    assert waits(track((500, 1000), (1800, 2200)), track((3000, 4000))) == [800]


def test_the_greeting_answers_nobody() -> None:
    assert waits(track(), track((500, 2000))) == []


def test_an_interrupted_prompt_is_not_the_answer() -> None:
    caller, bot = track((1000, 2000)), track((500, 1300), (2600, 3000))
    assert waits(caller, bot) == [600]


def test_a_mhm_over_a_prompt_is_no_turn() -> None:
    assert waits(track((1000, 1200)), track((500, 4000))) == []


def test_a_pause_inside_a_prompt_is_not_a_new_answer() -> None:
    caller, bot = track((1000, 1200)), track((500, 2000), (2100, 4000))
    assert waits(caller, bot) == []


def test_a_key_is_answered_like_a_sentence() -> None:
    assert waits(track(), track((1500, 2000)), 500, 700, 900) == [600]


def test_two_turns_are_two_waits() -> None:
    assert waits(track((0, 500), (3000, 3500)), track((1000, 2000), (4400, 5000))) == [500, 900]


def test_nobody_answered() -> None:
    assert waits(track((0, 500)), track()) == []


def test_breath_is_not_speech() -> None:
    speech = track((500, 1500))
    speech[1500 * 8 : 2000 * 8] = 40
    assert stretches(speech, join_ms=200) == [(500, 1500)]


def test_an_empty_call_has_no_turns() -> None:
    nothing = np.zeros(0, dtype=np.int16)
    assert answers(nothing, nothing) == ()


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, 0), ([7], 0.95, 7), ([1, 2, 3, 4], 0.5, 2), ([1, 2, 3, 4], 1, 4)],
)
def test_percentiles(values: list[int], share: float, expected: int) -> None:
    assert percentile(values, share) == expected
