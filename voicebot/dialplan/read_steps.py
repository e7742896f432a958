"""One builder for each kind of step: what is written, plus what comes next, to a step of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from voicebot.dialplan.model import (
    Adapt,
    Ask,
    Cancel,
    Choose,
    Confirm,
    Do,
    End,
    Expression,
    Forget,
    If,
    Listen,
    Place,
    Repeat,
    Run,
    Say,
    Set,
    Step,
    Transfer,
    Wait,
)
from voicebot.dialplan.read_slots import PHONE_KEYS
from voicebot.dialplan.reading import Reader
from voicebot.dialplan.types import RESERVED
from voicebot.dialplan.yamltree import Map, Node

_NEVER = Expression("none", Place("", 0, 0), None)
"""stands for an expression that could not be read"""


@dataclass(slots=True)
class Written:
    """A step as written: not compiled, its blocks already taken apart."""

    kind: str
    id: str
    body: Map
    place: Place
    blocks: dict[str, list[Written]] = field(default_factory=dict)
    """"then", "else", "yes", "no", "nothing", "case:paid", "error:any" -> steps"""

    @property
    def node(self) -> Node | None:
        return self.body.get(self.kind)


Build = Callable[[Written, str, Mapping[str, str], Reader], Step]
"""(what is written, id of what comes next, block -> id of its first step, reader) -> step"""


def _say(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Say(raw.id, raw.place, after, reader.name(raw.node, "say", "prompt"))


def _ask(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Ask(raw.id, raw.place, after, reader.name(raw.node, "ask", "slot"))


def _confirm(raw: Written, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    return Confirm(
        raw.id,
        raw.place,
        after,
        prompts=reader.names(raw.node, "confirm", "prompt"),
        yes=entries.get("yes", after),
        no=entries.get("no", after),
        is_summary=reader.flag(raw.body.get("summary"), "summary"),
    )


def _listen(raw: Written, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    keys: dict[str, str] = {}
    for key, flow in reader.entries(raw.body.get("keys"), "keys"):
        if len(key.text) != 1 or key.text not in PHONE_KEYS:
            reader.error(
                key, f'"{key.text}" is not one key of a telephone', "keys are 0-9, * and #", "bad-key"
            )
        keys[key.text] = reader.name(flow, f'key "{key.text}"', "flow")
        reader.notes.spots[(*reader.owner, raw.id, "keys", key.text)] = key.place
    return Listen(
        raw.id,
        raw.place,
        after,
        reader.names(raw.node, "listen", "prompt"),
        entries.get("nothing", after),
        keys,
    )


def _do(raw: Written, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    arguments: dict[str, Expression] = {}
    for key, node in reader.entries(raw.body.get("with"), "with"):
        value = reader.value(node, f'argument "{key.text}"')
        arguments[key.text] = value if value is not None else _NEVER
        reader.notes.spots[(*reader.owner, raw.id, "with", key.text)] = key.place
    return Do(
        raw.id,
        raw.place,
        after,
        operation=reader.name(raw.node, "do", "operation"),
        arguments=arguments,
        into=_fact_name(raw.body.get("into"), "into", reader),
        filler=reader.name(raw.body.get("filler"), "filler", "prompt"),
        errors={
            name.removeprefix("error:"): entry for name, entry in entries.items() if name.startswith("error:")
        },
    )


def _if(raw: Written, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    if "then" not in entries and "else" not in entries:
        reader.error(
            raw.place, "this if has neither then nor else", "write then: and steps under it", "missing-key"
        )
    condition = reader.expression(raw.node, "if") or _NEVER
    return If(raw.id, raw.place, after, condition, entries.get("then", after), entries.get("else", after))


def _choose(raw: Written, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    cases = {name.removeprefix("case:"): entry for name, entry in entries.items() if name.startswith("case:")}
    if not cases:
        reader.error(raw.place, "this choose has no cases", "write cases: {value: [steps]}", "missing-key")
    value = reader.expression(raw.node, "choose") or _NEVER
    return Choose(raw.id, raw.place, after, value, cases, entries.get("else", after))


def _set(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    values: dict[str, Expression] = {}
    for key, node in reader.entries(raw.node, "set"):
        name = _fact_name(key, "set", reader)
        value = reader.value(node, f'"{key.text}"')
        values[name] = value if value is not None else _NEVER
    if not values:
        reader.error(raw.place, "this set sets nothing", "write set: {name: =value}", "missing-key")
    return Set(raw.id, raw.place, after, values)


def _fact_name(node: Node | None, what: str, reader: Reader) -> str:
    name = reader.text(node, what)
    if node is None or not name:
        return name
    if name in RESERVED:
        reader.error(
            node, f'a fact cannot be called "{name}"', "the bot fills this name itself", "reserved-name"
        )
    elif not name.isidentifier():
        reader.error(node, f'"{name}" cannot be the name of a fact', "use letters, digits and _", "bad-name")
    return name


def _forget(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Forget(raw.id, raw.place, after, reader.names(raw.node, "forget", "slot"))


def _run(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Run(raw.id, raw.place, after, reader.name(raw.node, "run", "flow"))


def _repeat(raw: Written, after: str, _: Mapping[str, str], __: Reader) -> Step:
    return Repeat(raw.id, raw.place, after)


def _wait(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    body = reader.mapping(raw.node, "wait") or Map(raw.place, ())
    reader.keys(body, ("for_ms", "reminder"), "wait")
    reminder = body.get("reminder")
    if reminder is None:
        reader.error(
            raw.place,
            "this wait has no reminder",
            "write wait: {for_ms: 15000, reminder: prompt}",
            "missing-key",
        )
    return Wait(
        raw.id,
        raw.place,
        after,
        reader.integer(body.get("for_ms"), "for_ms", 15_000, 2000, 120_000),
        reader.name(reminder, "reminder", "prompt"),
    )


def _adapt(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    body = reader.mapping(raw.node, "adapt") or Map(raw.place, ())
    reader.keys(body, ("pace", "gain_db", "language"), "adapt")
    language = reader.text(body.get("language"), "language")
    at = body.get("language")
    if language and language != "other" and at is not None:
        reader.refer("language", language, at.place)
    return Adapt(
        raw.id,
        raw.place,
        after,
        pace=float(reader.number(body.get("pace"), "pace", 0.0, 0.5, 2.0)),
        gain_db=float(reader.number(body.get("gain_db"), "gain_db", 0.0, -12, 12)),
        language=language,
    )


def _transfer(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    for key in ("reason", "announce"):
        if raw.body.get(key) is None:
            reader.error(raw.place, f"this transfer has no {key}", f"write {key}: beside it", "missing-key")
    return Transfer(
        raw.id,
        raw.place,
        after,
        queue=reader.name(raw.node, "transfer", "queue"),
        reason=reader.text(raw.body.get("reason"), "reason"),
        announce=reader.name(raw.body.get("announce"), "announce", "prompt"),
        hold=reader.name(raw.body.get("hold"), "hold", "prompt"),
    )


def _cancel(raw: Written, after: str, _: Mapping[str, str], __: Reader) -> Step:
    return Cancel(raw.id, raw.place, after)


def _end(raw: Written, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return End(raw.id, raw.place, after, reader.name(raw.node, "end", "prompt"))


BUILDERS: Mapping[str, Build] = {
    "say": _say,
    "ask": _ask,
    "confirm": _confirm,
    "listen": _listen,
    "do": _do,
    "if": _if,
    "choose": _choose,
    "set": _set,
    "forget": _forget,
    "run": _run,
    "repeat": _repeat,
    "wait": _wait,
    "adapt": _adapt,
    "transfer": _transfer,
    "cancel": _cancel,
    "end": _end,
}
