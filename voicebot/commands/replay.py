"""`voicebot replay`: run recorded calls again and tell what is different."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from voicebot.app import call_config
from voicebot.call import Call
from voicebot.call_config import CallConfig
from voicebot.commands.settings import load_settings
from voicebot.dialogue import Dialogue
from voicebot.dialplan.model import Dialplan
from voicebot.dialplan_files import read_line
from voicebot.engines.base import Embedder
from voicebot.engines.e5 import E5Embedder, version
from voicebot.engines.remembering import RememberingEmbedder
from voicebot.engines.webrtc import WebrtcDetector
from voicebot.engines.whisper import WhisperRecogniser
from voicebot.errors import ConfigError
from voicebot.eventlog import line as as_line
from voicebot.models import ModelStore
from voicebot.replay.outcome import Difference, Outcome, as_json, differences, outcome_from, outcome_of_rows
from voicebot.replay.recording import Recording, find_recordings, read_recording, read_rows
from voicebot.replay.run import Ears, Replayed, replay
from voicebot.settings import Settings

EXPECTED_FILE = "expected.jsonl"


@dataclass(frozen=True, slots=True)
class Result:
    """One recording, run again."""

    folder: str
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    """what a reader must know to judge the differences"""
    heard: tuple[str, ...] = ()
    length_ms: int = 0
    outcome: Outcome = field(default_factory=Outcome)
    is_accepted: bool = False
    """its outcome was written down as the expected one"""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("replay")
    def replay_command(
        folders: Annotated[list[Path], typer.Argument(help="Recordings, or folders of recordings.")],
        accept: Annotated[
            bool, typer.Option("--accept", help=f"Write what happens into {EXPECTED_FILE}: it is right.")
        ] = False,
        jobs: Annotated[
            int, typer.Option(min=1, max=64, help="Recordings at once; each loads the models.")
        ] = 1,
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON list.")] = False,
    ) -> None:
        """Run recorded calls through the present script and engines, faster than life.

        Compares path, slots, sentences, deeds, transfer and outcome with expected.jsonl. The caller's sound
        and keys, the agents and the answers of the business systems come from the recording.

        Exit codes: 0 all as expected, 1 differences, 2 wrong use or set-up.
        """
        settings = load_settings()
        results = list(run_all(find_recordings(folders), settings, jobs=jobs, accept=accept))
        if as_json:
            typer.echo(json.dumps([_told(result) for result in results], ensure_ascii=False, indent=2))
        else:
            for result in results:
                _show(result)
            different = sum(bool(result.differences) for result in results)
            typer.echo(f"{len(results)} recordings, {different} with differences")
        if any(result.differences for result in results):
            sys.exit(1)


def run_all(
    folders: Iterable[Path], settings: Settings, *, jobs: int = 1, accept: bool = False
) -> Iterator[Result]:
    """Run recordings, in order. Raises ConfigError, DialplanError, EngineError."""
    work = [(folder, settings, accept) for folder in folders]
    if jobs == 1 or len(work) == 1:
        yield from map(_run_one, work)
        return
    with ProcessPoolExecutor(min(jobs, len(work))) as pool:
        yield from pool.map(_run_one, work)


def _run_one(work: tuple[Path, Settings, bool]) -> Result:
    folder, settings, accept = work
    recording = read_recording(folder)
    line = _line(settings, recording.line)
    replayed = replay(recording, Call(line.dialogue, line.config), _ears(settings))
    notes = tuple(_notes(recording, line.dialplan, replayed))
    result = Result(
        str(folder), (), notes, replayed.heard, replayed.length_ms, replayed.outcome, is_accepted=accept
    )
    path = folder / EXPECTED_FILE
    if accept:
        live = differences(outcome_of_rows(recording.rows), replayed.outcome)
        if live:
            count = f"{len(live)} difference{'' if len(live) == 1 else 's'}"
            told = tuple(f"the live call went otherwise, {count}: {one}" for one in live[:3])
            result = replace(result, notes=notes + told)
        path.write_text("".join(as_line(row) for row in replayed.outcome.rows()), encoding="utf-8")
        return result
    if not path.is_file():
        raise ConfigError(
            f"{path}: there is nothing to compare with",
            code="E-REPLAY-FILE",
            remedy=f"Listen to the call; when it is right, run `voicebot replay --accept {folder}`.",
        )
    try:
        expected = outcome_from(read_rows(path))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", code="E-REPLAY-FILE") from error
    return replace(result, differences=differences(expected, replayed.outcome))


@dataclass(frozen=True, slots=True)
class _Line:
    """One hotline, ready for calls."""

    dialplan: Dialplan
    dialogue: Dialogue
    config: CallConfig


@cache
def _embedder(settings: Settings) -> Embedder | None:
    if settings.embedder != "e5":
        return None
    embedder = RememberingEmbedder(E5Embedder(), settings.cache_dir / "meanings.npz", version=version())
    embedder.warm_up()
    return embedder


@cache
def _line(settings: Settings, line: str) -> _Line:
    """As the server makes it for calls that are recorded: with the notice that they are."""
    embedder = _embedder(settings)
    dialplan = read_line(settings.dialplans_dir, line, voices_dir=None, embedder=embedder)
    dialplan = replace(dialplan, record_calls=True)
    dialogue = Dialogue(dialplan, embedder.embed if embedder is not None else None)
    return _Line(dialplan, dialogue, call_config(settings, dialplan))


@cache
def _ears(settings: Settings) -> Ears:
    path = ModelStore(settings.models_dir).resolve(settings.asr_model)
    threads = min(settings.asr_threads, os.cpu_count() or 1)
    return Ears(WhisperRecogniser(path, cpu_threads=threads), WebrtcDetector, _embedder(settings))


def _notes(recording: Recording, dialplan: Dialplan, replayed: Replayed) -> Iterator[str]:
    if recording.checksum and recording.checksum != dialplan.checksum:
        yield "the script has changed since the call was recorded"
    if recording.masked_keys:
        yield f"{recording.masked_keys} secret keys are not in the recording and were not pressed"
    if recording.lost:
        yield f"{recording.lost} rows are missing: the disk was too slow when it was recorded"
    for operation in sorted(set(replayed.unanswered)):
        yield f'"{operation}" was asked in a way that is not in the recording, and failed as "unavailable"'


def _show(result: Result) -> None:
    if result.is_accepted:
        verdict = "accepted"
    elif result.differences:
        count = len(result.differences)
        verdict = f"{count} difference{'' if count == 1 else 's'}"
    else:
        verdict = "as expected"
    typer.echo(f"{result.folder}: {verdict}")
    for note in result.notes:
        typer.echo(f"  note: {note}")
    for difference in result.differences:
        typer.echo("  " + str(difference).replace("\n", "\n  "))


def _told(result: Result) -> dict[str, Any]:
    return {
        "folder": result.folder,
        "differences": [as_json(difference) for difference in result.differences],
        "notes": list(result.notes),
        "heard": list(result.heard),
        "length_ms": result.length_ms,
    }
