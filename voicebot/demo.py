"""`python -m voicebot.demo`: two real calls on this machine, and proof that they did what they should.

Starts the server as anybody would, with the models that ship and a fresh shop, and rings it with the
simulated phone over real sockets. The first caller gets a refund; the second is handed to a human who
has heard a recap. Then the shop's database is asked what has happened.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape
from sqlalchemy import delete, select

from voicebot.backoffice import data
from voicebot.commands.call import CALLER_VOICE, caller_voices, where_of
from voicebot.commands.data import DEMO_DATA
from voicebot.commands.placing import TEST_ACCOUNT, Placed, Where, exchange, save
from voicebot.commands.report import page_of_call, write_page
from voicebot.commands.settings import load_settings
from voicebot.dialplan.model import Place
from voicebot.errors import ConfigError, VoicebotError
from voicebot.events import Samples
from voicebot.phone.script import Script, read_script
from voicebot.phone.show import Screen
from voicebot.phone.sounds import make_sounds
from voicebot.settings import Settings
from voicebot.standin.people import PEOPLE
from voicebot.store.database import Database
from voicebot.store.models import Base, HandoffRow, Order, Refund

OUT = Path("out/demo")
SCRIPTS = Path("fixtures/phone")
REFUND_CALL, HANDOFF_CALL = "a3-refund-speech", "x2-handoff"
ORDER_TAIL, METHOD = "1234", "original"
"""what the first caller asks for"""
GOAL_MS = 900
START_S = 480
"""the first start makes every fixed prompt once"""
STOP_S = 30

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Check:
    is_true: bool
    what: str


def main() -> None:
    """Exit codes: 0 everything was as it should be, 1 something was not, 2 it could not be tried."""
    try:
        checks = run()
    except VoicebotError as error:
        console.print(f"[red]{error.code}: {escape(str(error))}[/red]")
        sys.exit(2)
    sys.exit(0 if all(check.is_true for check in checks) else 1)


def run() -> list[Check]:
    """The whole demo. Raises VoicebotError when it cannot be run."""
    began = time.monotonic()
    settings = set_up(OUT)
    step("filling a fresh shop with demo customers and orders")
    before = fill_shop(settings)
    with server(settings, OUT / "server.log"):
        step("making the callers' voices")
        scripts = {name: script(name) for name in (REFUND_CALL, HANDOFF_CALL)}
        voices = caller_voices(settings, CALLER_VOICE)
        sounds = {name: make_sounds(one, voices, CALLER_VOICE, SCRIPTS) for name, one in scripts.items()}
        calls = asyncio.run(ring(where_of(settings), scripts, sounds))
    checks = [
        *check_refund(settings, calls[REFUND_CALL], before),
        *check_handoff(settings, calls[HANDOFF_CALL]),
    ]
    checks.append(check_waiting(list(calls.values())))
    report = tell(calls, checks)
    took_s = round(time.monotonic() - began)
    console.print(f"\nreport      {report}\nrecordings  {OUT}/*/call.wav (caller left, bot right)")
    console.print(f"server log  {OUT / 'server.log'}\ntook        {took_s} s")
    return checks


def set_up(out: Path) -> Settings:
    """An empty folder, and the settings of a server of our own that keeps everything in it."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    os.environ.update(demo_environment(out))
    return load_settings()


def demo_environment(out: Path = OUT) -> dict[str, str]:
    """A development server on free ports, with its own database and recordings."""
    port, rest_port = free_ports(2)
    return {
        "DEVELOPMENT": "true",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": TEST_ACCOUNT,
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_FROM": "+85258081000",
        "TWILIO_API_BASE": f"http://127.0.0.1:{rest_port}",
        "DATABASE_URL": f"sqlite:///{out / 'voicebot.db'}",
        "RECORDINGS_DIR": str(out / "recordings"),
        "RECORD_CALLS": "always",
    }


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def step(what: str) -> None:
    console.print(f"[bold]→[/bold] {what}")


def script(name: str) -> Script:
    """One of the phone scripts that ship. Raises ConfigError when the demo runs elsewhere."""
    path = SCRIPTS / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(f"{path} is missing", remedy="Run the demo in the folder of the project.")
    return read_script(path.read_text(encoding="utf-8"), str(path), behaviours=tuple(PEOPLE))


# --- the server -------------------------------------------------------------------------


@contextmanager
def server(settings: Settings, log: Path) -> Iterator[None]:
    """Run `voicebot serve` until the calls are over; log: where it writes."""
    step("starting the server (the first time, every fixed prompt is spoken once: a few minutes)")
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "voicebot", "serve"], stderr=output, stdout=output)
        try:
            wait_until_ready(process, settings, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], settings: Settings, log: Path) -> None:
    """Show how the start goes on. Raises ConfigError when it does not succeed."""
    deadline = time.monotonic() + START_S
    shown = 0
    with httpx.Client(trust_env=False) as http:
        while time.monotonic() < deadline:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            for line in lines[shown:]:
                if " INFO voicebot." in line:
                    console.print(f"    [dim]{escape(line.split(' ', 4)[-1])}[/dim]")
            shown = len(lines)
            if process.poll() is not None:
                raise ConfigError(
                    "the server stopped before it was ready:\n" + "\n".join(lines[-12:]), code="E-DEMO-SERVER"
                )
            try:
                if http.get(f"http://127.0.0.1:{settings.port}/healthz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.3)
    raise ConfigError(
        f"the server was not ready after {START_S} s", code="E-DEMO-SERVER", remedy=f"See {log}."
    )


# --- the calls --------------------------------------------------------------------------


async def ring(
    where: Where, scripts: dict[str, Script], sounds: dict[str, dict[Place, Samples]]
) -> dict[str, Placed]:
    """Place the calls, one after the other, and show them as they happen."""
    placed: dict[str, Placed] = {}
    async with exchange(where) as lines:
        for name, one in scripts.items():
            console.print()
            step(f"{name}: {one.about}")
            screen = Screen(console)
            placed[name] = await lines.place(one, sounds[name], on_entry=screen)
            save(placed[name], OUT / name)
            screen.times(placed[name].tape)
    return placed


# --- the proof --------------------------------------------------------------------------


def fill_shop(settings: Settings) -> set[str]:
    """Make the shop as new; returns the ids of the refunds that are there before the calls."""
    database = Database(settings.database_url)
    try:
        database.migrate()
        with database.session() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
            session.commit()
        now = datetime.now()  # noqa: DTZ005 - the business's local time
        data.load(database, DEMO_DATA.read_text(encoding="utf-8"), file=DEMO_DATA.name, now=now)
        with database.session() as session:
            return set(session.scalars(select(Refund.id)))
    finally:
        database.close()


def check_refund(settings: Settings, placed: Placed, before: set[str]) -> list[Check]:
    """What the shop's database says about refunds now."""
    database = Database(settings.database_url)
    try:
        with database.session() as session:
            rows = session.execute(select(Refund, Order.number).join(Order, Refund.order_id == Order.id))
            new = [(refund.method, number) for refund, number in rows if refund.id not in before]
    finally:
        database.close()
    right = [entry for entry in new if entry[0] == METHOD and entry[1].endswith(ORDER_TAIL)]
    return [
        Check(not placed.problems, f"the refund call went as written{because(placed)}"),
        Check(len(new) == 1, f"exactly one refund was booked (found {len(new)})"),
        Check(len(right) == 1, f"it is for the order ending in {ORDER_TAIL}, to the {METHOD} way of payment"),
    ]


def check_handoff(settings: Settings, placed: Placed) -> list[Check]:
    """What the database says about handoffs, and what the agent heard."""
    database = Database(settings.database_url)
    try:
        with database.session() as session:
            recaps = [
                row.recap for row in session.scalars(select(HandoffRow)) if row.call_id == placed.call_id
            ]
    finally:
        database.close()
    spoken = str(recaps[0].get("spoken", "")) if recaps else ""
    heard = any(spoken and (spoken in text or text in spoken) for text in placed.agents_heard)
    return [
        Check(not placed.problems, f"the handoff call went as written{because(placed)}"),
        Check(len(recaps) == 1, f"exactly one handoff was kept (found {len(recaps)})"),
        Check(heard, f"the agent heard the recap: {spoken or 'nothing'}"),
        Check(placed.was_with_agent, "the agent accepted, and caller and agent were brought together"),
    ]


def check_waiting(calls: list[Placed]) -> Check:
    """How long callers waited, over all turns, by the sound on the line."""
    waits = [turn.waited_ms for placed in calls for turn in placed.tape.answers()]
    if not waits:
        return Check(False, "no turn could be measured")
    median = round(statistics.median(waits))
    return Check(
        median <= GOAL_MS,
        f"last caller sound to first bot sound: median {median} ms, {len(waits)} turns (goal {GOAL_MS} ms)",
    )


def because(placed: Placed) -> str:
    return f": {'; '.join(placed.problems)}" if placed.problems else ""


def tell(calls: dict[str, Placed], checks: list[Check]) -> Path:
    """Print the checks and write the report."""
    console.print()
    for check in checks:
        mark = "[green]✓[/green]" if check.is_true else "[red]✗[/red]"
        console.print(f"{mark} {escape(check.what)}")
    of_call = {REFUND_CALL: checks[:3], HANDOFF_CALL: checks[3:7]}
    titles = {REFUND_CALL: "A refund", HANDOFF_CALL: "Handed to a human"}
    pages = [
        page_of_call(
            placed,
            titles[name],
            subtitle=name,
            checks=[(check.is_true, check.what) for check in of_call[name]],
        )
        for name, placed in calls.items()
    ]
    report = OUT / "report.html"
    write_page(report, "Two calls to the hotline", pages)
    return report


if __name__ == "__main__":
    main()
