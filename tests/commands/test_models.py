"""`voicebot models`: what is there, what is whole, what is fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from voicebot.commands import models
from voicebot.errors import ConfigError
from voicebot.models import CATALOGUE


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))


def run(*arguments: str) -> Result:
    app = typer.Typer()
    models.register(app)
    app.callback()(lambda: None)  # one command is no group of its own
    return CliRunner().invoke(app, ["models", *arguments])


def test_every_model_is_listed_with_its_licence() -> None:
    told = run().stdout
    for name, model in CATALOGUE.items():
        assert name in told
        assert model.licence in told
    assert run("list").stdout == told


def test_programs_get_json() -> None:
    rows = json.loads(run("list", "--json").stdout)
    states = {row["name"]: row["state"] for row in rows}
    assert set(states) == set(CATALOGUE)
    assert states["whisper-base"] == states["kokoro"] == "not assembled"  # in this empty folder


def test_check_fails_while_something_is_missing_and_says_what_helps() -> None:
    done = run("check")
    assert done.exit_code == 1
    assert "BROKEN  kokoro\n        kokoro-v1.0.int8.onnx: missing" in done.stdout
    assert "voicebot models fetch" in done.stderr
    problems = {row["name"]: row["problems"] for row in json.loads(run("check", "--json").stdout)}
    assert problems["kokoro"] == ["kokoro-v1.0.int8.onnx: missing"]


def test_a_broken_file_is_told_apart_from_an_absent_one(tmp_path: Path) -> None:
    (tmp_path / "models/kokoro").mkdir(parents=True)
    (tmp_path / "models/kokoro/kokoro-v1.0.int8.onnx").write_bytes(b"cut off")
    rows = json.loads(run("list", "--json").stdout)
    assert next(row for row in rows if row["name"] == "kokoro")["state"] == "broken"
    assert "7 bytes instead of 92,361,271" in run("check").stdout


def test_a_wrong_name_is_refused() -> None:
    assert isinstance(run("fetch", "./kokoro.onnx").exception, ConfigError)


@pytest.mark.slow
def test_fetch_assembles_what_is_asked_for(tmp_path: Path) -> None:
    done = run("fetch", "kokoro", "--json")
    assert done.exit_code == 0, done.output
    assert Path(json.loads(done.stdout)[0]["path"]).stat().st_size == 92_361_271
    assert "assembling" in done.stderr
    assert "assembling" not in run("fetch", "kokoro").stderr  # whole: left alone
