"""`voicebot report`: one page about recorded calls."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from voicebot import eventlog
from voicebot.commands.placing import Placed
from voicebot.events import Samples
from voicebot.phone.turntimes import answers
from voicebot.recorder import BOT_FILE, CALLER_FILE
from voicebot.replay.recording import EVENTS_FILE, find_recordings
from voicebot.report.facts import Line, facts_of
from voicebot.report.page import CallPage, render
from voicebot.wav import decode_wav


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("report")
    def report_command(
        folders: Annotated[list[Path], typer.Argument(help="Recordings, or folders of recordings.")],
        out: Annotated[Path, typer.Option(help="The page to write.")] = Path("out/report.html"),
    ) -> None:
        """Make one HTML page about recorded calls: transcript, sound, times, what was done.

        The page needs nothing else and may be sent to others; it holds what callers said.
        Exit codes: 0 done, 2 wrong use or set-up.
        """
        pages = [page_of_recording(folder) for folder in find_recordings(folders)]
        write_page(out, "Recorded calls", pages)
        typer.echo(str(out))


def page_of_recording(folder: Path, *, title: str = "") -> CallPage:
    """What the server's recording tells."""
    rows = _rows(folder)
    caller, bot = _sound(folder / CALLER_FILE), _sound(folder / BOT_FILE)
    found = answers(caller, bot)
    return CallPage(
        title or folder.name,
        facts_of(rows),
        caller,
        bot,
        answers=[(turn.asked_ms, turn.answered_ms) for turn in found],
    )


def page_of_call(
    placed: Placed, title: str, *, subtitle: str = "", checks: list[tuple[bool, str]]
) -> CallPage:
    """What the phone heard, with the words of the server's recording where there is one."""
    sound = placed.tape.stereo()
    rows = _rows(placed.recording) if placed.recording is not None else []
    agents = [
        Line(entry.at_ms, "agent", _agent_line(entry.what, entry.text))
        for entry in placed.tape.entries
        if entry.who == "agent" and entry.what in ("hears", "presses", "joins")
    ]
    found = placed.tape.answers()
    return CallPage(
        title,
        facts_of(rows, extra=agents),
        np.ascontiguousarray(sound[:, 0]),
        np.ascontiguousarray(sound[:, 1]),
        waits_ms=[turn.waited_ms for turn in found],
        checks=checks,
        subtitle=subtitle,
        answers=[(turn.asked_ms, turn.answered_ms) for turn in found],
    )


def write_page(path: Path, title: str, pages: list[CallPage]) -> None:
    """Write the page; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made_at = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    path.write_text(render(title, pages, made_at=made_at), encoding="utf-8")


def _agent_line(what: str, text: str) -> str:
    return {"hears": text, "presses": f"presses {text}", "joins": "takes the call"}[what]


def _rows(folder: Path) -> list[eventlog.Row]:
    with (folder / EVENTS_FILE).open(encoding="utf-8") as lines:
        return list(eventlog.rows(lines))


def _sound(path: Path) -> Samples:
    if not path.is_file():
        return np.zeros(0, dtype=np.int16)
    return np.ascontiguousarray(decode_wav(path.read_bytes())[0][:, 0])
