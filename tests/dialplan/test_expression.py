"""Conditions: what they mean, what they refuse, and that a hole in the data never breaks a call."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialplan.expression import FUNCTIONS, ExpressionError, evaluate, parse
from voicebot.dialplan.model import Place
from voicebot.events import Value

HERE = Place("flow.yaml", 7, 11)

VALUES: dict[str, Value] = {
    "order": {
        "amount": 29900,
        "tail": "0412",
        "status": "paid",
        "refundable": True,
        "placed_at": datetime(2026, 11, 18, 9, 30),
        "ships_on": date(2026, 11, 22),
        "color": None,
    },
    "orders": [{"status": "paid", "n": 1}, {"status": "packed", "n": 2}, {"status": "paid", "n": 3}],
    "nobody": None,
    "empty": [],
    "call": {"today": date(2026, 11, 21), "hour": 14, "started_at": datetime(2026, 11, 21, 14, 0)},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("order.amount > 10000", True),
        ("order.amount + 100", 30000),
        ("-order.amount", -29900),
        ("not order.refundable", False),
        ('order.status == "paid" and order.amount >= 29900', True),
        ("order.status in ['paid', 'packed']", True),
        ("'04' in order.tail", True),
        ("1 < call.hour <= 14", True),
        ("order.color or 'black'", "black"),
        ("count(orders)", 3),
        ("first(orders).n", 1),
        ('count(where(orders, status, "paid"))', 2),
        ("first(where(orders, 'status', 'packed')).n", 2),
        ("days_until(order.ships_on)", 1),
        ("days_since(order.placed_at)", 3),
        ("order.ships_on - order.placed_at", 4),
        ("order.ships_on + 1 == '2026'", False),
        ("call.today + 1 == order.ships_on", True),
        ("order.placed_at < order.ships_on", True),  # a moment and a day
        ("True and true", True),
        ("None == none", True),
    ],
)
def test_what_is_said_holds(text: str, value: Value) -> None:
    assert evaluate(parse(text, HERE), VALUES) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nobody.name.first", None),
        ("nobody.amount > 5", False),
        ("nobody.amount <= 5", False),
        ("nobody != none", False),
        ("unheard_of", None),
        ("count(nobody)", 0),
        ("first(empty)", None),
        ("first(nobody).title == none", True),
        ("order.color == none", True),
        ("'x' in nobody", False),
        ("'x' not in nobody", True),
        ("nobody + 1", None),
        ("1 - nobody", None),
        ("-nobody", None),
        ("days_until(nobody)", None),
        ("order.amount < order.tail", False),  # number against text
        ("order.refundable < 5", False),
        ("order.refundable == 1", False),  # a flag is no number
        ("order.amount.cents", None),
        ("orders.status", None),
        ("order.ships_on + 99999999", None),
        ("where(nobody, a, 1)", []),
        ("where(orders, gone, none)", [*VALUES["orders"]]),
    ],
)
def test_holes_in_the_data_make_no_noise(text: str, value: Value) -> None:
    assert evaluate(parse(text, HERE), VALUES) == value


def test_days_count_from_the_day_of_the_call() -> None:
    tomorrow = parse("days_until(order.ships_on)", HERE)
    assert evaluate(tomorrow, {**VALUES, "call": {"today": date(2026, 11, 20)}}) == 2
    assert evaluate(tomorrow, {**VALUES, "call": {}}) is None
    assert evaluate(tomorrow, {"order": VALUES["order"]}) is None


def test_an_expression_knows_which_names_it_reads() -> None:
    found = parse('first(where(orders, status, "paid")).n > call.hour or verified', HERE)
    assert found.names == {"orders", "call", "verified"}


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 11, "empty"),
        ("a = 1", 13, "write =="),
        ("a && b", 14, "`and`"),
        ("!a", 11, "`not`"),
        ("a == “x”", 16, "straight quotes"),
        ("count（a）", 16, "Latin keyboard"),
        ("{order.amount}", 11, "no braces"),
        ("a is none", 11, "write =="),
        ("a ** 2", 11, "not known"),
        ("a * 2", 11, "not known"),
        ("a[0]", 11, "not known"),
        ("lambda: 1", 11, "not known"),
        ("[x for x in y]", 11, "not known"),
        ("a if b else c", 11, "not known"),
        ("b or open('f')", 16, 'no function "open"'),
        ("b or cuont(a)", 16, 'did you mean "count"?'),
        ("a.b()", 11, "no function"),
        ("count(a, b)", 11, "count(list)"),
        ("count(a=1)", 11, "no function"),
        ("where(a, 1, 2)", 11, "name of a field"),
        ("a.__class__", 11, "cannot begin"),
        ("金额 == a.__b", 17, "cannot begin"),  # columns are characters, not bytes
        ("f'{a}'", 11, "not known"),
        ("b'a'", 11, "not known"),
        ("a := 1", 13, "cannot read"),
        ("1j", 11, "not known"),
        ("...", 11, "not known"),
        ("(" * 300 + "a" + ")" * 300, 11, "too long"),
        ("a" + " + a" * 200, 11, "too long"),
        ("not " * 60 + "a", 0, "nested"),
        ("a\x00b", 0, "cannot"),
        ("await a", 11, "not known"),
    ],
)
def test_everything_else_is_refused_with_its_place(text: str, column: int, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, HERE)
    assert words in f"{caught.value.message} {caught.value.remedy}"
    if column:
        assert (caught.value.place.line, caught.value.place.column) == (7, column)


SCRAPS = st.sampled_from(
    [
        *VALUES,
        "order.amount",
        "order.color",
        "call.today",
        "none",
        "true",
        "1",
        "'x'",
        "[1]",
        "order.ships_on",
    ]
)
TERMS = st.recursive(
    SCRAPS,
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format, inner, st.sampled_from(["+", "-", "<", "==", "in", "and", "or"]), inner
        ),
        st.builds("not {}".format, inner),
        st.builds("{}({})".format, st.sampled_from([name for name in FUNCTIONS if name != "where"]), inner),
        st.builds("where({}, status, {})".format, inner, inner),
    ),
    max_leaves=8,
)


@given(TERMS)
def test_no_expression_that_can_be_written_raises_in_a_call(text: str) -> None:
    try:
        found = parse(text, HERE)
    except ExpressionError:
        return
    evaluate(found, VALUES)
    evaluate(found, {})
