"""`voicebot say`: one sentence into a file, as the caller would hear it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from voicebot.audio import level_db
from voicebot.commands import say
from voicebot.errors import ConfigError
from voicebot.wav import decode_wav


def run(*arguments: str) -> Result:
    app = typer.Typer()
    say.register(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["say", *arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("好", "--voice", "nobody"), 'no persona "nobody"'),
        (("好", "--pace", "9"), "--pace must be from 0.5 to 2"),
    ],
)
def test_wrong_use_is_told_before_anything_is_loaded(arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, ConfigError)
    assert told in str(done.exception)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("voice", "text", "spoken"),
    [
        ("xiaonuan", "退款88.50元", "退款八十八点五零元"),
        ("yunxi", "您好，请讲。", "您好，请讲。"),
        ("joe", "Hello, how can I help?", "Hello, how can I help?"),
    ],
)
def test_each_persona_speaks_at_the_loudness_of_the_line(
    tmp_path: Path, voice: str, text: str, spoken: str
) -> None:
    out = tmp_path / "said.wav"
    done = run(text, "--voice", voice, "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["spoken"] == spoken
    sound, rate_hz = decode_wav(out.read_bytes())
    assert rate_hz == 8000
    assert told["length_ms"] == len(sound) // 8 > 500
    assert level_db(sound[:, 0]) == pytest.approx(-20, abs=2.5)


@pytest.mark.slow
def test_a_text_without_words_is_refused(tmp_path: Path) -> None:
    done = run("……", "--out", str(tmp_path / "said.wav"))
    assert isinstance(done.exception, ConfigError)
    assert not (tmp_path / "said.wav").exists()
