"""`voicebot settings` shows everything but secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.commands.settings import register
from voicebot.settings import markdown


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> typer.Typer:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "s3cret")
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return app


def test_list_names_values_and_hides_secrets(program: typer.Typer) -> None:
    Path(".env").write_text("PORT=9001\n", encoding="utf-8")
    shown = CliRunner().invoke(program, ["settings"]).output
    assert "PORT=9001" in shown
    assert "TWILIO_AUTH_TOKEN=set" in shown
    assert "s3cret" not in shown


def test_json_for_programs(program: typer.Typer) -> None:
    rows = json.loads(CliRunner().invoke(program, ["settings", "--json"]).output)
    assert {"name", "type", "default", "help", "is_secret", "value"} == set(rows[0])


def test_markdown_is_the_table_of_the_manual(program: typer.Typer) -> None:
    assert CliRunner().invoke(program, ["settings", "--markdown"]).output.strip() == markdown()


def test_a_wrong_value_stops_it(program: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    assert CliRunner().invoke(program, ["settings"]).exit_code != 0
