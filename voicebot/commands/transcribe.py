"""`voicebot transcribe`: what the bot would hear in a recording."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from voicebot.commands.settings import load_settings
from voicebot.engines.sound_file import read_call_audio
from voicebot.engines.whisper import LANGUAGES, WhisperRecogniser
from voicebot.errors import ConfigError
from voicebot.events import Candidate, Expectation, Hearing
from voicebot.models import ModelStore

KINDS = ("free", "yes_no", "choice", "record", "digits", "phone", "account", "money", "date", "number")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("transcribe")
    def transcribe_command(
        files: Annotated[list[Path], typer.Argument(help="WAV files; any rate, first channel is used.")],
        language: Annotated[str, typer.Option("--language", help="zh or en.")] = "zh",
        expect: Annotated[
            str, typer.Option("--expect", help="What may be said, by commas: 原路退回,退到余额 or 8801,8807.")
        ] = "",
        kind: Annotated[
            str, typer.Option("--kind", help="Kind of question; digits, phone and account search numbers.")
        ] = "free",
        digits: Annotated[int, typer.Option("--digits", help="How many digits the number has.")] = 0,
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON list.")] = False,
    ) -> None:
        """Transcribe recordings as a call would hear them, with what a question expects.

        Exit codes: 0 done, 2 wrong use or set-up.
        """
        if language not in LANGUAGES:
            raise ConfigError(f"--language must be one of {', '.join(LANGUAGES)}.")
        if kind not in KINDS:
            raise ConfigError(f"--kind must be one of {', '.join(KINDS)}.")
        expectation = expectation_from(expect, kind, digits)
        sounds = [read_call_audio(file) for file in files]
        settings = load_settings()
        recogniser = WhisperRecogniser(
            ModelStore(settings.models_dir).resolve(settings.asr_model), cpu_threads=settings.asr_threads
        )
        recogniser.warm_up()
        rows: list[dict[str, Any]] = []
        for file, samples in zip(files, sounds, strict=True):
            hearing = recogniser.recognise(samples, language=language, expectation=expectation)
            if as_json:
                rows.append({"file": str(file), **as_row(hearing)})
            else:
                typer.echo("\n".join(lines(file, hearing)))
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))


def expectation_from(expect: str, kind: str, digits: int) -> Expectation:
    """What the command line says may be heard.

    >>> expectation_from("原路,余额", "free", 0).kind
    'choice'
    """
    values = [value.strip() for value in expect.replace("，", ",").split(",") if value.strip()]
    return Expectation(
        kind="choice" if values and kind == "free" else kind,
        candidates=tuple(Candidate(value, (value,)) for value in dict.fromkeys(values)),
        min_digits=digits,
        max_digits=digits,
    )


def as_row(hearing: Hearing) -> dict[str, Any]:
    """A hearing for programs."""
    row = asdict(hearing)
    del row["vector"]
    return row


def lines(file: Path, hearing: Hearing) -> list[str]:
    """A hearing for people."""
    text = hearing.text or "(nothing)"
    found = [f"{file}: {text}   [{hearing.confidence:.0%}, {hearing.took_ms} ms]"]
    if hearing.ranked:
        found.append(f"    expected: {hearing.best_expected or 'none of these'}")
        found += [f"      {rank.score:6.2f}  {rank.value} ({rank.saying})" for rank in hearing.ranked[:5]]
    if hearing.digits:
        found.append("    digits: " + ", ".join(guess.text for guess in hearing.digits[:3]))
    return found
