"""Key presses and when they make an entry."""

from __future__ import annotations

from typing import Any

import pytest

from voicebot.dialplan.model import Keys
from voicebot.keypad import Keypad

YES_NO = Keys(max_keys=1, choices={"1": "yes", "2": "no"})
TAIL = Keys(max_keys=4, min_keys=4, inter_key_ms=3000)
TAIL_OR_CHOICE = Keys(max_keys=4, inter_key_ms=2000, choices={"1": "first", "2": "second"})
OPEN_LENGTH = Keys(max_keys=20, end_key="#")
STAR_IS_A_CHOICE = Keys(max_keys=4, choices={"*": "back"})
ZERO_IS_A_CHOICE = Keys(max_keys=1, choices={"0": "none"})


def press(keys: Keys | None, pressed: str, *, every_ms: int = 300, then_wait_ms: int = 0) -> list[str]:
    """Press keys one after another; "." waits a second. Returns the entries."""
    keypad = Keypad()
    keypad.open(keys)
    now_ms, entries = 0, []
    for key in pressed:
        if key == ".":
            now_ms += 1000
        else:
            now_ms += every_ms
            if (entry := keypad.press(key, now_ms)) is not None:
                entries.append(entry)
        if (entry := keypad.tick(now_ms)) is not None:
            entries.append(entry)
    if (entry := keypad.tick(now_ms + then_wait_ms)) is not None:
        entries.append(entry)
    return entries


@pytest.mark.parametrize(
    ("keys", "pressed", "wait_ms", "entries"),
    [
        # finished by the key itself
        (YES_NO, "1", 0, ["1"]),
        (YES_NO, "7", 0, ["7"]),  # not offered, but an answer: the dialogue says so
        (TAIL, "1234", 0, ["1234"]),
        (OPEN_LENGTH, "12345#", 0, ["12345"]),
        (TAIL, "12#", 0, ["12"]),  # too short: the dialogue says what is missing
        (STAR_IS_A_CHOICE, "*", 0, ["*"]),
        (TAIL, "*", 0, ["*"]),
        (TAIL, "12341", 0, ["1234"]),  # the fifth begins the next entry
        (TAIL, "12*3456", 0, ["3456"]),  # a slip, wiped
        # finished by a pause
        (TAIL, "12", 3000, ["12"]),
        (TAIL_OR_CHOICE, "1", 2000, ["1"]),
        (TAIL_OR_CHOICE, "1234", 0, ["1234"]),
        # not finished
        (TAIL, "123", 2999, []),
        (TAIL_OR_CHOICE, "1", 1999, []),  # may still become 1234
        (OPEN_LENGTH, "#", 9999, []),
        (TAIL, "12*", 9999, []),
        (TAIL, "", 9999, []),
    ],
)
def test_entries(keys: Any, pressed: Any, wait_ms: Any, entries: Any) -> None:
    assert press(keys, pressed, then_wait_ms=wait_ms) == entries


@pytest.mark.parametrize(
    ("keys", "pressed", "wait_ms", "entries"),
    [
        (YES_NO, "0", 0, ["0"]),
        (None, "0", 0, ["0"]),  # nobody asked: still an agent, at once
        (TAIL, "0#", 0, ["0"]),
        (TAIL, "0", 3000, ["0"]),
        # here 0 is a digit, or an answer
        (TAIL, "0", 2999, []),
        (TAIL, "0123", 0, ["0123"]),
        (ZERO_IS_A_CHOICE, "0", 0, ["0"]),
    ],
)
def test_key_zero(keys: Any, pressed: Any, wait_ms: Any, entries: Any) -> None:
    assert press(keys, pressed, then_wait_ms=wait_ms) == entries


@pytest.mark.parametrize(
    ("keys", "first", "is_agent"),
    [
        (YES_NO, "", True),
        (None, "", True),
        (ZERO_IS_A_CHOICE, "", False),
        (TAIL, "", False),
        (None, "12", False),  # the 0 of a number keyed at the wrong moment
    ],
)
def test_whether_zero_counts_at_once(keys: Any, first: Any, is_agent: Any) -> None:
    keypad = Keypad()
    keypad.open(keys)
    for n, key in enumerate(first):
        keypad.press(key, n)
    assert keypad.means_agent("0") is is_agent
    assert not keypad.means_agent("1")


def test_a_number_keyed_at_the_wrong_moment_is_one_entry() -> None:
    assert press(None, "13800138000", then_wait_ms=1500) == ["13800138000"]


def test_keys_pressed_ahead_of_the_question_count() -> None:
    keypad = Keypad()
    keypad.press("1", 0)
    keypad.press("2", 100)
    keypad.open(TAIL)
    keypad.press("3", 200)
    assert keypad.press("4", 300) == "1234"


def test_the_pause_is_counted_from_the_last_key() -> None:
    keypad = Keypad()
    keypad.open(TAIL)
    keypad.press("1", 1000)
    keypad.press("2", 2000)
    assert keypad.due_ms() == 5000
    assert keypad.tick(4999) is None
    assert keypad.tick(5000) == "12"
    assert keypad.due_ms() is None


def test_dropped_keys_are_forgotten() -> None:
    keypad = Keypad()
    keypad.open(TAIL)
    keypad.press("1", 0)
    keypad.drop()
    assert keypad.entry == ""
    assert keypad.tick(99_999) is None
