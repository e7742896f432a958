"""The `voicebot` program. Commands are imported only when asked for: help stays quick."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import typer

from voicebot.errors import VoicebotError

COMMANDS = (
    "serve",
    "call",
    "chat",
    "understand",
    "replay",
    "report",
    "check",
    "confusion",
    "say",
    "transcribe",
    "models",
    "data",
    "settings",
    "handoff",
)


def build_app() -> typer.Typer:
    """Make the program with all its commands."""
    app = typer.Typer(
        name="voicebot",
        help="A telephone hotline that follows its script and listens like a person.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in COMMANDS:
        if importlib.util.find_spec(f"voicebot.commands.{name}") is not None:
            importlib.import_module(f"voicebot.commands.{name}").register(app)
    return app


def main() -> None:
    """Run one command. Exit codes: 0 done, 1 the work found problems, 2 wrong use or set-up."""
    try:
        build_app()()
    except VoicebotError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
