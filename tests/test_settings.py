"""Settings are read once, all faults are told at once, and secrets stay secret."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from voicebot.errors import ConfigError
from voicebot.settings import (
    Settings,
    describe,
    is_local,
    markdown,
    parse_env_file,
    read_settings,
    require_serving,
)

GOOD = {
    "PUBLIC_URL": "https://voice.example.com/",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "s3cret",
    "TWILIO_FROM": "+85258081000",
}


def test_nothing_given_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()


def test_environment_wins_over_the_file() -> None:
    settings = read_settings({"PORT": "9000"}, "PORT=8000\nHOST=0.0.0.0\n")
    assert (settings.port, settings.host) == (9000, "0.0.0.0")


def test_an_empty_variable_counts_as_not_given() -> None:
    assert read_settings({"PORT": " "}).port == 8080


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DEVELOPMENT", "yes", True),
        ("DEVELOPMENT", "Off", False),
        ("LOG_LEVEL", "debug", "DEBUG"),  # choices are found whatever the case
        ("RECORD_CALLS", "never", "never"),
        ("VOICES_DIR", "here/voices", Path("here/voices")),
        ("PUBLIC_URL", "https://a.example/x/", "https://a.example/x"),  # paths are appended with a slash
    ],
)
def test_values_are_understood(name: str, text: str, value: object) -> None:
    assert getattr(read_settings({name: text}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("PORT", "eighty", "not a whole number"),
        ("PORT", "70000", "from 0 to 65535"),
        ("MAX_CALLS", "0", "from 1 to"),
        ("DEVELOPMENT", "maybe", "neither true nor false"),
        ("RECORD_CALLS", "sometimes", "never, dialplan, always"),
        ("PUBLIC_URL", "voice.example.com", "https://voice.example.com"),
        ("PUBLIC_URL", "https://a.example/?x=1", "no query"),  # the carrier drops it from stream URLs
        ("PUBLIC_URL", "https://u:p@a.example", "password"),
        ("PUBLIC_URL", "https://my_host.example", "underscore"),
        ("PUBLIC_URL", "https://a.example:port", "https://voice.example.com"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32, "API keys"),  # they do not sign webhooks
        ("TWILIO_FROM", "021 5808 1000", "E.164"),
    ],
)
def test_wrong_values_are_named_with_the_remedy(name: str, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        read_settings({name: text})
    assert said in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({"PORT": "x", "MAX_CALLS": "y"}, "what is this\nPUBLC_URL=https://a.example\n")
    text = str(caught.value)
    assert all(word in text for word in ("PORT", "MAX_CALLS", ".env:1", "Did you mean PUBLIC_URL"))


def test_names_of_other_programs_in_the_file_are_left_alone() -> None:
    assert read_settings({}, "COMPOSE_PROJECT_NAME=voice\n") == Settings()


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({**GOOD, "PORT": "x", "DATABASE_URL": "postgresql://u:hush@db/x"})
    assert "hush" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_secrets_never_appear() -> None:
    settings = read_settings({**GOOD, "DATABASE_URL": "postgresql://u:hush@db/x"})
    shown = repr(settings) + str(describe(settings)) + markdown()
    assert "s3cret" not in shown
    assert "hush" not in shown
    assert {row.name: row.value for row in describe(settings)}["TWILIO_AUTH_TOKEN"] == "set"
    assert {row.name: row.value for row in describe(Settings())}["TWILIO_AUTH_TOKEN"] == "unset"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1", {"A": "1"}),
        ("export A=1", {"A": "1"}),
        ("A = 1 # one", {"A": "1"}),
        ("A='x # y'", {"A": "x # y"}),  # quotes keep what looks like a comment
        ('A="x" # y', {"A": "x"}),
        ("A=", {"A": ""}),
        ("A=# none", {"A": ""}),
        ("A=p#w", {"A": "p#w"}),  # a password may hold one
        ("# A=1\n\n", {}),
    ],
)
def test_env_file_forms(text: str, values: dict[str, str]) -> None:
    assert parse_env_file(text) == (values, [])


# --- fail closed ------------------------------------------------------------------------


def test_complete_settings_may_serve() -> None:
    require_serving(read_settings(GOOD))


@pytest.mark.parametrize("missing", ["PUBLIC_URL", "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "TWILIO_FROM"])
def test_serving_is_refused_without(missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        require_serving(read_settings({name: text for name, text in GOOD.items() if name != missing}))


@pytest.mark.parametrize(
    ("host", "url", "may_serve"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080", True),
        ("::1", "http://localhost:8080", True),
        ("0.0.0.0", "http://127.0.0.1:8080", False),  # others in the network could ring
        ("127.0.0.1", "https://x.tunnel.example", False),  # a tunnel opens this machine to the world
        ("192.168.1.4", "http://192.168.1.4:8080", False),
    ],
)
def test_development_without_a_token_stays_on_this_machine(host: str, url: str, may_serve: bool) -> None:
    settings = read_settings({"DEVELOPMENT": "1", "HOST": host, "PUBLIC_URL": url})
    if may_serve:
        require_serving(settings)
    else:
        with pytest.raises(ConfigError):
            require_serving(settings)


def test_plain_http_is_refused_for_the_world() -> None:
    with pytest.raises(ConfigError, match="https"):
        require_serving(read_settings({**GOOD, "PUBLIC_URL": "http://voice.example.com"}))


@pytest.mark.parametrize("host", ["0.0.0.0", "", "example.com", "127.0.0.1.example.com", "localhost.example"])
def test_names_that_only_look_local(host: str) -> None:
    assert not is_local(host)


def test_every_setting_says_what_it_is_for() -> None:
    assert len(describe()) == len(dataclasses.fields(Settings))
    for row in describe():
        assert row.help.endswith(".")
        assert f"`{row.name}`" in markdown()
