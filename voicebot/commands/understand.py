"""`voicebot understand`: one sentence in, everything out."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from voicebot.app import local_clock
from voicebot.commands import lines
from voicebot.commands.chat import caller_number
from voicebot.commands.demoshop import DemoShop
from voicebot.commands.settings import load_settings
from voicebot.errors import ConfigError
from voicebot.rehearsal import facts, sentence


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("understand")
    def understand_command(
        line: Annotated[str, typer.Argument(help="The hotline, such as payments.")],
        said: Annotated[str, typer.Argument(metavar="SENTENCE", help="What the caller says.")],
        caller: Annotated[
            str | None,
            typer.Option("--caller", help="Whose orders can be meant. Default: a demo customer."),
        ] = None,
        language: Annotated[
            str, typer.Option("--language", help="zh or en; default: the line's first.")
        ] = "",
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    ) -> None:
        """Show what a line makes of a sentence: intents with scores and why, slots, yes or no, mood.

        Slots are read as if each were being asked for. Exit codes: 0 done, 2 wrong use or set-up.
        """
        settings = load_settings()
        now = local_clock(settings.time_zone)()
        with lines.ears(settings) as heard, DemoShop(now) as shop:
            dialplan = lines.read_line(settings.dialplans_dir, line, settings.voices_dir, heard)
            if language and language not in dialplan.languages:
                raise ConfigError(
                    f'the line "{line}" does not speak "{language}"',
                    remedy=f"it speaks {', '.join(dialplan.languages)}",
                )
            number = caller_number(caller, language)
            state = facts.known(dialplan, shop.read, caller=number, language=language, at=now)
            found = sentence.hear(dialplan, state, said, heard.meaning)
        if as_json:
            typer.echo(json.dumps(sentence.row(found), ensure_ascii=False, indent=2))
            return
        console = Console(highlight=False, soft_wrap=True)
        before = ""
        for heading, text in sentence.lines(found):
            shown = heading if heading != before else ""
            console.print(f"[bold cyan]{shown:>8}[/bold cyan]  {escape(text)}")
            before = heading
