"""`voicebot understand`: one sentence in, everything out."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from voicebot.commands import understand as command


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("EMBEDDER", "none")
    app = typer.Typer()
    command.register(app)

    @app.command("other")
    def other() -> None:
        """Typer runs a single command without its name."""

    return app


def test_for_people(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["understand", "payments", "我要退款，尾号5678那个"])
    assert result.exit_code == 0, result.output
    assert "1.00  refund   because of: phrase" in result.stdout
    assert "order = 白色跑鞋 (5678)" in result.stdout
    assert "mood  calm" in result.stdout


def test_for_programs(app: typer.Typer) -> None:
    result = CliRunner().invoke(
        app, ["understand", "payments", "I want a refund", "--language", "en", "--json"]
    )
    found = json.loads(result.stdout)
    assert found["guesses"][0]["name"] == "refund"
    assert found["yes_no"] is None
    assert set(found) >= {"said", "text", "guesses", "slots", "mood", "is_urgent", "out_of_scope"}
