"""`voicebot settings`: every setting, its meaning, and what it is now."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from voicebot.settings import Settings, describe, markdown, read_settings


def load_settings() -> Settings:
    """Read the settings of this process: its environment, and `.env` in the current folder.

    The one place where a program looks at the outside for settings. Raises ConfigError.
    """
    path = Path(".env")
    return read_settings(os.environ, path.read_text(encoding="utf-8") if path.is_file() else "")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("settings")
    def settings_command(
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON list.")] = False,
        as_markdown: Annotated[
            bool, typer.Option("--markdown", help="The table of the README, without values.")
        ] = False,
    ) -> None:
        """List every setting with its type, default, meaning and present value.

        Secrets are shown as "set" or "unset". Exit codes: 0 done, 2 a setting is wrong.
        """
        if as_markdown:
            typer.echo(markdown())
            return
        rows = describe(load_settings())
        if as_json:
            typer.echo(json.dumps([dataclasses.asdict(row) for row in rows], ensure_ascii=False, indent=2))
            return
        for row in rows:
            typer.echo(f"{row.name}={row.value}")
            default = f"default {row.default}" if row.default else "no default"
            typer.echo(f"    {row.help} ({row.type}; {default})")
