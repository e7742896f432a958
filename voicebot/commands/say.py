"""`voicebot say`: hear how a persona says a text, as a caller would."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from voicebot.audio import join, length_ms, level_db
from voicebot.commands.settings import load_settings
from voicebot.engines.voices import FASTEST, SLOWEST, Voices
from voicebot.errors import ConfigError
from voicebot.language.speak import literal
from voicebot.models import ModelStore
from voicebot.settings import Settings
from voicebot.wav import encode_wav


def build_voices(settings: Settings, needed: tuple[str, ...] | None = None) -> Voices:
    """The voices of the house, as the settings say. needed: personas that must work; None for all."""
    store = ModelStore(settings.models_dir)
    return Voices(
        settings.voices_dir,
        lambda name: store.resolve(name, purpose="piper-joe"),
        work_dir=settings.models_dir / "work",
        needed=needed,
    )


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("say")
    def say_command(
        text: Annotated[str, typer.Argument(help="What to say; figures are read as people read them.")],
        voice: Annotated[str, typer.Option("--voice", help="Name of a persona file.")] = "xiaonuan",
        out: Annotated[Path, typer.Option("--out", help="WAV file to write, 8 kHz as on the phone.")] = Path(
            "say.wav"
        ),
        pace: Annotated[
            float, typer.Option("--pace", help="1.0 is the persona's own; above is faster.")
        ] = 1.0,
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    ) -> None:
        """Speak a text into a WAV file, and tell how long it took.

        Exit codes: 0 done, 2 wrong use or set-up.
        """
        if not SLOWEST <= pace <= FASTEST:
            raise ConfigError(f"--pace must be from {SLOWEST:g} to {FASTEST:g}.")
        voices = build_voices(load_settings(), needed=(voice,))
        voices.warm_up()
        spoken = literal(text, voices.persona(voice).language)
        started = time.perf_counter()
        parts, first_ms = [], 0
        for part in voices.synthesise(spoken, voice=voice, pace=pace):
            first_ms = first_ms or round((time.perf_counter() - started) * 1000)
            parts.append(part)
        took_ms = round((time.perf_counter() - started) * 1000)
        samples = join(parts)
        if not len(samples):
            raise ConfigError("there is nothing to speak in this text.")
        try:
            out.write_bytes(encode_wav(samples))
        except OSError as error:
            raise ConfigError(f'"{out}" cannot be written: {error.strerror}.') from error
        told = {
            "file": str(out),
            "voice": voice,
            "spoken": spoken,
            "length_ms": length_ms(samples),
            "first_part_ms": first_ms,
            "made_in_ms": took_ms,
            "parts": len(parts),
            "level_db": round(level_db(samples), 1),
        }
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
            return
        typer.echo(
            f"{out}: {length_ms(samples) / 1000:.1f} s of {voice}, made in {took_ms / 1000:.1f} s, "
            f"first sound after {first_ms / 1000:.1f} s"
        )
