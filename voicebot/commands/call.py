"""`voicebot call`: a telephone that rings the hotline."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from voicebot.commands import fixtures
from voicebot.commands.placing import TEST_ACCOUNT, Exchange, Placed, Where, exchange, save
from voicebot.commands.settings import load_settings
from voicebot.dialplan.model import Place
from voicebot.engines.base import Synthesiser
from voicebot.engines.cache import CachedSynthesiser
from voicebot.engines.voices import Voices
from voicebot.errors import ConfigError
from voicebot.events import Samples
from voicebot.models import ModelStore
from voicebot.phone.script import Say, Script, read_script, say_script
from voicebot.phone.show import Screen
from voicebot.phone.sounds import make_background, make_sounds
from voicebot.phone.turntimes import percentile
from voicebot.settings import Settings
from voicebot.standin.people import PEOPLE

CALLER_VOICE = "caller"
"""persona of callers; never the bot's, so that both can be told apart"""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("call")
    def call_command(
        script: Annotated[
            Path | None, typer.Argument(help="What the caller does: a YAML file, see README.")
        ] = None,
        say: Annotated[list[str] | None, typer.Option(help="A sentence to say; again for the next.")] = None,
        caller: Annotated[str, typer.Option(help="Number ringing, E.164; overrides the script's.")] = "",
        dialed: Annotated[str, typer.Option(help="Number rung, E.164; overrides the script's.")] = "",
        voice: Annotated[str, typer.Option(help="Persona that speaks `say` lines.")] = "",
        server: Annotated[str, typer.Option(help="Where the server listens; by default HOST and PORT.")] = "",
        out: Annotated[Path, typer.Option(help="Folder for sound and timeline.")] = Path("out/calls"),
        times: Annotated[int, typer.Option(min=1, max=1000, help="Calls to place.")] = 1,
        at_once: Annotated[int, typer.Option(min=1, max=50, help="Calls at the same time.")] = 1,
        record_fixture: Annotated[
            str, typer.Option(help="Keep the server's recording as fixtures/calls/NAME.")
        ] = "",
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    ) -> None:
        """Ring the hotline like a real telephone, talk as the script says, and measure the answers.

        Speaks Twilio's protocol over a real WebSocket, in real time, and plays the carrier for the server
        too: set the server's TWILIO_API_BASE to a free address on this machine, such as
        http://127.0.0.1:8081, and warm transfers really ring the script's agents. Set RECORD_CALLS=always
        to read the bot's words along.

        Exit codes: 0 the calls went as written, 1 one did not, 2 wrong use or set-up.
        """
        if (script is None) == (not say):
            raise typer.BadParameter("give either a script or --say, not both and not neither")
        settings = load_settings()
        played = (
            read_script(_text(script), str(script), behaviours=tuple(PEOPLE))
            if script is not None
            else say_script(say or [])
        )
        played = replace(
            played,
            caller=caller or played.caller,
            dialed=dialed or played.dialed,
            voice=voice or played.voice or CALLER_VOICE,
        )
        folder = script.parent if script is not None else Path()
        name = script.stem if script is not None else "say"
        console = Console(stderr=as_json, soft_wrap=True)
        calls = asyncio.run(
            place_all(
                played,
                where_of(settings, server),
                prepare(played, settings, folder),
                console,
                times=times,
                at_once=at_once,
            )
        )
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        summary = [_finish(placed, out / f"{stamp}-{name}-{n}", console) for n, placed in enumerate(calls, 1)]
        if len(calls) > 1:
            _show_all(calls, console)
        if record_fixture and calls:
            fixtures.keep(calls[0], record_fixture, script, settings, console)
        if as_json:
            typer.echo(json.dumps(summary, ensure_ascii=False, indent=2))
        if any(placed.problems for placed in calls):
            sys.exit(1)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A script's sounds, made before the phone rings."""

    sounds: Mapping[Place, Samples]
    folder: Path


def where_of(settings: Settings, server: str = "") -> Where:
    """The server of these settings, rung on the account it believes in."""
    here = server or f"http://{settings.host if settings.host != '0.0.0.0' else '127.0.0.1'}:{settings.port}"
    return Where(
        server=here.rstrip("/"),
        public_url=settings.public_url or here.rstrip("/"),
        account_sid=settings.twilio_account_sid or TEST_ACCOUNT,
        auth_token=settings.twilio_auth_token,
        api_base=settings.twilio_api_base,
        recordings=settings.recordings_dir if settings.record_calls != "never" else None,
    )


def caller_voices(settings: Settings, voice: str) -> Synthesiser:
    """The voices callers speak with; what was spoken once is kept."""
    store = ModelStore(settings.models_dir)
    voices = Voices(
        settings.voices_dir,
        lambda name: store.resolve(name, purpose=name),
        work_dir=settings.cache_dir / "engines",
        needed=(voice,),
    )
    return CachedSynthesiser(voices, settings.cache_dir / "callers")


def prepare(script: Script, settings: Settings, folder: Path) -> Prepared:
    """Make a script's sounds. Raises ConfigError, EngineError."""
    has_words = any(isinstance(move, Say) for move in script.moves)
    voices = caller_voices(settings, script.voice) if has_words else None
    return Prepared(make_sounds(script, voices, script.voice, folder), folder)


async def place_all(
    script: Script, where: Where, prepared: Prepared, console: Console, *, times: int = 1, at_once: int = 1
) -> list[Placed]:
    """Place the calls, at most so many at once, and show them as they happen."""
    room = asyncio.Semaphore(at_once)

    async def one(lines: Exchange, number: int) -> Placed:
        async with room:
            label = f"#{number}" if times > 1 else ""
            return await lines.place(
                script,
                prepared.sounds,
                background=make_background(script, dict(prepared.sounds), prepared.folder),
                on_entry=Screen(console, label),
            )

    async with exchange(where) as lines:
        results = await asyncio.gather(*(one(lines, n) for n in range(1, times + 1)), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if isinstance(result, Placed)]


def _finish(placed: Placed, folder: Path, console: Console) -> dict[str, Any]:
    """Write a call's files, show its times, and tell a program about it."""
    save(placed, folder)
    Screen(console).times(placed.tape)
    console.print(f"sound and timeline: {folder}", highlight=False)
    for problem in placed.problems:
        console.print(f"[red]{problem}[/red]", highlight=False)
    told = placed.tape.timeline()
    return {
        "call_id": placed.call_id,
        "folder": str(folder),
        "recording": str(placed.recording) if placed.recording else None,
        "length_ms": told["length_ms"],
        "turns": told["turns"],
        "waited_ms": told["waited_ms"],
        "ended_by": "caller" if placed.hung_up_first else "bot",
        "was_with_agent": placed.was_with_agent,
        "agents_heard": placed.agents_heard,
        "problems": placed.problems,
    }


def _show_all(calls: list[Placed], console: Console) -> None:
    waits = [turn.waited_ms for placed in calls for turn in placed.tape.answers()]
    good = sum(not placed.problems for placed in calls)
    console.print(f"{good} of {len(calls)} calls went as written", highlight=False)
    if waits:
        console.print(
            f"all calls: median {round(statistics.median(waits))} ms, p95 {percentile(waits, 0.95)} ms, "
            f"over {len(waits)} turns",
            highlight=False,
        )


def _text(path: Path | None) -> str:
    assert path is not None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read: {why}", code="E-PHONE-SCRIPT") from error
