"""The manual says what the program does: settings, commands, rules, codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicebot.__main__ import COMMANDS
from voicebot.dialplan.rules import RULES
from voicebot.settings import markdown

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DIALPLANS = (ROOT / "dialplans" / "README.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_one_the_program_prints() -> None:
    assert markdown().strip() in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_table(command: str) -> None:
    assert f"| `{command}` |" in README


def test_no_command_is_promised_that_does_not_exist() -> None:
    table = README.split("## Commands")[1].split("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(COMMANDS)


def test_every_check_rule_is_in_the_manual_of_dialplans() -> None:
    missing = [name for name in RULES if f"`{name}`" not in DIALPLANS]
    assert missing == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
