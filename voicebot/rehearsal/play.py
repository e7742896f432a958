"""Play the examples of a dialplan as real calls in text, and tell where the bot does otherwise.

An example is a promise of the script writer: what callers say, and what must follow. The first
promise that is broken is told, with its place; what comes after it would only be its consequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from voicebot.dialplan import examples as ex
from voicebot.dialplan import expression
from voicebot.dialplan.expression import ExpressionError
from voicebot.dialplan.report import ERROR, Problem
from voicebot.events import Value
from voicebot.rehearsal.textcall import Entry, TextCall

RULE = "example"
MOST_TOLD = 160
"""characters of what the bot said instead"""


class BrokenError(Exception):
    """A promise is not kept: what is wrong."""


@dataclass
class _Played:
    """What an example knows of its call so far."""

    call: TextCall
    line: str
    entries: list[Entry] = field(default_factory=list)
    said: list[Entry] = field(default_factory=list)
    """sentences of the bot since the caller's last move"""
    found: int = 0
    """characters of them that earlier promises have used up"""

    def look(self) -> None:
        """Let the bot finish, and take in what happened."""
        self.call.settle()
        for entry in self.call.news():
            self.entries.append(entry)
            if entry.who == "bot":
                self.said.append(entry)

    def caller_moves(self) -> None:
        self.look()
        if self.call.is_over:
            raise BrokenError("the call is over before the caller comes to say this")
        self.said, self.found = [], 0

    def done(self, operation: str) -> list[Entry]:
        """Times this was carried out; a repeated write has no effect and does not count."""
        return [
            entry
            for entry in self.entries
            if entry.what in ("done", "read")
            and entry.text == operation
            and not entry.data.get("is_repetition")
        ]


def play(example: ex.Example, call: TextCall) -> Problem | None:
    """Play one example on a fresh call; returns the first promise that is not kept."""
    played = _Played(call, call.dialplan.line)
    for move in example.dialogue:
        try:
            _make(move, played)
        except BrokenError as broken:
            return Problem(
                move.place,
                ERROR,
                f'example "{example.name}": {broken}',
                f"play it yourself: voicebot chat {played.line} --trace"
                + (f" --caller {example.caller}" if example.caller else "")
                + (f" --language {example.language}" if example.language else ""),
                RULE,
            )
    return None


def play_all(
    examples: Iterable[ex.Example], new_call: Callable[[ex.Example], TextCall]
) -> tuple[Problem, ...]:
    """All of them, each on a call and a business of its own."""
    return tuple(problem for one in examples if (problem := play(one, new_call(one))) is not None)


def _make(move: ex.Move, played: _Played) -> None:
    match move:
        case ex.CallerInterrupts():
            # Only what was said before is taken in: the bot is speaking still.
            played.said, played.found = [], 0
            if played.call.is_over:
                raise BrokenError("the call is over before the caller comes to say this")
            played.call.interrupts(move.text)
        case ex.CallerSays():
            played.caller_moves()
            played.call.says(move.text)
        case ex.CallerKeys():
            played.caller_moves()
            played.call.presses(move.keys)
        case ex.CallerIsSilent():
            for _ in range(move.times):
                played.caller_moves()
                played.call.is_silent()
        case _:
            played.look()
            _promised(move, played)


def _promised(move: ex.Move, played: _Played) -> None:
    match move:
        case ex.BotSays():
            _says(move.text, played)
        case ex.NotSaid():
            if move.text in _joined(played.said):
                raise BrokenError(f'the bot says "{move.text}": {_told(played.said)}')
        case ex.Does():
            _does(move, played)
        case ex.NotDone():
            if played.done(move.operation):
                raise BrokenError(f"{move.operation} has been carried out")
        case ex.Asks():
            opened = played.call.state.open
            if played.call.is_over or opened is None or opened.name != move.slot:
                asked = "nothing" if opened is None or played.call.is_over else f'"{opened.name}"'
                raise BrokenError(
                    f'the open question is {asked}, not "{move.slot}"; the bot said: {_told(played.said)}'
                )
        case ex.Transferred():
            rung = played.call.queues_rung
            if move.queue not in rung:
                raise BrokenError(
                    f"nobody of this queue was rung, but {', '.join(rung) or 'nobody at all'}; "
                    f"the bot said: {_told(played.said)}"
                )
        case ex.Ends():
            _ends(move, played)
        case _:
            raise TypeError(f"no such move: {type(move).__name__}")


def _says(text: str, played: _Played) -> None:
    """Parts in the order in which they are said; a part may span two sentences."""
    said = _joined(played.said)
    at = said.find(text, played.found)
    if at < 0:
        raise BrokenError(f'the bot does not say "{text}", but: {_told(played.said)}')
    played.found = at + len(text)


def _does(move: ex.Does, played: _Played) -> None:
    done = played.done(move.operation)
    if not done:
        others = [entry.text for entry in played.entries if entry.what == "done"]
        raise BrokenError(
            f"{move.operation} is not carried out (done: {', '.join(others) or 'nothing'}); "
            f"the bot said: {_told(played.said)}"
        )
    values = played.call.state.values()
    try:
        wanted = {name: expression.evaluate(given, values) for name, given in move.arguments.items()}
    except ExpressionError as error:
        raise BrokenError(f"what it promises cannot be worked out: {error}") from error
    fitting = [entry for entry in done if _has(entry, wanted)]
    if not fitting:
        raise BrokenError(
            f"{move.operation} is carried out with {dict(done[-1].data['arguments'])}, not {wanted}"
        )
    if move.times and len(done) != move.times:
        raise BrokenError(f"{move.operation} has taken effect {len(done)} times, not {move.times}")


def _has(entry: Entry, wanted: dict[str, Value]) -> bool:
    given = entry.data["arguments"]
    return all(name in given and given[name] == value for name, value in wanted.items())


def _ends(move: ex.Ends, played: _Played) -> None:
    if not played.call.is_over:
        raise BrokenError(f"the call goes on; the bot said: {_told(played.said)}")
    last = next((entry for entry in reversed(played.entries) if entry.who == "bot"), None)
    if last is None or last.data["prompt"] != move.prompt:
        spoken = "nothing" if last is None else f'"{last.data["prompt"]}"'
        raise BrokenError(f'the last thing said is {spoken}, not "{move.prompt}"')


def _joined(said: list[Entry]) -> str:
    return "".join(entry.text for entry in said)


def _told(said: list[Entry]) -> str:
    text = " / ".join(entry.text for entry in said) or "nothing"
    return text if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD]}…"
