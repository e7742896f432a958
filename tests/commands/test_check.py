"""`voicebot check`: what it prints, and with which code it leaves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.dialplan.helpers import LINES
from voicebot.commands import check as command
from voicebot.dialplan.rules import RULES
from voicebot.errors import ConfigError

BROKEN = ("goto: done", "goto: doen")
DOUBTFUL = ("title: {zh: 退款, en: a refund}", "title: {zh: 退款}")


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    command.register(app)

    @app.command("other")
    def other() -> None:
        """Typer runs a single command without its name."""

    return app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(LINES, tmp_path / "dialplans")
    (tmp_path / "voices").mkdir()
    for name in ("nuan", "joe"):
        (tmp_path / "voices" / f"{name}.yaml").write_text("engine: none\n", encoding="utf-8")
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "dialplans" / "shop" / "flow.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def run(app: typer.Typer, folder: Path, *words: str) -> tuple[int, str]:
    where = ["--dialplans", str(folder / "dialplans"), "--voices", str(folder / "voices")]
    result = CliRunner().invoke(app, ["check", *words, *where])
    if isinstance(result.exception, ConfigError):
        raise result.exception
    return result.exit_code, result.stdout


def test_a_sound_line_passes(app: typer.Typer, folder: Path) -> None:
    code, text = run(app, folder, "shop", "--strict")
    assert code == 0
    assert "can be served" in text
    assert text.endswith("0 errors, 0 warnings\n")


def test_an_error_fails(app: typer.Typer, folder: Path) -> None:
    change(folder, *BROKEN)
    code, text = run(app, folder)
    assert code == 1
    assert "shop/flow.yaml:" in text
    assert "[dangling-step]" in text
    assert "cannot be served" in text


def test_a_warning_fails_only_when_strict(app: typer.Typer, folder: Path) -> None:
    change(folder, *DOUBTFUL)
    assert run(app, folder)[0] == 0
    code, text = run(app, folder, "--strict")
    assert code == 1
    assert "[missing-title]" in text


def test_programs_read_json(app: typer.Typer, folder: Path) -> None:
    change(folder, *BROKEN)
    code, text = run(app, folder, "--json")
    found = json.loads(text)
    assert code == 1
    assert [line["line"] for line in found["lines"]] == ["shop"]
    assert found["lines"][0]["is_servable"] is False
    (problem,) = found["problems"]
    assert (problem["rule"], problem["severity"]) == ("dangling-step", "error")
    assert problem["file"].endswith("shop/flow.yaml")


def test_a_line_that_is_not_there_is_wrong_use(app: typer.Typer, folder: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        run(app, folder, "shpo")
    with pytest.raises(ConfigError, match="no dialplan"):
        run(app, folder / "voices")


def test_a_line_that_cannot_be_read_at_all(app: typer.Typer, folder: Path) -> None:
    (folder / "dialplans" / "shop" / "flow.yaml").write_text("[", encoding="utf-8")
    code, text = run(app, folder)
    assert code == 1
    assert "shop: cannot be read" in text
    assert json.loads(run(app, folder, "--json")[1])["lines"] == [{"line": "shop", "is_servable": False}]


def test_the_manual_names_every_rule(app: typer.Typer, folder: Path) -> None:
    code, text = run(app, folder, "--rules")
    assert code == 0
    for rule in RULES.values():
        assert f"{rule.name} ({rule.severity})\n    {rule.why}" in text
