"""Expressions are held against the types they use, and what can never be true is refused."""

from __future__ import annotations

import pytest

from tests.dialplan.helpers import draft_of
from voicebot.dialplan import expression, typecheck
from voicebot.dialplan.load import Draft
from voicebot.dialplan.model import Place


@pytest.fixture(scope="module")
def draft() -> Draft:
    return draft_of()


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("order.amount", "money"),
        ("order.amount - 100", "money"),
        ("order.placed_at + 3", "datetime"),
        ("call.today - order.placed_at", "number"),
        ("count(orders)", "number"),
        ("first(orders)", "order"),
        ('first(where(orders, status, "paid")).amount', "money"),
        ("orders", "a list of order"),
        ("order.amount > 5", "flag"),
        ("not orders", "flag"),
        ("order.color or 'black'", "text"),
        ("method", "choice"),
        ("wants_message", "choice"),
        ("none", "none"),
        ("call.ani", "phone"),
        ("caller.mood", "choice"),
        ("['a', 'b']", "a list of text"),
        ("order.title + '!'", "text"),
    ],
)
def test_types(draft: Draft, text: str, type_name: str) -> None:
    found, flaws = typecheck.type_of(expression.parse(text, Place("f", 1, 1)), draft.scope)
    assert flaws == []
    assert str(found) == type_name


@pytest.mark.parametrize(
    "text",
    [
        'order.status == "paid"',
        "order.status == none",
        'order.status in ["paid", "packed"]',
        'order.tail == "0412"',
        "order.amount >= 100 and order.amount < 5000",
        "order.placed_at > call.today",
        "days_since(order.placed_at) < 7",
        'wants_message == "yes"',
        'caller.mood != "angry"',
        "customer.phone == call.ani",
        "method == refund_made.method",
        "customer.id in ['a']",
    ],
)
def test_what_can_be_true_passes(draft: Draft, text: str) -> None:
    assert typecheck.type_of(expression.parse(text, Place("f", 1, 1)), draft.scope)[1] == []


@pytest.mark.parametrize(
    ("text", "column", "rule", "words"),
    [
        ('order.status == "payed"', 17, "impossible-comparison", '"paid"'),
        ('order.status in ["paid", "gone"]', 26, "impossible-comparison", '"gone"'),
        ("order.tail == 412", 1, "impossible-comparison", '"412"'),
        ('order.amount == "299"', 1, "impossible-comparison", "money"),
        ("wants_message == true", 1, "impossible-comparison", '"yes"'),
        ("order.status > 5", 1, "impossible-comparison", "no order"),
        ("order.placed_at == 5", 1, "impossible-comparison", "datetime"),
        ("orders == 3", 1, "impossible-comparison", "count(list)"),
        ("method == order.status", 11, "impossible-comparison", "in common"),
        ("'x' in order.amount", 8, "impossible-comparison", "money"),
        ("count(order.amount)", 1, "impossible-comparison", "list"),
        ("days_until(order.amount)", 1, "impossible-comparison", "date"),
        ('where(orders, status, "gone")', 23, "impossible-comparison", '"gone"'),
        ("order.amount + order.title", 1, "impossible-sum", "money + text"),
        ("order.placed_at + order.placed_at", 1, "impossible-sum", "datetime"),
        ("oder.amount > 5", 1, "unknown-name", '"order"'),
        ("order.status == paid", 17, "unknown-name", "quotes"),
        ("order.colour", 7, "unknown-field", '"color"'),
        ("orders.amount", 8, "unknown-field", "first(orders).amount"),
        ("order.amount.cents", 14, "unknown-field", "no fields"),
        ("first(orders).colour", 1, "unknown-field", '"color"'),
        ("where(orders, stats, 'paid')", 15, "unknown-field", '"status"'),
        ("call.weekday", 6, "unknown-field", "no field weekday"),
        ("call", 1, "unknown-name", "call.today"),
    ],
)
def test_what_cannot_be_is_one_flaw_at_its_place(
    draft: Draft, text: str, column: int, rule: str, words: str
) -> None:
    flaws = typecheck.type_of(expression.parse(text, Place("f", 1, 1)), draft.scope)[1]
    assert [flaw.rule for flaw in flaws] == [rule]
    assert words in f"{flaws[0].message} {flaws[0].remedy}"
    assert flaws[0].place.column == column
