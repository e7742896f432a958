"""Numbers, money and dates measured on public test tables.

The floors are what the tables gave when they were written down; they only ever rise. Rows that are
no business of a hotline (historic years, exotic currencies, fractions of formulas) are left out by
the filters below, and the reason stands beside each.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from voicebot.language import dates, money, numbers, spoken_zh
from voicebot.language.normalise import normalise

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "text" / "numbers"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is absent")


def rows(name: str) -> list[tuple[str, str]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    split = (re.split(r"~| => ", line, maxsplit=1) for line in lines if line.strip())
    return [(pair[0].strip(), pair[1].strip()) for pair in split if len(pair) == 2]


def figure(text: str) -> Fraction | None:
    """ "1万", "3.5", "-7", "100万1111" as a number; None for anything else."""
    found = re.fullmatch(r"(-?)(\d+(?:\.\d+)?)(万|亿)?(\d+)?", text)
    if found is None:
        return None
    value = Fraction(found[2]) * {"万": 10_000, "亿": 100_000_000, None: 1}[found[3]] + int(found[4] or 0)
    return -value if found[1] else value


def share(right: list[bool]) -> float:
    assert len(right) >= 5
    return sum(right) / len(right)


@pytest.mark.parametrize(
    ("name", "floor"),
    [
        ("inverse_text_normalization_cardinal.txt", 0.97),
        ("inverse_text_normalization_decimal.txt", 0.95),
        ("w_itn_number.txt", 0.97),
    ],
)
def test_spoken_numbers_are_understood(name: str, floor: float) -> None:
    right = []
    for spoken, written in rows(name):
        expected = figure(written)
        if expected is None or re.search(r"[〇零一二三四五六七八九]{3,}", spoken) or "幺" in spoken:
            continue  # digit strings are another slot type
        found = numbers.find(normalise(spoken))
        right.append(bool(found) and found[0].value == expected)
    assert share(right) >= floor


def test_written_numbers_are_spoken_as_people_do() -> None:
    right = []
    for written, expected in rows("text_normalization_cardinal.txt"):
        if not re.fullmatch(r"-?\d{1,9}", written) or written.startswith("0"):
            continue
        said = spoken_zh.cardinal(int(written))
        right.append(said.replace("两", "二") == expected.replace("两", "二"))
    assert share(right) >= 0.95


def test_spoken_money_is_understood() -> None:
    right = []
    for name in ("inverse_text_normalization_money.txt", "w_itn_money.txt"):
        for spoken, written in rows(name):
            found_price = re.fullmatch(r"(?:¥|CNY)(.+)", written)
            if found_price is None or "一千五万" in spoken:
                continue  # other currencies; 一千五万 is said by nobody
            expected = figure(found_price[1])
            found = money.find(normalise(spoken))
            right.append(expected is not None and bool(found) and found[0].cents == round(expected * 100))
    assert share(right) >= 0.95


def test_spoken_dates_are_understood() -> None:
    right = []
    for spoken, written in [*rows("w_itn_date.txt"), *rows("inverse_text_normalization_date.txt")]:
        found = re.fullmatch(r"(?:(\d{4})[/年])?0?(\d{1,2})[/月]0?(\d{1,2})日?", written)
        if found is None or (found[1] and not 2000 <= int(found[1]) < 2100):
            continue  # spans, eras and history
        year = int(found[1] or 2026)
        days = dates.find(normalise(spoken), today=datetime(2026, 12, 31))
        right.append(bool(days) and days[0].first == date(year, int(found[2]), int(found[3])))
    assert share(right) >= 0.95
