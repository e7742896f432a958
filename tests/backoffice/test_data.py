"""Data files: every mistake at once, all or nothing."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from voicebot.backoffice import data
from voicebot.commands.data import DEMO_DATA
from voicebot.errors import ConfigError
from voicebot.store.database import Database
from voicebot.store.models import Customer, Order

NOW = datetime(2026, 11, 21, 12, 0)
GOOD = """
customers:
  - id: a
    title: 王先生
    account: "88000001"
    phones: ["+8613800000001"]
    orders:
      - {id: o, number: "20260001", merchant: m, amount: 12.5, placed_at: today, status: paid,
         items: [{title: 茶杯, item: 杯子}]}
"""


def load(database: Database, text: str) -> dict[str, int]:
    return data.load(database, text, file="shop.yaml", now=NOW)


def test_loading_twice_changes_nothing(database: Database) -> None:
    assert load(database, GOOD) == load(database, GOOD)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 1
        assert session.get_one(Order, "o").amount == 1250


def test_a_changed_file_updates_by_id(database: Database) -> None:
    load(database, GOOD)
    load(database, GOOD.replace("王先生", "王女士").replace("茶杯", "水杯"))
    with database.session() as session:
        assert session.get_one(Customer, "a").title == "王女士"


def test_the_demo_data_loads(database: Database) -> None:
    counts = data.load(database, DEMO_DATA.read_text(encoding="utf-8"), file="demo", now=NOW)
    assert counts["customers"] >= 12


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("title:", "titel:"), "shop.yaml:4:5", 'Did you mean "title"'),
        (('"88000001"', "eight"), "shop.yaml:5:14", "account"),
        (('"+8613800000001"', '"12"'), "shop.yaml:6:14", "no telephone number"),
        (("12.5", "12.555"), "shop.yaml:8:58", "two decimals"),
        (("today", "someday"), "shop.yaml:8:75", "last wednesday"),
        (("status: paid", "status: lost"), "shop.yaml:8:90", "refunded"),
        (("item: 杯子", "colour: 白"), "shop.yaml:9:30", 'Did you mean "color"'),
        (("customers:", "customers: {}\nx:"), "shop.yaml:2:12", "must be a list"),
    ],
)
def test_a_mistake_is_shown_with_its_place_and_the_way_out(
    database: Database, change: tuple[str, str], place: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(database, GOOD.replace(*change, 1))
    assert place in str(caught.value)
    assert words in str(caught.value)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == 0


def test_all_mistakes_are_shown_at_once(database: Database) -> None:
    with pytest.raises(ConfigError) as caught:
        load(database, GOOD.replace("title: 王", "name: 王").replace("12.5", "x").replace("paid", "gone"))
    assert str(caught.value).count("error:") == 4
    assert "4 mistakes; nothing was loaded" in str(caught.value)


def test_one_number_cannot_belong_to_two_customers(database: Database) -> None:
    twice = GOOD + GOOD.replace("\ncustomers:\n", "").replace("id: a", "id: b").replace(
        "88000001", "88000002"
    )
    with pytest.raises(ConfigError, match="the same phone stands at line 6"):
        load(database, twice)


def test_a_message_never_shows_the_number_it_complains_about(database: Database) -> None:
    with pytest.raises(ConfigError) as caught:
        load(database, GOOD.replace('"88000001"', "88x00001"))
    assert "88x00001" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "customers: [", "- 1", "\tcustomers: 1"])
def test_what_is_no_data_file_is_refused(database: Database, text: str) -> None:
    with pytest.raises(ConfigError, match=r"shop\.yaml"):
        load(database, text)
