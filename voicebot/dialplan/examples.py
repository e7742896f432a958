"""examples/*.yaml: what callers say and what must follow, as data. The dialogue runs them as tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from voicebot.dialplan.model import Expression, Place
from voicebot.dialplan.reading import Notes, Reader
from voicebot.dialplan.yamltree import List, Map, Node


@dataclass(frozen=True, slots=True)
class Move:
    """One line of an example."""

    place: Place


@dataclass(frozen=True, slots=True)
class BotSays(Move):
    """A part of what is said, in display form; other sentences may stand between."""

    text: str


@dataclass(frozen=True, slots=True)
class CallerSays(Move):
    text: str


@dataclass(frozen=True, slots=True)
class CallerInterrupts(Move):
    """Says this while the bot is still speaking."""

    text: str


@dataclass(frozen=True, slots=True)
class NotSaid(Move):
    """This is not said in answer to the caller's last move."""

    text: str


@dataclass(frozen=True, slots=True)
class CallerKeys(Move):
    keys: str


@dataclass(frozen=True, slots=True)
class CallerIsSilent(Move):
    times: int


@dataclass(frozen=True, slots=True)
class Does(Move):
    """An operation was carried out, with at least these arguments."""

    operation: str
    arguments: Mapping[str, Expression]
    times: int = 0
    """how often it has taken effect in the whole call; 0 for at least once"""


@dataclass(frozen=True, slots=True)
class NotDone(Move):
    """The operation has not been carried out up to here."""

    operation: str


@dataclass(frozen=True, slots=True)
class Asks(Move):
    """The open question fills this slot."""

    slot: str


@dataclass(frozen=True, slots=True)
class Transferred(Move):
    queue: str


@dataclass(frozen=True, slots=True)
class Ends(Move):
    prompt: str


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation that must work."""

    name: str
    place: Place
    caller: str
    """number that calls, E.164; "" when withheld"""
    language: str
    """"" for the first language of the line"""
    dialogue: tuple[Move, ...] = field(default=())
    agents: str = "accept"
    """what agents do when they are rung: one of AGENTS"""
    systems: Mapping[str, str] = field(default_factory=dict)
    """what goes wrong in the business systems: operation -> "slow", "timeout" or a refusal code"""


EXAMPLE_KEYS = ("name", "caller", "language", "agents", "systems", "dialogue")
AGENTS = ("accept", "busy", "decline", "no_answer")


def read_examples(root: Node | None, file: str, notes: Notes) -> list[Example]:
    """All examples of one file."""
    reader = Reader(notes, ("examples", file), "examples")
    if root is None:
        return []
    if not isinstance(root, List):
        reader.error(root, "a file of examples must be a list", "begin each example with - name: ...")
        return []
    return [example for item in root.items if (example := _example(item, reader)) is not None]


def _example(node: Node, reader: Reader) -> Example | None:
    body = reader.mapping(node, "an example")
    if body is None:
        return None
    name = reader.text(body.get("name"), "name")
    if not name:
        reader.error(node, "this example has no name", "write name: what it shows", "missing-key")
    own = reader.within(*reader.owner, name, by=f'example "{name}"')
    own.keys(body, EXAMPLE_KEYS, own.by)
    language = body.get("language")
    if language is not None:
        own.refer("language", own.text(language, "language"), language.place)
    dialogue = body.get("dialogue")
    if not isinstance(dialogue, List) or not dialogue.items:
        own.error(
            dialogue or node,
            f"{own.by} has no dialogue",
            "write dialogue: and lines like - caller: ...",
            "missing-key",
        )
        dialogue = List(node.place, ())
    moves = tuple(move for item in dialogue.items if (move := _move(item, own)) is not None)
    return Example(
        name,
        node.place,
        own.text(body.get("caller"), "caller"),
        own.text(language, "language"),
        moves,
        own.one_of(body.get("agents"), "agents", AGENTS, AGENTS[0]),
        _systems(body.get("systems"), own),
    )


def _systems(node: Node | None, reader: Reader) -> Mapping[str, str]:
    """`systems: {book_refund: timeout}`"""
    found: dict[str, str] = {}
    for key, given in reader.entries(node, "systems"):
        reader.refer("operation", key.text, key.place)
        found[key.text] = reader.text(given, key.text)
    return found


def _move(node: Node, reader: Reader) -> Move | None:
    body = reader.mapping(node, "a line of a dialogue")
    if body is None:
        return None
    if len(body.entries) != 1:
        reader.error(node, "a line of a dialogue is one key and its value", "begin a new line with a dash")
        return None
    key, value = body.entries[0]
    build = _MOVES.get(key.text)
    if build is None:
        reader.keys(body, _MOVES, "a line of a dialogue")
        return None
    return build(key.place, value, reader)


def _does(place: Place, node: Node, reader: Reader) -> Move:
    if not isinstance(node, Map):
        return Does(place, reader.name(node, "does", "operation"), {})
    reader.keys(node, ("operation", "with", "times"), "does")
    operation = reader.name(node.get("operation"), "operation", "operation")
    arguments: dict[str, Expression] = {}
    for key, given in reader.entries(node.get("with"), "with"):
        value = reader.value(given, f'argument "{key.text}"')
        if value is not None:
            arguments[key.text] = value
    return Does(place, operation, arguments, reader.integer(node.get("times"), "times", 0, 0, 10))


_MOVES: Mapping[str, Callable[[Place, Node, Reader], Move]] = {
    "bot": lambda place, node, reader: BotSays(place, reader.text(node, "bot")),
    "caller": lambda place, node, reader: CallerSays(place, reader.text(node, "caller")),
    "interrupts": lambda place, node, reader: CallerInterrupts(place, reader.text(node, "interrupts")),
    "not_said": lambda place, node, reader: NotSaid(place, reader.text(node, "not_said")),
    "keys": lambda place, node, reader: CallerKeys(place, reader.text(node, "keys")),
    "silence": lambda place, node, reader: CallerIsSilent(place, reader.integer(node, "silence", 1, 1, 10)),
    "does": _does,
    "not_done": lambda place, node, reader: NotDone(place, reader.name(node, "not_done", "operation")),
    "asks": lambda place, node, reader: Asks(place, reader.name(node, "asks", "slot")),
    "transferred": lambda place, node, reader: Transferred(place, reader.name(node, "transferred", "queue")),
    "ends": lambda place, node, reader: Ends(place, reader.name(node, "ends", "prompt")),
}
