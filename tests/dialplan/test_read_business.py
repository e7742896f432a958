"""operations.yaml and queues.yaml."""

from __future__ import annotations

import pytest

from tests.dialplan.helpers import HERE
from voicebot.dialplan.model import Agent, FieldType, Operation, Queue, RecordType
from voicebot.dialplan.read_business import read_operations, read_queues
from voicebot.dialplan.reading import Notes
from voicebot.dialplan.yamltree import read


def operations(text: str) -> tuple[dict[str, RecordType], dict[str, Operation], list[str]]:
    notes = Notes()
    tree, problems = read(text, "operations.yaml", has_types=True)
    assert problems == []
    types, found = read_operations(tree, notes)
    return types, found, [problem.rule for problem in notes.problems]


def queues(text: str) -> tuple[dict[str, Queue], list[str]]:
    notes = Notes()
    tree, _ = read(text, "queues.yaml")
    return read_queues(tree, notes), [problem.rule for problem in notes.problems]


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("money", FieldType("x", "money")),
        ("date?", FieldType("x", "date", is_optional=True)),
        ("order[]", FieldType("x", "order", is_list=True)),
        ("order[]?", FieldType("x", "order", is_list=True, is_optional=True)),
        ("choice[a|b]", FieldType("x", "choice", choices=("a", "b"))),
        ("choice[in_transit|2x]?", FieldType("x", "choice", is_optional=True, choices=("in_transit", "2x"))),
    ],
)
def test_types_of_fields(written: str, declared: FieldType) -> None:
    types, _, wrong = operations(f"types: {{t: {{fields: {{x: {written}}}}}}}")
    assert wrong == []
    assert types["t"].fields["x"] == declared


@pytest.mark.parametrize(
    "written", ["'[order]'", "'choice(a|b)'", "choice", "choice[]", "money[a|b]", "'a b'"]
)
def test_what_is_no_type(written: str) -> None:
    assert operations(f"types: {{t: {{fields: {{x: {written}}}}}}}")[2] == ["bad-type"]


def test_an_operation() -> None:
    _, found, wrong = operations(
        "operations:\n  book: {writes: true, with: {id: text, n: number?}, returns: date?, "
        "timeout_ms: 900, errors: [full]}"
    )
    book = found["book"]
    assert wrong == []
    assert (book.is_write, book.timeout_ms, book.errors) == (True, 900, ("full",))
    assert book.returns == FieldType("book", "date", is_optional=True)
    assert book.arguments["n"].is_optional


def test_the_operations_that_all_lines_share_can_be_read() -> None:
    path = HERE.parents[1] / "dialplans" / "common" / "operations.yaml"
    types, found, wrong = operations(path.read_text(encoding="utf-8"))
    assert wrong == []
    assert types["order"].tail == "tail"
    assert found["book_refund"].arguments["method"].choices == ("original", "balance")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("types: {money: {fields: {x: text}}}", "reserved-name"),
        ("types: {t: {}}", "missing-key"),
        ("types: {t: {tail: y, fields: {x: text}}}", "unknown-field"),
        ("types: {t: {fields: {x: text}, key: x}}", "unknown-key"),
        ("operations: {o: {write: true}}", "unknown-key"),
        ("operations: {o: {timeout_ms: 5}}", "out-of-range"),
        ("operations: {o: {errors: [timeout]}}", "reserved-name"),
        ("operations: [a]", "wrong-value"),
        ("opertions: {}", "unknown-key"),
    ],
)
def test_mistakes_in_operations(text: str, rule: str) -> None:
    assert operations(text)[2] == [rule]


def test_a_queue() -> None:
    found, wrong = queues('general: {ring_s: 12.5, agents: [{id: li, phone: "+85290000001"}]}')
    assert wrong == []
    assert found["general"].ring_ms == 12_500
    assert found["general"].agents == (Agent("li", "+85290000001"),)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("general: {agents: {id: li}}", "wrong-value"),
        ("general: {agents: [{id: li}]}", "missing-key"),
        ('general: {agents: [{id: a, phone: "+1"}, {id: a, phone: "+2"}]}', "duplicate-key"),
        ('general: {agents: [{id: a, phone: "+1", name: Li}]}', "unknown-key"),
        ("general: {ring_s: 1}", "out-of-range"),
        ("general: {ring: 20}", "unknown-key"),
        ("two words: {}", "bad-name"),
    ],
)
def test_mistakes_in_queues(text: str, rule: str) -> None:
    assert queues(text)[1] == [rule]
