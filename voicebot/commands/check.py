"""`voicebot check`: everything that is wrong with dialplans, at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from voicebot import dialplan_files
from voicebot.commands.settings import load_settings
from voicebot.dialplan import check, report
from voicebot.dialplan.load import Loaded
from voicebot.dialplan.report import Problem
from voicebot.dialplan.rules import RULES
from voicebot.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("check")
    def check_command(
        lines: Annotated[
            list[str] | None, typer.Argument(metavar="[LINE]...", help="Hotlines to check; all without.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
        strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
        dialplans: Annotated[
            Path | None, typer.Option("--dialplans", help="Folder of dialplans, instead of DIALPLANS_DIR.")
        ] = None,
        voices: Annotated[
            Path | None, typer.Option("--voices", help="Folder of voices, instead of VOICES_DIR.")
        ] = None,
        examples: Annotated[
            bool, typer.Option("--examples", help="Play the examples too: calls in text, seconds.")
        ] = False,
        rules: Annotated[bool, typer.Option("--rules", help="List all rules and why they matter.")] = False,
    ) -> None:
        """Check dialplans: every mistake with its place, its cause and what to do.

        Exit codes: 0 can be served, 1 it cannot (with --strict: or has warnings), 2 wrong use or set-up.
        """
        if rules:
            typer.echo(manual())
            return
        if dialplans is None or voices is None:
            settings = load_settings()
            dialplans = dialplans or settings.dialplans_dir
            voices = voices or settings.voices_dir
        loaded = check_lines(dialplans, lines or [], voices)
        problems = report.tidy(
            [
                *(problem for one in loaded.values() for problem in one.problems),
                *check.between_lines({name: one.dialplan for name, one in loaded.items() if one.dialplan}),
                *(broken_promises(loaded) if examples else ()),
            ]
        )
        typer.echo(_as_json(loaded, problems) if as_json else _as_text(loaded, problems))
        if any(problem.is_error or strict for problem in problems):
            raise typer.Exit(1)


def check_lines(dialplans: Path, lines: list[str], voices: Path) -> dict[str, Loaded]:
    """Read and check these lines, or all there are. Raises ConfigError for a line that is not there."""
    known = dialplan_files.line_names(dialplans)
    if not known:
        raise ConfigError(
            f"there is no dialplan in {dialplans}",
            remedy="name the folder with --dialplans or DIALPLANS_DIR; a line is a folder with a flow.yaml",
        )
    for line in lines:
        if line not in known:
            raise ConfigError(f'there is no line "{line}" in {dialplans}', remedy=report.suggest(line, known))
    voices_dir = voices if voices.is_dir() else None
    return {
        line: dialplan_files.check_line(dialplans, line, voices_dir=voices_dir)
        for line in dict.fromkeys(lines or known)
    }


def broken_promises(loaded: dict[str, Loaded]) -> list[Problem]:
    """Play the examples of every sound line against the demo back office."""
    from voicebot.commands import lines

    found: list[Problem] = []
    with lines.ears(load_settings()) as heard:
        for one in loaded.values():
            if one.dialplan is not None and one.examples:
                dialplan = dialplan_files.with_meanings(one.dialplan, heard.embedder)
                found += lines.play_examples(dialplan, one.examples, heard)
    return found


def summary(line: str, loaded: Loaded) -> dict[str, Any]:
    """What a line consists of, in numbers."""
    if loaded.draft is None:
        return {"line": line, "is_servable": False}
    dialplan = loaded.draft.dialplan
    return {
        "line": line,
        "is_servable": loaded.dialplan is not None,
        "languages": list(dialplan.languages),
        "flows": len(dialplan.flows),
        "slots": len(dialplan.slots),
        "prompts": sum(len(prompts) for prompts in dialplan.prompts.values()),
        "intents": len({name for phrases in dialplan.phrases.values() for name in phrases.intents}),
        "examples": len(loaded.examples),
        "checksum": dialplan.checksum,
    }


def _as_text(loaded: dict[str, Loaded], problems: tuple[Problem, ...]) -> str:
    parts = [str(problem) for problem in problems]
    for line, one in loaded.items():
        found = summary(line, one)
        if one.draft is None:
            parts.append(f"{line}: cannot be read")
            continue
        counts = ", ".join(
            f"{found[key]} {key}" for key in ("flows", "slots", "prompts", "intents", "examples")
        )
        state = "can be served" if found["is_servable"] else "cannot be served"
        parts.append(f"{line} ({', '.join(found['languages'])}): {counts}; {state}")
    return "\n".join([*parts, report.count(problems)])


def _as_json(loaded: dict[str, Loaded], problems: tuple[Problem, ...]) -> str:
    found = {
        "lines": [summary(line, one) for line, one in loaded.items()],
        "problems": report.rows(problems),
    }
    return json.dumps(found, ensure_ascii=False, indent=2)


def manual() -> str:
    """All rules with their reasons, for script writers."""
    parts = []
    for name, why in check.READING_RULES.items():
        parts.append(f"{name} (error)\n    {why}")
    for rule in RULES.values():
        parts.append(f"{rule.name} ({rule.severity})\n    {rule.why}")
    return "\n".join(sorted(parts))
