"""`voicebot confusion`: which intents of a line are taken for one another, and by which sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from voicebot import dialplan_files
from voicebot.commands.settings import load_settings
from voicebot.dialogue import understand
from voicebot.dialogue.intents import Classifier
from voicebot.engines.base import Embedder
from voicebot.engines.e5 import E5Embedder

NONE_OF_THESE = "(none of these)"
MOST_SHOWN = 30
"""stolen sentences in the text form; --json has all"""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("confusion")
    def confusion_command(
        line: Annotated[str, typer.Argument(help="The hotline.")],
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
        words_only: Annotated[
            bool, typer.Option("--words-only", help="Without the meaning model: letters and sounds.")
        ] = False,
        dialplans: Annotated[
            Path | None, typer.Option("--dialplans", help="Folder of dialplans, instead of DIALPLANS_DIR.")
        ] = None,
    ) -> None:
        """Read every example as if it were not an example, and tell what it is taken for.

        A sentence that goes astray is ambiguous, stands alone among its kind, or is in the wrong place:
        give its intent more sentences like it, or move it. Exit codes: 0 done, 2 wrong use or set-up.
        """
        folder = dialplans or load_settings().dialplans_dir
        found = confusion(folder, line, None if words_only else E5Embedder())
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else as_text(found))


def confusion(dialplans: Path, line: str, embedder: Embedder | None) -> dict[str, Any]:
    """What is mistaken for what on this line, by language. Raises DialplanError, EngineError."""
    dialplan = dialplan_files.read_line(dialplans, line, voices_dir=None, embedder=embedder)
    meaning = embedder.embed if embedder is not None else None
    return {
        "line": line,
        "with_meaning": embedder is not None,
        "thresholds": {
            "certain": understand.CERTAIN,
            "likely": understand.LIKELY,
            "possible": understand.POSSIBLE,
            "near_tie": understand.NEAR_TIE,
        },
        "languages": {
            language: table(understand.learnt(dialplan, language, meaning))
            for language in dialplan.languages
            if language in dialplan.phrases
        },
    }


def table(known: Classifier) -> dict[str, Any]:
    """The figures of one language; every example was left out when it was read itself."""
    names = [lesson.name or NONE_OF_THESE for lesson in known.lessons]
    chances, owners = known.left_out(), known.owners
    rows = np.flatnonzero(known.is_taught)
    taken = chances.argmax(axis=1)
    outside = len(names) - 1
    confused: dict[tuple[str, str], int] = {}
    stolen = []
    for row in rows:
        mine, theirs = int(owners[row]), int(taken[row])
        confused[names[mine], names[theirs]] = confused.get((names[mine], names[theirs]), 0) + 1
        if mine != theirs:
            stolen.append(
                {
                    "sentence": known.examples[row],
                    "of": names[mine],
                    "taken_for": names[theirs],
                    "chance": round(float(chances[row, theirs]), 2),
                    "own_chance": round(float(chances[row, mine]), 2),
                }
            )
    within = rows[owners[rows] != outside]
    beyond = rows[owners[rows] == outside]
    return {
        "examples": len(within),
        "out_of_scope": len(beyond),
        "right": _share(taken[within] == owners[within]),
        "acted_on": _share(chances[within, :outside].max(axis=1, initial=0.0) >= understand.LIKELY),
        "wrongly_refused": _share(taken[within] == outside),
        "out_of_scope_recognised": _share(chances[beyond, :outside].max(axis=1) < understand.LIKELY),
        "calibration": _calibration(chances[within], owners[within]),
        "confused": [
            {"of": mine, "taken_for": theirs, "sentences": count}
            for (mine, theirs), count in sorted(confused.items(), key=lambda item: (-item[1], item[0]))
            if mine != theirs
        ],
        "stolen": sorted(stolen, key=lambda one: -float(str(one["chance"]))),
    }


def _share(flags: np.ndarray[Any, Any]) -> float | None:
    return round(float(flags.mean()), 3) if flags.size else None


def _calibration(chances: np.ndarray[Any, Any], owners: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """Of the sentences given such a chance, how many were right? The two should be alike."""
    best, is_right = chances.max(axis=1), chances.argmax(axis=1) == owners
    rows = []
    for low, high in ((0.0, 0.45), (0.45, 0.7), (0.7, 0.9), (0.9, 1.01)):
        inside = (best >= low) & (best < high)
        if inside.any():
            rows.append(
                {
                    "chance": round(float(best[inside].mean()), 2),
                    "right": round(float(is_right[inside].mean()), 2),
                    "sentences": int(inside.sum()),
                }
            )
    return rows


def as_text(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = []
    for language, one in found["languages"].items():
        right, refused = _percent(one["right"]), _percent(one["wrongly_refused"])
        lines.append(
            f"{found['line']} [{language}]: {one['examples']} examples read unseen, {right} right, "
            f"{refused} taken for nothing known; of {one['out_of_scope']} foreign sentences "
            f"{_percent(one['out_of_scope_recognised'])} left alone"
        )
        for row in one["calibration"]:
            lines.append(
                f"    said {_percent(row['chance'])} sure: {_percent(row['right'])} right "
                f"({row['sentences']} sentences)"
            )
        lines += [f"  {row['of']} -> {row['taken_for']}: {row['sentences']}" for row in one["confused"]]
        for row in one["stolen"][:MOST_SHOWN]:
            lines.append(
                f"    {row['sentence']}: {row['taken_for']} {row['chance']:.2f}, "
                f"{row['of']} {row['own_chance']:.2f}"
            )
        if len(one["stolen"]) > MOST_SHOWN:
            lines.append(f"    and {len(one['stolen']) - MOST_SHOWN} more, see --json")
    limits = ", ".join(f"{name} {value}" for name, value in found["thresholds"].items())
    lines.append(f"thresholds, as chances: {limits}")
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
