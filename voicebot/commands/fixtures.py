"""Keeps the recording of a simulated call as a fixture: a call that must go the same way for ever."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml
from rich.console import Console

from voicebot.commands.placing import Placed
from voicebot.commands.replay import run_all
from voicebot.errors import ConfigError
from voicebot.replay.recording import CALLER_FILE, EVENTS_FILE, read_recording
from voicebot.settings import Settings
from voicebot.wav import encode_mulaw_wav

FOLDER = Path("fixtures/calls")


def keep(placed: Placed, name: str, script: Path | None, settings: Settings, console: Console) -> Path:
    """Copy the server's recording to fixtures/calls/NAME, and write down what happened as expected.

    The audio is kept in mu-law: half the size, and nothing is lost of what came over the telephone.
    Raises ConfigError when the server did not record the call, or the name is no name.
    """
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) is None:
        raise ConfigError(
            f'a fixture cannot be called "{name}"', remedy="Use small letters, digits and hyphens: a3-keys."
        )
    if placed.problems:
        raise ConfigError(
            f'the call did not go as written, so it was not kept as "{name}"',
            remedy="Mend the script or the hotline, then call again.",
        )
    if placed.recording is None:
        raise ConfigError(
            "the server's recording of this call was not found",
            code="E-PHONE-RECORDING",
            remedy="Start the server with RECORD_CALLS=always, and give both the same RECORDINGS_DIR.",
        )
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(placed.recording / EVENTS_FILE, folder / EVENTS_FILE)
    recording = read_recording(placed.recording)
    (folder / CALLER_FILE).write_bytes(encode_mulaw_wav(recording.caller))
    (folder / "about.md").write_text(_about(name, script), encoding="utf-8")
    for result in run_all([folder], settings, accept=True):
        for note in result.notes:
            console.print(f"note: {note}")
    console.print(f"kept as {folder}: read {folder}/expected.jsonl before you commit it", highlight=False)
    return folder


def _about(name: str, script: Path | None) -> str:
    proves = ""
    if script is not None:
        written = yaml.safe_load(script.read_text(encoding="utf-8"))
        proves = str(written.get("about", "")).strip() if isinstance(written, dict) else ""
    source = f"`{script.as_posix()}`" if script is not None else "`voicebot call --say`"
    return (
        f"# {name}\n\n"
        f"{proves or 'What it proves: see expected.jsonl.'}\n\n"
        f"Origin: a simulated call, `voicebot call` with {source}. The caller's voice is synthetic, "
        "the customer is of the demo data. No person was recorded, so no consent was needed.\n\n"
        "Made again with `voicebot call SCRIPT --record-fixture NAME` against a server that records.\n"
    )
