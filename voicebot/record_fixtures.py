"""`python -m voicebot.record_fixtures [NAME...]`: make the recorded calls of fixtures/calls anew.

Each script of fixtures/phone (or those named) is played against a server of our own, with the shop as new
before every call, and kept with what happened as expected. To be read before it is committed: a recording
proves nothing about itself.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rich.markup import escape

from voicebot import demo
from voicebot.commands import fixtures
from voicebot.commands.call import CALLER_VOICE, caller_voices, where_of
from voicebot.commands.placing import Placed, exchange
from voicebot.errors import VoicebotError
from voicebot.phone.script import Script
from voicebot.phone.show import Screen
from voicebot.phone.sounds import make_sounds
from voicebot.settings import Settings

OUT = Path("out/fixtures")


def main() -> None:
    """Exit codes: 0 all were kept, 1 a call did not go as written, 2 it could not be tried."""
    names = sys.argv[1:] or sorted(path.stem for path in demo.SCRIPTS.glob("*.yaml"))
    try:
        scripts = {name: demo.script(name) for name in names}
        settings = demo.set_up(OUT)
        demo.fill_shop(settings)
        with demo.server(settings, OUT / "server.log"):
            placed = {name: call(name, script, settings) for name, script in scripts.items()}
        failed = [name for name, one in placed.items() if not kept(name, one, settings)]
    except VoicebotError as error:
        demo.console.print(f"[red]{error.code}: {escape(str(error))}[/red]")
        sys.exit(2)
    demo.console.print(
        f"{len(names) - len(failed)} of {len(names)} kept" + "".join(f"\n  not: {n}" for n in failed)
    )
    sys.exit(1 if failed else 0)


def call(name: str, script: Script, settings: Settings) -> Placed:
    """Place one call in a shop as new."""
    demo.console.print()
    demo.step(f"{name}: {script.about}")
    demo.fill_shop(settings)
    voice = script.voice or CALLER_VOICE
    sounds = make_sounds(script, caller_voices(settings, voice), voice, demo.SCRIPTS)

    async def place() -> Placed:
        async with exchange(where_of(settings)) as lines:
            return await lines.place(script, sounds, on_entry=Screen(demo.console))

    placed = asyncio.run(place())
    Screen(demo.console).times(placed.tape)
    return placed


def kept(name: str, placed: Placed, settings: Settings) -> bool:
    """Keep it, unless it did not go as written."""
    for problem in placed.problems:
        demo.console.print(f"[red]{escape(name)}: {escape(problem)}[/red]")
    if placed.problems:
        return False
    fixtures.keep(placed, name, demo.SCRIPTS / f"{name}.yaml", settings, demo.console)
    return True


if __name__ == "__main__":
    main()
