"""Dialplans with one mistake each: one problem, in the right place, in words that help.

Each file under `broken/<rule>/` changes the shop line in one place. To add one, write another file:

    about: what the script writer did
    file: flow.yaml             # of the shop; or basics/flow.yaml
    find: "goto: done"          # must stand there once
    write: "goto: doen"
    points_at: doen             # where the problem must point: in what is written, else in the file
    words: [doen, done]         # parts of message and remedy
    also: [some-rule]           # rare: what cannot but follow from the mistake

Instead of `find` and `write`: `add: text` makes a new file, `delete: true` removes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dialplan.helpers import HERE, checked, shop_files
from voicebot.dialplan.check import READING_RULES
from voicebot.dialplan.rules import RULES

BROKEN = sorted((HERE / "broken").glob("*/*.yaml"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def broken(case: dict[str, Any]) -> tuple[dict[str, dict[str, str]], str, str, int]:
    """The changed texts, the changed file, and the offset where the change begins."""
    files = shop_files()
    folder, _, path = (
        case["file"].rpartition("/") if case["file"].startswith("basics/") else ("shop", "", case["file"])
    )
    if "add" in case:
        files[folder][path] = case["add"]
        return files, folder, path, 0
    if case.get("delete"):
        del files[folder][path]
        return files, folder, path, 0
    text = files[folder][path]
    assert text.count(case["find"]) == 1, f"{case['find']!r} must stand once in {case['file']}"
    at = text.index(case["find"])
    files[folder][path] = text.replace(case["find"], case["write"])
    return files, folder, path, at


def place_of(text: str, needle: str, since: int) -> tuple[int, int]:
    """Line and column of some words, in or after the change if they are there."""
    at = text.find(needle, since)
    at = at if at >= 0 else text.index(needle)
    before = text[:at]
    return before.count("\n") + 1, at - before.rfind("\n")


@pytest.mark.parametrize("path", BROKEN, ids=name_of)
def test_one_mistake_is_one_problem_in_the_right_place(path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    files, folder, file, since = broken(case)
    loaded = checked(files)
    follow_ups = set(case.get("also", ()))
    assert follow_ups <= {problem.rule for problem in loaded.problems}, "also: names what does not follow"
    found = [problem for problem in loaded.problems if problem.rule not in follow_ups]
    assert [problem.rule for problem in found] == [path.parent.name], "\n".join(map(str, loaded.problems))
    problem = found[0]
    told = f"{problem.message}\n{problem.remedy}"
    for word in case["words"]:
        assert word in told, told
    if "points_at" in case:
        line, column = place_of(files[folder][file], case["points_at"], since)
        assert str(problem.place) == f"{folder}/{file}:{line}:{column}"
    assert problem.is_error == (loaded.dialplan is None)


def test_there_are_sixty_of_them() -> None:
    assert len(BROKEN) >= 60


def test_each_is_filed_under_a_rule_that_exists() -> None:
    assert {path.parent.name for path in BROKEN} <= {*RULES, *READING_RULES}
