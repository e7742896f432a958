"""Replay on the command line: exit codes, differences told, the right way written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.conversation import TinyDialogue
from voicebot.__main__ import build_app
from voicebot.call_config import CallConfig
from voicebot.commands import replay as command
from voicebot.errors import ConfigError
from voicebot.recorder import Recorder, RecordingHeader
from voicebot.replay.outcome import Outcome
from voicebot.replay.run import Replayed


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    from tests.replay.test_replay import refund

    folder = tmp_path / "calls" / "one"
    refund(folder)
    return folder


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bot says when a recording is run again; the test may change it."""
    sentences = ["您好"]

    def run_again(recording: Any, call: Any, ears: Any) -> Replayed:
        items = {"says": tuple({"prompt": "p", "text": text} for text in sentences)}
        return Replayed(Outcome(items), ("我要退款",), ("cancel_order",), 5000)

    monkeypatch.setattr(command, "replay", run_again)
    monkeypatch.setattr(command, "_ears", lambda settings: None)
    monkeypatch.setattr(command, "_line", lambda settings, line: Line())
    return sentences


class Line:
    class dialplan:
        checksum = "another"

    dialogue = TinyDialogue()
    config = CallConfig()


def run(*arguments: str) -> Any:
    return CliRunner().invoke(build_app(), ["replay", *arguments])


def test_nothing_to_compare_with_says_what_to_do(recording: Path, says: list[str]) -> None:
    result = run(str(recording))
    assert isinstance(result.exception, ConfigError)
    assert "voicebot replay --accept" in str(result.exception)


def test_accepted_then_the_same_then_different(recording: Path, says: list[str]) -> None:
    assert run("--accept", str(recording.parent)).exit_code == 0
    same = run(str(recording.parent))
    assert same.exit_code == 0
    assert "1 recordings, 0 with differences" in same.output
    says[0] = "喂"
    different = run(str(recording.parent))
    assert different.exit_code == 1
    assert "expected  p · 您好" in different.output
    assert "happened  p · 喂" in different.output


def test_programs_get_json_and_people_get_notes(recording: Path, says: list[str]) -> None:
    run("--accept", str(recording))
    (told,) = json.loads(run("--json", str(recording)).output)
    assert told["differences"] == []
    assert told["heard"] == ["我要退款"]
    assert any("script has changed" in note for note in told["notes"])
    assert any("cancel_order" in note for note in told["notes"])


def test_an_expectation_that_was_broken_by_hand_is_named(recording: Path, says: list[str]) -> None:
    run("--accept", str(recording))
    (recording / "expected.jsonl").write_text("{}\n")
    result = run(str(recording))
    assert isinstance(result.exception, ConfigError)
    assert "expected.jsonl" in str(result.exception)


def test_a_call_that_never_started_is_no_recording(tmp_path: Path, says: list[str]) -> None:
    Recorder(tmp_path / "empty", RecordingHeader("tiny", "v1")).close()
    result = run(str(tmp_path / "empty"))
    assert isinstance(result.exception, ConfigError)
    assert "never started" in str(result.exception)
