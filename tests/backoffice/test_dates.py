"""Dates in data files."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.backoffice.dates import resolve

SATURDAY = datetime(2026, 11, 21, 9, 17, 30)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today", datetime(2026, 11, 21)),
        ("today 14:05", datetime(2026, 11, 21, 14, 5)),
        ("today-1d 14:05", datetime(2026, 11, 20, 14, 5)),
        ("today + 2d", datetime(2026, 11, 23)),
        ("now-3h", datetime(2026, 11, 21, 6, 17)),
        ("Last Wednesday 10:00", datetime(2026, 11, 11, 10)),  # of the week before, as people say it
        ("2026-11-11 20:00", datetime(2026, 11, 11, 20)),
        ("2026-02-30", None),  # no such day
        ("today 25:00", None),
        ("yesterday", None),
        ("next friday", None),
        ("", None),
        ("20261111", None),
    ],
)
def test_a_date_in_a_data_file(text: str, moment: datetime | None) -> None:
    assert resolve(text, SATURDAY) == moment
