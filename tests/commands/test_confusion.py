"""The table of what is taken for what."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from voicebot.__main__ import build_app
from voicebot.commands.confusion import as_text, confusion
from voicebot.engines.scripted import BagEmbedder

DIALPLANS = Path(__file__).parents[2] / "dialplans"


def test_the_table_names_sentences_that_go_astray_and_the_thresholds() -> None:
    found = confusion(DIALPLANS, "payments", BagEmbedder())
    zh = found["languages"]["zh"]
    assert found["thresholds"]["certain"] > found["thresholds"]["likely"]
    wrong = len(zh["stolen"])
    assert sum(row["sentences"] for row in zh["confused"]) == wrong
    assert 0 < wrong < zh["examples"] + zh["out_of_scope"]
    assert all(row["of"] != row["taken_for"] for row in zh["stolen"])
    assert zh["stolen"][0]["sentence"] in as_text(found)


def test_the_command_writes_one_json_object() -> None:
    arguments = ["confusion", "payments", "--words-only", "--json", "--dialplans", str(DIALPLANS)]
    result = CliRunner().invoke(build_app(), arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["line"] == "payments"
