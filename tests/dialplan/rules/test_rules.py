"""Every rule proves itself on its own two examples, and only where it should."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dialplan.helpers import case_files, checked
from voicebot.dialplan.check import READING_RULES
from voicebot.dialplan.rules import RULES, Rule

SOURCE = Path(__file__).parents[3] / "voicebot"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_failing_example_fails_by_this_rule(rule: Rule) -> None:
    found = [p for p in checked(case_files(rule.fails), "case").problems if p.rule == rule.name]
    assert found, "the rule does not notice its own example"
    assert {problem.severity for problem in found} == {rule.severity}
    assert all(problem.remedy for problem in found), "a problem without a remedy"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_passing_example_passes_this_rule(rule: Rule) -> None:
    loaded = checked(case_files(rule.passes), "case")
    assert [str(problem) for problem in loaded.problems if problem.rule == rule.name] == []
    assert loaded.draft is not None


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_says_what_a_caller_would_suffer(rule: Rule) -> None:
    assert rule.why.endswith(".")
    assert len(rule.why) > 30


def test_every_rule_that_is_reported_is_in_the_manual() -> None:
    sources = [*(SOURCE / "dialplan").rglob("*.py"), SOURCE / "dialplan_files.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    reported = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)",?\s*\)', text))
    assert reported - {"utf-8"} - set(READING_RULES) - set(RULES) == set()
    assert not set(READING_RULES) & set(RULES)
