"""Problems read the same for people and programs."""

from __future__ import annotations

import pytest

from voicebot.dialplan.model import Place
from voicebot.dialplan.report import (
    ERROR,
    WARNING,
    Problem,
    count,
    failure,
    nearest,
    render,
    rows,
    suggest,
    tidy,
)
from voicebot.errors import DialplanError

DANGLING = Problem(
    Place("dialplans/refund/flow.yaml", 41, 11),
    ERROR,
    'step "ask_order" goes to "confrim", which does not exist',
    'did you mean "confirm"?',
    "dangling-step",
)
FEW = Problem(Place("dialplans/refund/flow.yaml", 7, 1), WARNING, "few", "", "few-examples")


def test_a_problem_is_place_cause_rule_and_remedy() -> None:
    assert str(DANGLING) == (
        'dialplans/refund/flow.yaml:41:11: error: step "ask_order" goes to "confrim", '
        'which does not exist [dangling-step]\n    did you mean "confirm"?'
    )
    assert str(FEW) == "dialplans/refund/flow.yaml:7:1: warning: few [few-examples]"


def test_problems_come_in_reading_order_each_once() -> None:
    assert tidy([DANGLING, FEW, DANGLING]) == (FEW, DANGLING)


def test_the_count_closes_the_report() -> None:
    assert count([]) == "0 errors, 0 warnings"
    assert render([FEW, DANGLING]).endswith("\n1 error, 1 warning")


def test_programs_get_the_same_in_fields() -> None:
    assert rows([FEW]) == [
        {
            "file": "dialplans/refund/flow.yaml",
            "line": 7,
            "column": 1,
            "severity": "warning",
            "message": "few",
            "remedy": "",
            "rule": "few-examples",
        }
    ]


def test_the_refusal_to_serve_lists_errors_only() -> None:
    error = failure([FEW, DANGLING])
    assert isinstance(error, DialplanError)
    assert "confrim" in str(error)
    assert "few-examples" not in str(error)


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("confrim", ["confirm", "cancel"], ("confirm",)),
        ("Refund", ["refund"], ("refund",)),
        ("payed", ["paid", "packed"], ("packed", "paid")),  # as like as each other: both are named
        ("xyz", ["confirm", "cancel"], ()),
        ("anything", [], ()),
    ],
)
def test_the_nearest_name(name: str, known: list[str], near: tuple[str, ...]) -> None:
    assert nearest(name, known) == near


def test_where_nothing_is_near_all_are_named_if_they_are_few() -> None:
    assert suggest("xyz", ["b", "a"]) == "known: a, b"
    assert suggest("xyz", ["b", "a"], otherwise="look it up") == "look it up"
    assert suggest("xyz", [f"name_{n}" for n in range(50)]) == ""
