"""What callers say on the shipped lines, and what must follow: on any day of the week, in any wording."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from voicebot import dialplan_files
from voicebot.commands import lines
from voicebot.commands.lines import Ears
from voicebot.dialplan.load import Loaded
from voicebot.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 11, 16, 8, 30)
LINES = [
    line
    for line in dialplan_files.line_names(ROOT / "dialplans")
    if (ROOT / "dialplans" / line / "examples").is_dir()
]
PAYMENTS = {*(f"A{n}" for n in range(1, 5)), *(f"X{n}" for n in range(1, 13))}
"""rows of the scenarios this line serves"""


def load(line: str) -> Loaded:
    loaded = dialplan_files.check_line(ROOT / "dialplans", line, voices_dir=ROOT / "voices")
    assert loaded.dialplan is not None
    return loaded


@pytest.fixture(scope="module")
def heard() -> Iterator[Ears]:
    settings: Settings = read_settings({}, "")
    with lines.ears(replace(settings, cache_dir=ROOT / settings.cache_dir)) as ears:
        yield ears


def test_the_payments_line_has_an_example_of_everything_it_serves() -> None:
    names = [example.name for example in load("payments").examples]
    served = {found[0] for name in names if (found := re.match(r"[AX]\d+", name))}
    assert served >= PAYMENTS
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.parametrize("day", range(7))
@pytest.mark.parametrize("line", LINES)
def test_every_promise_is_kept(heard: Ears, line: str, day: int) -> None:
    loaded = load(line)
    assert loaded.dialplan is not None
    dialplan = dialplan_files.with_meanings(loaded.dialplan, heard.embedder)
    at = MONDAY + timedelta(days=day, hours=2 * day)
    problems = lines.play_examples(dialplan, loaded.examples, heard, at=at, seed=day + 1)
    assert [str(problem) for problem in problems] == []
