"""`voicebot transcribe`: what the bot would hear in a recording."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from voicebot.commands import transcribe
from voicebot.commands.transcribe import expectation_from, lines
from voicebot.errors import ConfigError
from voicebot.events import Alternative, Hearing, Ranked
from voicebot.wav import encode_wav


def run(*arguments: str) -> Result:
    app = typer.Typer()
    transcribe.register(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["transcribe", *arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("x.wav", "--language", "fr"), "--language must be one of zh, en"),
        (("x.wav", "--kind", "digit"), "--kind must be one of"),
        (("x.wav",), "x.wav cannot be read"),
    ],
)
def test_wrong_use_is_told_before_anything_is_loaded(arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, ConfigError)
    assert told in str(done.exception)


def test_expectations_come_from_the_command_line() -> None:
    choice = expectation_from("原路， 余额,原路", "free", 0)
    assert choice.kind == "choice"
    assert [candidate.value for candidate in choice.candidates] == ["原路", "余额"]
    assert expectation_from("", "free", 0).kind == "free"
    number = expectation_from("", "digits", 8)
    assert (number.kind, number.min_digits, number.max_digits) == ("digits", 8, 8)


def test_people_see_what_was_chosen_and_what_came_next() -> None:
    hearing = Hearing(
        text="援路退回",
        ranked=(Ranked("原路", "原路", -0.1), Ranked("余额", "余额", -4.0)),
        best_expected="原路",
        digits=(Alternative("8801", -0.1),),
        confidence=0.93,
        took_ms=210,
    )
    told = "\n".join(lines(Path("a.wav"), hearing))
    assert "a.wav: 援路退回   [93%, 210 ms]" in told
    assert "expected: 原路" in told
    assert "digits: 8801" in told
    assert "none of these" in "\n".join(lines(Path("a.wav"), Hearing(text="", ranked=hearing.ranked)))


@pytest.mark.slow
def test_silence_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "silence.wav"
    file.write_bytes(encode_wav(np.zeros(16_000, dtype=np.int16)))
    done = run(str(file), "--expect", "原路,余额", "--json")
    (row,) = json.loads(done.output)
    assert row["text"] == ""
    assert row["best_expected"] is None
