"""The rules for days: each pattern has the groups its reader asks for, and no rule is dead."""

from __future__ import annotations

from datetime import date

import pytest

from voicebot.language import dates_en

TODAY = date(2026, 11, 17)

EXAMPLES = (
    "november 3rd", "the third of october", "the 15th of last month", "in october", "yesterday",
    "last wednesday",
    "three days ago", "last week", "the other day", "on the third",
)  # fmt: skip


@pytest.mark.parametrize("at", range(len(dates_en.RULES)))
def test_every_rule_reads_its_example(at: int) -> None:
    pattern, read = dates_en.RULES[at]
    found = pattern.search(EXAMPLES[at])
    assert found is not None
    reading = read(found, TODAY, "past")
    assert reading is not None
    assert reading[0] <= reading[1]
