"""`voicebot chat`: be the caller, in text. Everything but sound is as on the telephone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.markup import escape

from voicebot.app import local_clock
from voicebot.commands import lines
from voicebot.commands.demoshop import DemoShop
from voicebot.commands.settings import load_settings
from voicebot.dialogue import understand
from voicebot.dialogue.understand import Understood
from voicebot.dialplan import report
from voicebot.errors import ConfigError
from voicebot.phones import to_e164
from voicebot.rehearsal import show
from voicebot.rehearsal.textcall import AGENTS, Entry, TextCall

DEMO_CALLER = "+8613800001234"
ENGLISH_DEMO_CALLER = "+85251230000"
HELP = {
    "key": "/key 1      press keys",
    "silence": "/silence    say nothing until the bot's patience ends",
    "over": "/over 转人工  say this while the bot is still speaking",
    "hangup": "/hangup     hang up",
    "state": "/state      where the call stands: flow, question, slots, facts",
    "why": "/why        how the last sentence was read, and what was decided",
    "help": "/help       this list",
}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("chat")
    def chat_command(
        line: Annotated[str, typer.Argument(help="The hotline, such as payments.")],
        caller: Annotated[
            str | None,
            typer.Option("--caller", help='Number that calls; "" withholds it. Default: a demo customer.'),
        ] = None,
        language: Annotated[
            str, typer.Option("--language", help="zh or en; default: the line's first.")
        ] = "",
        trace: Annotated[bool, typer.Option("--trace", help="Show why, after each turn.")] = False,
        agents: Annotated[
            str, typer.Option("--agents", help=f"What agents do when rung: {', '.join(AGENTS)}.")
        ] = "accept",
        script: Annotated[
            Path | None, typer.Option("--script", help="Read what the caller does from a file.")
        ] = None,
        seed: Annotated[int, typer.Option("--seed", help="Chooses among wordings.")] = 1,
        as_json: Annotated[
            bool, typer.Option("--json", help="For programs: one JSON object per line.")
        ] = False,
    ) -> None:
        """Talk to a hotline in text: what you type is what the caller says; /help lists the rest.

        Works on a pipe too. The demo back office is filled anew for each chat, and forgotten after.
        Exit codes: 0 the call is over, 2 wrong use or set-up.
        """
        if agents not in AGENTS:
            raise ConfigError(
                f'--agents cannot be "{agents}"', remedy=report.suggest(agents, AGENTS, otherwise="")
            )
        settings = load_settings()
        number = caller_number(caller, language)
        now = local_clock(settings.time_zone)()
        with lines.ears(settings) as heard, DemoShop(now) as shop, _source(script) as given:
            dialplan = lines.read_line(settings.dialplans_dir, line, settings.voices_dir, heard)
            if language and language not in dialplan.languages:
                raise ConfigError(
                    f'the line "{line}" does not speak "{language}"',
                    remedy=f"it speaks {', '.join(dialplan.languages)}",
                )
            call = TextCall(
                dialplan,
                shop.perform,
                started_at=now,
                meaning=heard.meaning,
                caller=number,
                language=language,
                seed=seed,
                call_id=f"CHAT-{now:%H%M%S}",
                agents=agents,
            )
            Chat(call, Console(highlight=False, soft_wrap=True), traces=trace, as_json=as_json).run(given)


class Chat:
    """One sitting: reads what the caller does, shows what happens."""

    def __init__(
        self, call: TextCall, console: Console, *, traces: bool = False, as_json: bool = False
    ) -> None:
        self._call = call
        self._console = console
        self._traces = traces
        self._as_json = as_json
        self._read: Understood | None = None
        self._last: list[Entry] = []

    def run(self, given: TextIO) -> None:
        """Until the call is over or nothing more is given; then the caller hangs up."""
        is_typed = given.isatty()
        self._show(echoes=not is_typed)
        for text in self._lines(given, is_typed=is_typed):
            self._take(text)
            if not text.startswith(("/state", "/why", "/help")):
                self._show(echoes=not is_typed)
            if self._call.is_over:
                return
        self._read = None
        self._call.hangs_up()
        self._show(echoes=True)

    def _lines(self, given: TextIO, *, is_typed: bool) -> Iterator[str]:
        if is_typed and not self._as_json:
            self._console.print("[dim]/help lists what else you can do; Ctrl-D hangs up[/dim]")
        while True:
            if is_typed:
                try:
                    text = self._console.input("[bold cyan] caller ›[/bold cyan] ")
                except (EOFError, KeyboardInterrupt):
                    self._console.print()
                    return
            else:
                text = given.readline()
                if not text:
                    return
            text = text.strip()
            # A script may explain itself.
            if text and not (text.startswith("#") and not is_typed):
                yield text

    def _take(self, text: str) -> None:
        command, _, rest = text.partition(" ")
        rest = rest.strip()
        match command:
            case "/key" if rest and set(rest) <= set("0123456789*#"):
                self._read = None
                self._call.presses(rest)
            case "/silence":
                self._read = None
                self._call.is_silent()
            case "/hangup" | "/quit" | "/exit":
                self._call.hangs_up()
            case "/over" if rest:
                self._understand(rest)
                self._call.interrupts(rest)
            case "/state":
                self._tell("state", show.standing(self._call.state))
            case "/why":
                self._tell("why", show.reasons(self._last, self._read))
            case "/help":
                self._tell("help", list(HELP.values()))
            case _ if command.startswith("/"):
                known = report.suggest(command[1:], HELP, otherwise="/help lists them all")
                self._tell("help", [f"{command} cannot be done like this; {known}"])
            case _:
                self._understand(text)
                self._call.says(text)

    def _understand(self, text: str) -> None:
        """How the sentence is read by itself; the open question may make more of it."""
        call = self._call
        self._read = understand.read(call.dialplan, call.state.language, call.hearing(text), call.meaning)

    def _show(self, *, echoes: bool) -> None:
        self._call.settle()
        self._last = self._call.news()
        for entry in self._last:
            if self._as_json:
                self._print_json(show.row(entry))
            elif entry.who != "why" and show.is_shown(entry, traces=self._traces, echoes=echoes):
                style = show.STYLES[entry.who]
                words = escape(show.sentence(entry))
                dim = "dim" if entry.what == "read" else ""
                words = f"[{dim}]{words}[/{dim}]" if dim else words
                self._console.print(f"[{style}]{entry.who:>7}[/{style}]  {words}")
        if self._traces:
            self._tell("why", show.reasons(self._last, self._read))

    def _tell(self, what: str, told: list[str]) -> None:
        if self._as_json:
            self._print_json({"who": "call", "what": what, "text": "\n".join(told)})
            return
        for one in told or ["nothing yet"]:
            self._console.print(f"[dim]         {escape(one)}[/dim]")

    @staticmethod
    def _print_json(row: dict[str, object]) -> None:
        print(json.dumps(row, ensure_ascii=False), flush=True)


@contextmanager
def _source(script: Path | None) -> Iterator[TextIO]:
    """Where the caller's doings come from: a file, or the terminal or pipe."""
    if script is None:
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        yield sys.stdin
        return
    try:
        file = script.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{script} cannot be read: {error.strerror}", remedy="name a text file") from error
    with file:
        yield file


def caller_number(caller: str | None, language: str) -> str:
    """The number that calls, E.164; a demo customer's without one, "" when withheld."""
    if caller is None:
        return ENGLISH_DEMO_CALLER if language == "en" else DEMO_CALLER
    if not caller.strip():
        return ""
    number = to_e164(caller)
    if number is None:
        raise ConfigError("--caller is not a phone number", remedy="write it like +8613800001234")
    return number
