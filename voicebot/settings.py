"""Every setting there is: one table, read once, frozen.

The fields of `Settings` are the table: name, type, default, help, and whether it is a secret.
A field `public_url` is the variable `PUBLIC_URL`, in the environment or in the file `.env`;
the environment wins. All problems are told at once, each with what to do.
"""

# ruff: noqa: RUF009 -- `_setting` is `dataclasses.field` with the table's columns.

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from voicebot.errors import ConfigError

_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def _setting(
    default: Any,
    help: str,
    *,
    secret: bool = False,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """One row of the table. low, high: smallest and largest number that makes sense."""
    return dataclasses.field(
        default=default,
        repr=not secret,
        metadata={"help": help, "secret": secret, "choices": choices, "low": low, "high": high},
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the operator decided. Secrets stay out of `repr`."""

    # --- server and carrier ---
    public_url: str = _setting(
        "", "Base URL under which the carrier reaches this server, such as https://voice.example.com."
    )
    host: str = _setting("127.0.0.1", "Address to listen on; 0.0.0.0 in a container.")
    port: int = _setting(8080, "Port to listen on; 0 takes a free one.", low=0, high=65535)
    development: bool = _setting(
        False,
        "Allow to run without TWILIO_AUTH_TOKEN, on this machine only: HOST and PUBLIC_URL must be local.",
    )
    twilio_account_sid: str = _setting("", "Account at the carrier: AC and 32 hex digits.")
    twilio_auth_token: str = _setting(
        "", "Primary auth token of the account: signs what comes in, opens what goes out.", secret=True
    )
    twilio_api_base: str = _setting(
        "https://api.twilio.com",
        "Where REST requests go: https://api.dublin.ie1.twilio.com for a region, or a stand-in.",
    )
    twilio_from: str = _setting("", "Number shown to agents we ring, E.164; one the account owns.")
    twilio_timeout_ms: int = _setting(5000, "Longest wait for one REST request.", low=100, high=60_000)
    twilio_say_voice_zh: str = _setting(
        "Polly.Zhiyu-Neural", "Carrier voice that reads the recap to a Mandarin-speaking agent."
    )
    twilio_say_voice_en: str = _setting(
        "Polly.Joanna-Neural", "Carrier voice that reads the recap to an English-speaking agent."
    )
    max_calls: int = _setting(
        8, "Calls served at once; one more hears that all lines are busy.", low=1, high=10_000
    )
    stream_wait_ms: int = _setting(
        30_000, "A call answered whose stream has not come by then is forgotten.", low=1000, high=300_000
    )
    shutdown_ms: int = _setting(
        20_000, "Time for running calls to end when the server is stopped.", low=0, high=3_600_000
    )
    log_level: str = _setting("INFO", "How much is logged.", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    # --- data ---
    database_url: str = _setting(
        "sqlite:///var/voicebot.db", "SQLAlchemy URL of the database; may hold a password.", secret=True
    )
    dialplans_dir: Path = _setting(Path("dialplans"), "Folder with one folder per hotline.")
    voices_dir: Path = _setting(Path("voices"), "Folder of persona files.")
    models_dir: Path = _setting(Path(".cache/models"), "Folder of assembled and fetched speech models.")
    cache_dir: Path = _setting(Path("var/cache"), "Folder for audio already made.")
    recordings_dir: Path = _setting(Path("var/recordings"), "Folder for recorded calls.")
    record_calls: str = _setting(
        "dialplan",
        "Whose calls are recorded: nobody's, as each dialplan says, or everybody's.",
        choices=("never", "dialplan", "always"),
    )
    time_zone: str = _setting("Asia/Shanghai", 'Time zone of the business: its "today" is the bot\'s today.')
    # --- speech ---
    asr_model: str = _setting("", "Recogniser model, name or folder; empty takes the one that ships.")
    asr_workers: int = _setting(1, "Utterances recognised at once.", low=1, high=64)
    asr_threads: int = _setting(2, "Processor threads per recognition.", low=1, high=64)
    asr_timeout_ms: int = _setting(
        4000, "Longest wait for a transcript before the caller is asked again.", low=500, high=60_000
    )
    tts_workers: int = _setting(1, "Sentences spoken into audio at once.", low=1, high=64)
    tts_timeout_ms: int = _setting(
        8000, "Longest wait for the next part of a spoken sentence.", low=500, high=60_000
    )
    prepare_prompts: str = _setting(
        "before",
        "When the audio of all fixed prompts is made: before the first call, behind the first calls, or not "
        "ahead at all. A later start finds it in CACHE_DIR.",
        choices=("before", "behind", "no"),
    )
    embedder: str = _setting(
        "e5",
        "What tells the meaning of sentences; without it, words and sounds alone decide.",
        choices=("e5", "none"),
    )

    @property
    def checks_signatures(self) -> bool:
        return bool(self.twilio_auth_token)


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as shown to people."""

    name: str
    type: str
    default: str
    help: str
    is_secret: bool
    value: str
    """"set" or "unset" for secrets"""


def is_local(host: str) -> bool:
    """Is this name or address this very machine, and nothing that others can reach?

    >>> is_local("127.0.0.1"), is_local("::1"), is_local("localhost"), is_local("0.0.0.0"), is_local("")
    (True, True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_settings(environ: Mapping[str, str], env_file: str = "") -> Settings:
    """Make the settings from the environment and the text of `.env`; the environment wins.

    An empty variable counts as not given. Raises ConfigError that lists every wrong value.
    """
    from_file, problems = parse_env_file(env_file)
    rows = {field.name.upper(): field for field in dataclasses.fields(Settings)}
    for name in from_file:
        near = difflib.get_close_matches(name.upper(), rows, n=1, cutoff=0.85)
        if name not in rows and near:
            problems.append(f".env: {name} is no setting. Did you mean {near[0]}?")
    types = typing.get_type_hints(Settings)
    values: dict[str, Any] = {}
    for name, field in rows.items():
        text = environ.get(name, "") or from_file.get(name, "")
        if text.strip():
            try:
                values[field.name] = _parse(text.strip(), types[field.name], field.metadata)
            except ValueError as error:
                shown = "its value" if field.metadata["secret"] else repr(text)
                problems.append(f"{name}: {shown} {error}")
    if not problems:
        settings = Settings(**values)
        problems = _wrong_forms(settings)
        if not problems:
            return settings
    raise _all_at_once(problems)


def parse_env_file(text: str) -> tuple[dict[str, str], list[str]]:
    """Read `NAME=value` lines; `#` starts a comment, quotes keep blanks. Returns values and problems.

    >>> parse_env_file('# mine' + chr(10) + 'HOST="0.0.0.0"' + chr(10) + 'PORT=80 # web')
    ({'HOST': '0.0.0.0', 'PORT': '80'}, [])
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(f".env:{number}: not of the form NAME=value")
            continue
        name, value = match.groups()
        quoted = re.fullmatch(r"""(["'])(.*)\1\s*(?:#.*)?""", value)
        values[name] = quoted.group(2) if quoted else re.sub(r"(^|\s+)#.*$", "", value).strip()
    return values, problems


def require_serving(settings: Settings) -> None:
    """Refuse to answer the phone with settings that are not safe or cannot work. Raises ConfigError."""
    problems: list[str] = []
    url = urlsplit(settings.public_url)
    is_all_local = is_local(settings.host) and is_local(url.hostname or "")
    if not settings.public_url:
        problems.append("PUBLIC_URL: missing. Set it to the https:// address the carrier calls.")
    elif url.scheme != "https" and not is_local(url.hostname or ""):
        problems.append("PUBLIC_URL: must be https://; plain http:// is accepted for this machine only.")
    if not settings.twilio_auth_token:
        if not settings.development:
            problems.append(
                "TWILIO_AUTH_TOKEN: missing, so nobody could tell the carrier from a stranger. Set it, or "
                "try things out on this machine with DEVELOPMENT=true."
            )
        elif not is_all_local:
            problems.append(
                "DEVELOPMENT: without TWILIO_AUTH_TOKEN both HOST and PUBLIC_URL must be this machine "
                "(127.0.0.1). Set the token, or make them local."
            )
    if not settings.development:
        if not settings.twilio_account_sid:
            problems.append("TWILIO_ACCOUNT_SID: missing. Agents cannot be rung without it.")
        if not settings.twilio_from:
            problems.append("TWILIO_FROM: missing. Agents cannot be rung without a number to ring from.")
    if problems:
        raise _all_at_once(problems)


def describe(settings: Settings | None = None) -> list[Row]:
    """The whole table, for people; never a secret's value."""
    types = typing.get_type_hints(Settings)
    rows = []
    for field in dataclasses.fields(Settings):
        secret = field.metadata["secret"]
        value = getattr(settings, field.name) if settings is not None else field.default
        choices = field.metadata["choices"]
        if secret:
            shown = "set" if value and value != field.default else "unset"
        else:
            shown = _show(value)
        rows.append(
            Row(
                name=field.name.upper(),
                type=" | ".join(choices) if choices else types[field.name].__name__.lower(),
                default=_show(field.default),
                help=field.metadata["help"],
                is_secret=secret,
                value=shown,
            )
        )
    return rows


def markdown() -> str:
    """The table as it stands in the README."""
    lines = ["| setting | type | default | what for |", "| --- | --- | --- | --- |"]
    for row in describe():
        default = f"`{row.default}`" if row.default else ""
        kind = row.type.replace("|", "\\|") + (", secret" if row.is_secret else "")
        lines.append(f"| `{row.name}` | {kind} | {default} | {row.help} |")
    return "\n".join(lines)


def _show(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parse(text: str, kind: Any, row: Mapping[str, Any]) -> Any:
    """Raises ValueError with the rest of a sentence that begins with the value."""
    if kind is bool:
        if text.lower() not in _WORDS:
            raise ValueError("is neither true nor false")
        return _WORDS[text.lower()]
    if kind is int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError("is not a whole number") from None
        low, high = row["low"], row["high"]
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"is out of range; it must be from {low} to {high}")
        return number
    if kind is Path:
        return Path(text).expanduser()
    if row["choices"]:
        for choice in row["choices"]:
            if text.lower() == choice.lower():
                return choice
        raise ValueError(f"is not one of {', '.join(row['choices'])}")
    return text.rstrip("/") if text.startswith(("http://", "https://")) else text


def _wrong_forms(settings: Settings) -> list[str]:
    """Values of the right type that still cannot be meant."""
    problems = []
    for name in ("public_url", "twilio_api_base"):
        text = getattr(settings, name)
        if not text:
            continue
        try:
            url = urlsplit(text)
            is_good = (
                url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
            )
        except ValueError:
            is_good = False
        if not is_good or url.query or url.fragment or "@" in url.netloc:
            problems.append(
                f"{name.upper()}: must look like https://voice.example.com; no query, fragment or password."
            )
        elif "_" in (url.hostname or ""):
            problems.append(f"{name.upper()}: the carrier refuses host names with an underscore.")
    if settings.twilio_account_sid and not re.fullmatch(r"AC[0-9a-fA-F]{32}", settings.twilio_account_sid):
        problems.append(
            "TWILIO_ACCOUNT_SID: must be AC and 32 hex digits; API keys (SK...) do not sign webhooks."
        )
    if settings.twilio_from and not re.fullmatch(r"\+[1-9][0-9]{4,14}", settings.twilio_from):
        problems.append("TWILIO_FROM: must be a number in E.164: +, country code, digits, no blanks.")
    return problems


def _all_at_once(problems: list[str]) -> ConfigError:
    return ConfigError(
        "\n".join(["the settings cannot be used:", *(f"  {problem}" for problem in problems)]),
        remedy="`voicebot settings` lists every setting with its meaning.",
    )
