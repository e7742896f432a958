"""Shows a call while it happens, for people watching the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from voicebot.phone.tape import Entry, Tape

STYLES = {
    "caller": "bold cyan",
    "bot": "bold green",
    "agent": "bold magenta",
    "carrier": "dim",
    "phone": "red",
}
NAMES = {"caller": "caller", "bot": "bot", "agent": "agent", "carrier": "line", "phone": "phone"}
QUIET = frozenset({("carrier", "status"), ("carrier", "joins"), ("carrier", "leaves")})


class Screen:
    """One console; more calls at once are told apart by a label."""

    def __init__(self, console: Console, label: str = "") -> None:
        self._console = console
        self._label = f"[dim]{escape(label)}[/dim] " if label else ""

    def __call__(self, entry: Entry) -> None:
        """Print one entry."""
        if (entry.who, entry.what) in QUIET:
            return
        style = STYLES.get(entry.who, "")
        words = sentence(entry)
        minutes, ms = divmod(entry.at_ms, 60_000)
        when = f"[dim]{minutes:2d}:{ms / 1000:05.2f}[/dim]"
        who = f"[{style}]{NAMES.get(entry.who, entry.who):>7}[/{style}]"
        self._console.print(
            f"{self._label}{when} {who}  {escape(words)}",
            highlight=False,
            soft_wrap=True,
        )

    def times(self, tape: Tape) -> None:
        """How long the caller waited, turn by turn and in the median."""
        told = tape.timeline()
        waits = [turn["waited_ms"] for turn in told["turns"]]
        if not waits:
            self._console.print("[dim]no turn to measure[/dim]")
            return
        each = ", ".join(str(wait) for wait in waits)
        summary = told["waited_ms"]
        self._console.print(
            f"last caller sound to first bot sound: median [bold]{summary['median']} ms[/bold], "
            f"p95 {summary['p95']} ms, over {len(waits)} turns ({each})",
            highlight=False,
        )


def sentence(entry: Entry) -> str:
    """One entry in words.

    >>> sentence(Entry(0, "caller", "keys", "1")), sentence(Entry(0, "bot", "says", "您好"))
    ('presses 1', '您好')
    """
    match entry.what:
        case "says":
            return entry.text
        case "heard_as":
            return f"  (heard: {entry.text})"
        case "keys" | "presses":
            return f"presses {entry.text}"
        case "cleared":
            return f"stops: {entry.text}"
        case "hears":
            return f"hears: {entry.text}"
        case "status":
            return f"phone is {entry.text}"
        case "stream":
            return f"stream {entry.text}"
        case "joins" | "leaves":
            return f"{entry.what} the room"
    return " ".join(part for part in (entry.what.replace("_", " "), entry.text) if part)
