"""What type a dotted name has."""

from __future__ import annotations

import pytest

from tests.dialplan.helpers import draft_of
from voicebot.dialplan.load import Draft
from voicebot.dialplan.types import NONE, UNKNOWN, NameProblem, Type, joined


@pytest.fixture(scope="module")
def draft() -> Draft:
    return draft_of()


@pytest.mark.parametrize(
    ("path", "name", "is_optional"),
    [
        ("order", "order", False),
        ("order.amount", "money", False),
        ("order.color", "text", True),
        ("customer", "customer", True),  # the operation may find nobody
        ("customer.phone", "phone", True),
        ("orders", "order", False),
        ("account", "digits", False),
        ("has_refund", "flag", False),
        ("call.today", "date", False),
        ("call.ani", "phone", False),
        ("caller.is_urgent", "flag", False),
    ],
)
def test_names_of_the_shop(draft: Draft, path: str, name: str, is_optional: bool) -> None:
    found = draft.scope.type_of(tuple(path.split(".")))
    assert (found.name, found.is_optional) == (name, is_optional)


@pytest.mark.parametrize(
    ("path", "index", "words"),
    [
        ("ordre", 0, "order"),
        ("order.colour", 1, "color"),
        ("order.amount.cents", 2, "no fields"),
        ("orders.amount", 1, "first(orders).amount"),
        ("call", 0, "call.today"),
        ("call.weather", 1, "no field weather"),
        ("recap.mood", 0, "nothing fills"),  # only in the prompt recap
        ("option.title", 0, "nothing fills"),  # only in an offer
    ],
)
def test_names_that_mean_nothing(draft: Draft, path: str, index: int, words: str) -> None:
    with pytest.raises(NameProblem) as caught:
        draft.scope.type_of(tuple(path.split(".")))
    assert caught.value.index == index
    assert words in f"{caught.value.message} {caught.value.remedy}"


MONEY, TEXT, NOTHING = Type("money"), Type("text"), Type(NONE, is_optional=True)


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        (MONEY, MONEY, MONEY),
        (MONEY, TEXT, UNKNOWN),
        (NOTHING, MONEY, Type("money", is_optional=True)),
        (MONEY, NOTHING, Type("money", is_optional=True)),
        (Type("order"), Type("order", is_list=True), UNKNOWN),
        (
            Type("choice", choices=("a",), wording="x"),
            Type("choice", choices=("b",), wording="x"),
            Type("choice", choices=("a", "b"), wording="x"),
        ),
        (
            Type("choice", choices=("a",), wording="x"),
            Type("choice", choices=("b",), wording="y"),
            Type("choice", choices=("a", "b")),  # which words to use cannot be told
        ),
    ],
)
def test_a_name_that_two_steps_fill(a: Type, b: Type, both: Type) -> None:
    assert joined(a, b) == both


@pytest.mark.parametrize(
    ("found", "form"),
    [
        (MONEY, "money"),
        (Type("choice", wording="order.status"), "choice:order.status"),
        (Type("choice"), "text"),
        (Type("order"), ""),
        (UNKNOWN, ""),
        (Type("text", is_list=True), "text"),
    ],
)
def test_spoken_forms(found: Type, form: str) -> None:
    assert found.form == form
