"""Errors are located without repeating what they say."""

from __future__ import annotations

import json

from voicebot.faults import place_of


def test_place_names_files_and_lines_but_not_the_message() -> None:
    try:
        json.loads("13800001234 is not json")
    except ValueError as error:
        told = place_of(error)
    assert told.startswith("decoder.py:")
    assert "1380" not in told


def test_an_error_never_raised_has_no_place() -> None:
    assert place_of(ValueError("x")) == ""
