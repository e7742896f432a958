"""A parser's answer is a value or a reason, never both, and cannot be changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import datetime

import pytest

from voicebot.language.parsed import NOTHING, Parsed, ValueContext


def test_no_value_has_a_reason() -> None:
    assert NOTHING.value is None
    assert NOTHING.reason == "nothing"


def test_contexts_and_answers_are_facts() -> None:
    with pytest.raises(FrozenInstanceError):
        Parsed().value = 1  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        ValueContext(datetime(2026, 1, 1)).language = "en"  # type: ignore[misc]
