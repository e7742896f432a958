"""A record by its place in the list, its age or its price."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from voicebot.dialplan.model import Place, RecordType
from voicebot.language.record_places import day_of, find

ORDER = RecordType("order", Place("operations.yaml", 1, 1), {}, date="placed_at", amount="amount")
OLD_FIRST: list[dict[str, Any]] = [
    {"placed_at": datetime(2026, 10, 1), "amount": 500},
    {"placed_at": "2026-11-16T09:00:00", "amount": 99900},
    {"placed_at": date(2026, 11, 3), "amount": 100},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第一个", 0),
        ("第三笔", 2),
        ("最后那个", 2),
        ("最近的那笔", 1),
        ("刚买的", 1),
        ("最早的那个", 0),
        ("最贵的", 1),
        ("便宜的那个", 2),
        ("中间那个", 1),
        ("the third one", 2),
        ("number two", 1),
        ("my latest order", 1),
        ("第五个", None),
        ("第一次", None),
        ("上面那个", None),
        ("最近怎么样", None),
        ("最后一次问你", None),
        ("first of all", None),
        ("at last", None),
        ("贵不贵", None),
    ],
)
def test_a_place_is_understood(text: str, expected: int | None) -> None:
    found = find(text, OLD_FIRST, ORDER)
    assert (found[0] if found else None) == expected


def test_a_single_record_has_no_place() -> None:
    assert find("第一个", OLD_FIRST[:1], ORDER) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 2, 3), date(2026, 1, 2)),
        (date(2026, 1, 2), date(2026, 1, 2)),
        ("2026-01-02T03:00:00", date(2026, 1, 2)),
        ("soon", None),
        (None, None),
        (3, None),
    ],
)
def test_the_day_of_a_value(value: Any, expected: date | None) -> None:
    assert day_of(value) == expected
