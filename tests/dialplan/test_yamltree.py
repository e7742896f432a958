"""YAML keeps its places, keeps yes and no as words, and cannot be made to explode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialplan.yamltree import List, Map, Scalar, read


def one(text: str) -> Scalar:
    tree, problems = read(f"key: {text}\n", "f.yaml")
    assert problems == []
    assert isinstance(tree, Map)
    node = tree.get("key")
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("12", 12),
        ("-3", -3),
        ("+4", 4),
        ("0.85", 0.85),
        ("~", None),
        ("", None),
        ("yes", "yes"),  # what callers answer, not a flag
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("'true'", "true"),  # quotes make text
        ('"12"', "12"),
        ("0123", "0123"),  # the tail of an order is no octal number
        ("+85258081000", "+85258081000"),
        ("12:30", "12:30"),  # not 750
        ("2026-11-21", "2026-11-21"),
        ("1e5", "1e5"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
    ],
)
def test_only_true_false_null_and_plain_numbers_are_not_text(written: str, value: object) -> None:
    found = one(written).value
    assert found == value
    assert type(found) is type(value)


def test_every_word_knows_its_line_and_column() -> None:
    tree, _ = read("flows:\n  退款: [say, 'ask']\n", "f.yaml")
    assert isinstance(tree, Map)
    flows = tree.get("flows")
    assert isinstance(flows, Map)
    (key, steps), *_ = flows.entries
    assert str(key.place) == "f.yaml:2:3"
    assert isinstance(steps, List)
    assert [str(item.place) for item in steps.items] == ["f.yaml:2:8", "f.yaml:2:13"]
    quoted = steps.items[1]
    assert isinstance(quoted, Scalar)
    assert quoted.inside(0).column == 14


def test_yes_and_no_are_ordinary_keys() -> None:
    tree, problems = read("yes: [a]\nno: [b]\n", "f.yaml")
    assert problems == []
    assert isinstance(tree, Map)
    assert [key.text for key, _ in tree.entries] == ["yes", "no"]


def test_types_stand_in_braces_without_quotes() -> None:
    tree, problems = read("with: {a: choice[x|y]?, b: order[], c: date?}", "operations.yaml", has_types=True)
    assert problems == []
    assert isinstance(tree, Map)
    fields = tree.get("with")
    assert isinstance(fields, Map)
    assert [node.text for _, node in fields.entries if isinstance(node, Scalar)] == [
        "choice[x|y]?",
        "order[]",
        "date?",
    ]
    assert fields.entries[1][0].place.column == 25  # places are those of the file, not of a rewritten text


@pytest.mark.parametrize(
    ("text", "rule", "place", "words"),
    [
        ("a:\n\tb: 1\n", "yaml-syntax", "2:1", "tab"),
        ("a: 'x\nb: 2\n", "yaml-syntax", "1:4", "never closed"),
        ("a: b: c\n", "yaml-syntax", "1:5", "quotes"),
        ("a: *nothing\n", "yaml-syntax", "1:4", "quotes"),
        ("a: @x\n", "yaml-syntax", "1:4", "quotes"),
        ("a: 1\n---\nb: 2\n", "yaml-syntax", "2:1", "---"),
        ("a: \x07\n", "yaml-syntax", "1:4", "invisible"),
        ("a: \ud800\n", "yaml-syntax", "1:4", "invisible"),
        ("a: 1\nb: 2\na: 3\n", "duplicate-key", "3:1", "line 1"),
        ("? [a]\n: b\n", "yaml-key", "1:3", "quotes"),
        ("<<: {a: 1}\n", "yaml-key", "1:1", "not supported"),
        ("a: !!python/object/apply:os.system [ls]\n", "yaml-tag", "1:4", "not allowed"),
        ("a: &x [*x]\n", "yaml-syntax", "1:8", "refers to nothing"),
    ],
)
def test_what_cannot_be_read_is_one_problem_with_its_place(
    text: str, rule: str, place: str, words: str
) -> None:
    _, problems = read(text, "f.yaml")
    assert [problem.rule for problem in problems] == [rule]
    assert str(problems[0].place) == f"f.yaml:{place}"
    assert words in f"{problems[0].message} {problems[0].remedy}"


BOMB = "a: &a [1,2,3,4,5,6,7,8,9]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [BOMB, "[" * 100, "[" * 50_000, "{a: " * 100, "- " * 200, "x" * 1_000_001],
    ids=["billion laughs", "deep", "very deep", "deep mappings", "deep dashes", "long"],
)
def test_nothing_explodes(text: str) -> None:
    tree, problems = read(text, "f.yaml")
    assert tree is None
    assert [problem.rule for problem in problems] == ["too-large"]


def test_an_alias_is_the_same_thing_again() -> None:
    tree, problems = read("a: &x [one]\nb: *x\n", "f.yaml")
    assert problems == []
    assert isinstance(tree, Map)
    assert tree.get("a") == tree.get("b")


@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@ \n\t，。：", max_size=60))
def test_no_text_at_all_raises(text: str) -> None:
    tree, problems = read(text, "f.yaml")
    assert (
        tree is not None or problems or not text.strip() or set(text.strip()) <= set("#-\n \t") or "#" in text
    )
