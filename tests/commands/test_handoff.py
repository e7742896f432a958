"""`voicebot handoff` makes the link the server accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.carrier.handoff import HandoffTokens
from voicebot.commands.handoff import register
from voicebot.errors import ConfigError


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> typer.Typer:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PUBLIC_URL", "https://v.example")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "secret")
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return app


def test_the_link_carries_the_token_of_this_transfer(program: typer.Typer) -> None:
    link = CliRunner().invoke(program, ["handoff", "4f2a"]).output.strip()
    assert link == f"https://v.example/handoff/4f2a?token={HandoffTokens('secret').token('4f2a')}"
    told = json.loads(CliRunner().invoke(program, ["handoff", "4f2a", "--json"]).output)
    assert told == {"transfer": "4f2a", "link": link}


def test_without_the_secret_there_is_no_link(program: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "")
    result = CliRunner().invoke(program, ["handoff", "4f2a"])
    assert isinstance(result.exception, ConfigError)
