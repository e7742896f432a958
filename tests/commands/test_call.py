"""The telephone on the command line: wrong use is told before anything rings."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from voicebot.__main__ import build_app
from voicebot.commands import fixtures
from voicebot.commands.call import where_of
from voicebot.commands.placing import TEST_ACCOUNT, Placed
from voicebot.errors import ConfigError, DialplanError
from voicebot.phone.tape import Tape
from voicebot.settings import Settings


@pytest.mark.parametrize("arguments", [[], ["x.yaml", "--say", "你好"]])
def test_either_a_script_or_sentences(arguments: list[str]) -> None:
    result = CliRunner().invoke(build_app(), ["call", *arguments])
    assert result.exit_code == 2
    assert "either a script or --say" in result.output


def test_a_script_that_cannot_be_read_or_played_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(build_app(), ["call", str(tmp_path / "none.yaml")])
    assert isinstance(result.exception, ConfigError)
    assert "none.yaml" in str(result.exception)
    (tmp_path / "bad.yaml").write_text("moves: [{sing: la}]")
    result = CliRunner().invoke(build_app(), ["call", str(tmp_path / "bad.yaml")])
    assert isinstance(result.exception, DialplanError)
    assert "bad.yaml:1:10" in str(result.exception)


def test_the_server_of_the_settings_is_rung() -> None:
    where = where_of(Settings(host="0.0.0.0", port=9000, twilio_auth_token="t"))
    assert (where.server, where.public_url) == ("http://127.0.0.1:9000", "http://127.0.0.1:9000")
    assert (where.account_sid, where.auth_token) == (TEST_ACCOUNT, "t")


def test_a_public_address_is_signed_and_the_near_one_is_rung() -> None:
    where = where_of(Settings(public_url="https://voice.example.com"), "http://10.0.0.5:8080/")
    assert (where.server, where.public_url) == ("http://10.0.0.5:8080", "https://voice.example.com")


def test_without_recordings_there_are_no_words_to_read_along() -> None:
    assert where_of(Settings(record_calls="never")).recordings is None
    assert where_of(Settings(record_calls="always")).recordings is not None


@pytest.mark.parametrize(
    ("name", "placed", "why"),
    [
        ("A3 Keys", Placed("CA1", Tape()), "cannot be called"),
        ("../up", Placed("CA1", Tape()), "cannot be called"),
        ("a3-keys", Placed("CA1", Tape()), "recording of this call was not found"),
        ("a3-keys", Placed("CA1", Tape(), problems=["in vain"]), "did not go as written"),
    ],
)
def test_only_a_good_and_recorded_call_becomes_a_fixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, placed: Placed, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=why):
        fixtures.keep(placed, name, None, Settings(), Console(quiet=True))
    assert not (tmp_path / "fixtures").exists()
