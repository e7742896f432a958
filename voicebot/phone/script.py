"""What the person on the telephone does: a YAML file, read and checked.

    caller: "+8613800138000"        # number ringing; "" withholds it
    dialed: "+864001234567"         # number rung; optional
    voice: caller_woman             # persona that speaks `say` lines; optional
    patience_ms: 800                # quiet after which this caller starts to answer
    noise: {file: pub.wav, snr_db: 15}
    agents: [busy, accepts]         # what the agents do, in the order they are rung
    moves:
      - say: 我要退款
      - keys: "1234#"
      - play: cough.wav
        interrupt_after_ms: 900     # begin this long after the bot began to speak
      - silence_ms: 3000
      - wait_for: bot_says 原路     # or bot_silent, bot_speaks, agent
      - hang_up: true

`say`, `play` and `keys` wait for their turn: until the bot has spoken and then been quiet for
`patience_ms`. They begin without waiting when `interrupt_after_ms` is given or when the move before
them is `silence_ms` or `wait_for`. After the last move the caller listens until the bot hangs up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from voicebot.dialplan import yamltree
from voicebot.dialplan.model import Place
from voicebot.dialplan.reading import Notes, Reader
from voicebot.dialplan.report import render, tidy
from voicebot.dialplan.yamltree import List, Map, Node, Scalar
from voicebot.errors import DialplanError
from voicebot.phone.line import KEYS

WAITS = ("bot_silent", "bot_speaks", "agent")
MOVES = ("say", "play", "keys", "silence_ms", "wait_for", "hang_up")
TOP_KEYS = ("caller", "dialed", "voice", "patience_ms", "noise", "agents", "moves", "about")


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text in the caller's voice."""

    place: Place
    text: str
    interrupt_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """Let a recording be heard, a real caller's for example."""

    place: Place
    file: str
    interrupt_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys, five a second."""

    place: Place
    keys: str
    interrupt_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Say nothing for a while."""

    place: Place
    for_ms: int


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait for the bot; a wait in vain ends the call and fails the script."""

    place: Place
    what: str
    """bot_silent · bot_speaks · agent · bot_says"""
    text: str = ""
    within_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class HangUp:
    place: Place


Move = Say | Play | Press | Quiet | WaitFor | HangUp


@dataclass(frozen=True, slots=True)
class Noise:
    """What is heard behind the caller, from beginning to end."""

    file: str
    snr_db: float
    """how much louder than it the caller speaks"""


@dataclass(frozen=True, slots=True)
class Script:
    moves: tuple[Move, ...]
    caller: str = ""
    """E.164, or "" when withheld"""
    dialed: str = ""
    voice: str = ""
    """persona; "" takes the default one"""
    patience_ms: int = 800
    noise: Noise | None = None
    agents: tuple[str, ...] = ("accepts",)
    about: str = ""
    file: str = field(default="", compare=False)


def read_script(text: str, file: str, *, behaviours: Sequence[str] = ("accepts",)) -> Script:
    """Read one script. Raises DialplanError that lists every mistake with file:line:column.

    behaviours: names that may stand in `agents`.
    """
    notes = Notes()
    reader = Reader(notes, ("script",), "script")
    root, problems = yamltree.read(text, file)
    notes.problems.extend(problems)
    script = _script(reader, root, file, behaviours)
    errors = [problem for problem in tidy(notes.problems) if problem.is_error]
    if errors:
        raise DialplanError("the phone script cannot be played:\n" + render(errors), code="E-PHONE-SCRIPT")
    return script


def say_script(texts: list[str], *, caller: str = "", dialed: str = "", voice: str = "") -> Script:
    """The script of `voicebot call --say ...`: one sentence a turn."""
    moves = tuple(Say(Place("--say", number, 1), text) for number, text in enumerate(texts, start=1))
    return Script(moves, caller, dialed, voice)


def _script(reader: Reader, root: Node | None, file: str, behaviours: Sequence[str]) -> Script:
    top = reader.mapping(root, "a phone script")
    if top is None:
        if root is None:
            reader.error(Place(file, 1, 1), "the script is empty", "write `moves:` and what the caller does")
        return Script(())
    reader.keys(top, TOP_KEYS, "a phone script")
    moves = _moves(reader, top)
    return Script(
        moves=moves,
        caller=_number(reader, top.get("caller"), "caller"),
        dialed=_number(reader, top.get("dialed"), "dialed"),
        voice=reader.text(top.get("voice"), "voice"),
        patience_ms=reader.integer(top.get("patience_ms"), "patience_ms", 800, 100, 10_000),
        noise=_noise(reader, top.get("noise")),
        agents=tuple(
            reader.one_of(node, "an agent's behaviour", behaviours, "accepts")
            for node in reader.scalars(top.get("agents"), "agents")
        )
        or ("accepts",),
        about=reader.text(top.get("about"), "about"),
        file=file,
    )


def _number(reader: Reader, node: Node | None, what: str) -> str:
    text = reader.text(node, what)
    if text and node is not None and not (text[0] == "+" and text[1:].isdigit() and 5 <= len(text) <= 16):
        reader.error(
            node, f"{what} must be a number in E.164", 'in quotes, with + and country code: "+86138..."'
        )
    return text


def _noise(reader: Reader, node: Node | None) -> Noise | None:
    if node is None:
        return None
    found = reader.mapping(node, "noise")
    if found is None:
        return None
    reader.keys(found, ("file", "snr_db"), "noise")
    file = reader.text(found.get("file"), "file")
    if not file:
        reader.error(node, "noise needs a file", "write noise: {file: pub.wav, snr_db: 15}")
    return Noise(file, reader.number(found.get("snr_db"), "snr_db", 15, -20, 60))


def _moves(reader: Reader, top: Map) -> tuple[Move, ...]:
    node = top.get("moves")
    if not isinstance(node, List) or not node.items:
        reader.error(node or top, "moves must be a list of what the caller does", "- say: 我要退款")
        return ()
    moves = [_move(reader, item) for item in node.items]
    return tuple(move for move in moves if move is not None)


def _move(reader: Reader, node: Node) -> Move | None:
    if isinstance(node, Scalar) and node.text == "hang_up":
        return HangUp(node.place)
    found = reader.mapping(node, "a move")
    if found is None:
        return None
    extra = ("interrupt_after_ms", "within_ms")
    reader.keys(found, MOVES + extra, "a move")
    kinds = [name for name in MOVES if found.get(name) is not None]
    if len(kinds) != 1:
        reader.error(node, "a move does exactly one thing", "one of " + ", ".join(MOVES))
        return None
    kind = kinds[0]
    _only_with(reader, found, "interrupt_after_ms", kind in ("say", "play", "keys"), "say, play and keys")
    _only_with(reader, found, "within_ms", kind == "wait_for", "wait_for")
    after = found.get("interrupt_after_ms")
    after_ms = reader.integer(after, "interrupt_after_ms", 0, 0, 60_000) if after is not None else None
    value = found.get(kind)
    match kind:
        case "say":
            return Say(node.place, _filled(reader, node, reader.text(value, "say"), "say"), after_ms)
        case "play":
            return Play(node.place, _filled(reader, node, reader.text(value, "play"), "play"), after_ms)
        case "keys":
            return Press(node.place, _keys(reader, value), after_ms)
        case "silence_ms":
            return Quiet(node.place, reader.integer(value, "silence_ms", 0, 0, 600_000))
        case "wait_for":
            return _wait(reader, found, value)
    reader.flag(value, "hang_up")
    return HangUp(node.place)


def _only_with(reader: Reader, move: Map, key: str, is_right: bool, where: str) -> None:
    node = move.get(key)
    if node is not None and not is_right:
        reader.error(node, f"{key} has no meaning here", f"it belongs to {where}", "unknown-key")


def _filled(reader: Reader, node: Node, text: str, what: str) -> str:
    if not text.strip():
        reader.error(node, f"{what} is empty", "write what is to be heard")
    return text


def _keys(reader: Reader, node: Node | None) -> str:
    text = reader.text(node, "keys")
    if node is not None and (not text or set(text) - KEYS):
        reader.error(node, "keys must be 0-9, * and #", 'in quotes: keys: "1234#"')
        return ""
    return text


def _wait(reader: Reader, move: Map, node: Node | None) -> WaitFor:
    within_ms = reader.integer(move.get("within_ms"), "within_ms", 30_000, 100, 600_000)
    text = reader.text(node, "wait_for")
    what, _, rest = text.partition(" ")
    if what == "bot_says":
        if not rest.strip():
            reader.error(move, "bot_says needs the words to wait for", "wait_for: bot_says 原路")
        return WaitFor(move.place, what, rest.strip().strip('"“”「」'), within_ms)
    what = reader.one_of(node, "wait_for", (*WAITS, "bot_says"), "bot_silent")
    return WaitFor(move.place, what, "", within_ms)
