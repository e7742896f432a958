"""Which wording is said."""

from __future__ import annotations

import itertools
from datetime import datetime

import pytest

from voicebot.dialogue import Dialogue
from voicebot.dialogue.state import State
from voicebot.dialogue.wording import MissingValueError, find_prompt, say


def fresh(seed: int = 1) -> State:
    return State(call={"started_at": datetime(2026, 11, 21, 12)}, seed=seed, language="zh")


def test_no_wording_twice_in_a_row(payments: Dialogue) -> None:
    state = fresh()
    said = [say(payments.dialplan, state, "anything_else").text for _ in range(12)]
    assert all(a != b for a, b in itertools.pairwise(said))
    assert len(set(said)) == 3


def test_the_same_seed_says_the_same_and_another_may_differ(payments: Dialogue) -> None:
    def words(seed: int) -> list[str]:
        state = fresh(seed)
        return [say(payments.dialplan, state, "anything_else").text for _ in range(4)]

    assert words(7) == words(7)
    assert len({tuple(words(seed)) for seed in range(8)}) > 1


def test_an_angry_caller_hears_the_words_for_it(payments: Dialogue) -> None:
    state = fresh()
    state.mood = "angry"
    assert say(payments.dialplan, state, "sorry_not_understood").text in (
        "实在抱歉，是我没听明白。",
        "真对不起，我换个问法。",
    )


def test_coming_back_uses_the_short_form(payments: Dialogue) -> None:
    state = fresh()
    assert say(payments.dialplan, state, "ask_method", again=True).text == "原路退回，还是退到余额？"


def test_a_prompt_that_cannot_be_filled_is_not_half_spoken(payments: Dialogue) -> None:
    state = fresh()
    with pytest.raises(MissingValueError, match="order"):
        say(payments.dialplan, state, "confirm_order")
    assert state.saying == []


def test_a_prompt_missing_in_a_language_is_said_in_the_first(payments: Dialogue) -> None:
    found = find_prompt(payments.dialplan, "fr", "goodbye")
    assert found is not None
    assert found.language == "zh"
    assert find_prompt(payments.dialplan, "zh", "no_such_prompt") is None


def test_numbers_are_spoken_as_people_say_them(payments: Dialogue) -> None:
    state = fresh()
    order = {"tail": "1234", "title": "衬衫"}
    action = say(payments.dialplan, state, "confirm_order", {"order": order})
    assert "1234" in action.text
    assert "幺二三四" in action.spoken
