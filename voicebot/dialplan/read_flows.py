"""Flows: nested steps as people write them, compiled to a flat table.

Theory of operation. Every step gets an id in reading order ("refund.1", "refund.2" ..., or the
`id:` given), so that a position in the script is one pair (flow, step). Then the table is built
from the end backwards, because a step must know what comes after it: the next step of its list,
or, for the last of a list, what follows the step around the list. `goto` and `return` are not
steps of their own: they only say what comes next.
"""

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
    Flow,
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
from voicebot.dialplan.reading import Reader, check_name
from voicebot.dialplan.report import suggest
from voicebot.dialplan.types import RESERVED
from voicebot.dialplan.yamltree import List, Map, Node, Scalar

FLOW_KEYS = ("title", "starts_on", "needs", "provides", "side", "urgent", "steps")
STEP_KEYS: Mapping[str, tuple[str, ...]] = {
    "say": (),
    "ask": (),
    "confirm": ("summary", "yes", "no"),
    "listen": ("nothing", "keys"),
    "do": ("with", "into", "filler", "errors"),
    "if": ("then", "else"),
    "choose": ("cases", "else"),
    "set": (),
    "forget": (),
    "run": (),
    "goto": (),
    "wait": (),
    "adapt": (),
    "transfer": ("reason", "announce", "hold"),
    "end": (),
    "repeat": (),
    "cancel": (),
    "return": (),
}
"""Kind of step -> further keys beside `id`."""

BARE = ("repeat", "cancel", "return")
_NEVER = Expression("none", Place("", 0, 0), None)


@dataclass(slots=True)
class _Raw:
    """A step as written: not compiled, its blocks already taken apart."""

    kind: str
    id: str
    body: Map
    place: Place
    blocks: dict[str, list[_Raw]] = field(default_factory=dict)
    """"then", "else", "yes", "no", "nothing", "case:paid", "error:any" -> steps"""

    @property
    def node(self) -> Node | None:
        return self.body.get(self.kind)


def read_flow(key: Scalar, node: Node, reader: Reader) -> Flow:
    """One flow. `starts_on` stays empty when it is not written: what it means needs all intents."""
    check_name(reader, key, "a flow")
    reader.notes.spots[reader.owner] = key.place
    body = reader.mapping(node, reader.by) or Map(node.place, ())
    reader.keys(body, FLOW_KEYS, reader.by)
    if body.get("steps") is None:
        reader.error(key, f"{reader.by} has no steps", "write steps: and a list under it", "missing-key")
    title: dict[str, str] = {}
    for language, words in reader.entries(body.get("title"), "title"):
        title[language.text] = reader.text(words, "title")
    compiler = _Compiler(key.text, reader)
    start = compiler.compile(body.get("steps"))
    return Flow(
        name=key.text,
        place=key.place,
        start=start,
        steps=compiler.steps,
        starts_on=reader.names(body.get("starts_on"), "starts_on", "intent"),
        needs=reader.names(body.get("needs"), "needs", "flow"),
        provides=reader.name(body.get("provides"), "provides", "fact"),
        title=title,
        is_side=reader.flag(body.get("side"), "side"),
        is_urgent=reader.flag(body.get("urgent"), "urgent"),
    )


class _Compiler:
    """Builds the step table of one flow."""

    def __init__(self, flow: str, reader: Reader) -> None:
        self.flow = flow
        self.reader = reader
        self.steps: dict[str, Step] = {}
        self.count = 0
        self.ids: dict[str, _Raw] = {}
        self.after: dict[str, str] = {}
        """id of a goto -> its target"""

    def compile(self, node: Node | None) -> str:
        """Fill the table; returns the id of the first step, "" for an empty flow."""
        raws = self._take(node, f'flow "{self.flow}"')
        for raw in self.ids.values():
            if raw.kind == "goto":
                self.after[raw.id] = self.reader.text(raw.node, "goto")
        start = self._list(raws, "")
        self.steps = {raw.id: self.steps[raw.id] for raw in self.ids.values() if raw.id in self.steps}
        return start

    # --- first pass: what is written -----------------------------------------------

    def _take(self, node: Node | None, what: str) -> list[_Raw]:
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return []
        if not isinstance(node, List):
            self.reader.error(
                node, f"{what}: steps must be a list", "begin each step with a dash: - say: hello"
            )
            return []
        return [raw for item in node.items if (raw := self._take_one(item)) is not None]

    def _take_one(self, node: Node) -> _Raw | None:
        if isinstance(node, Scalar) and node.text in BARE:
            node = Map(node.place, ((node, Scalar(node.place, "")),))
        if not isinstance(node, Map):
            word = node.text if isinstance(node, Scalar) else ""
            self.reader.error(
                node,
                f'"{word}" is not a step' if word else "this is not a step",
                suggest(word, STEP_KEYS, otherwise="write a step like - say: hello"),
                "unknown-step",
            )
            return None
        kinds = [key for key, _ in node.entries if key.text in STEP_KEYS]
        if len(kinds) != 1:
            self._not_one_step(node, kinds)
            return None
        kind = kinds[0].text
        self.count += 1
        given = self.reader.text(node.get("id"), "id")
        raw = _Raw(kind, given or f"{self.flow}.{self.count}", node, node.place)
        if raw.id in self.ids:
            self.reader.error(
                node.get("id") or node,
                f'two steps of flow "{self.flow}" are called "{raw.id}"',
                f"the other is at line {self.ids[raw.id].place.line}; rename one",
                "duplicate-step",
            )
            raw.id = f"{self.flow}.{self.count}"
        self.ids[raw.id] = raw
        self.reader.notes.spots[(*self.reader.owner, raw.id)] = raw.place
        known = (kind, "id", *STEP_KEYS[kind])
        for key, _ in node.entries:
            if key.text not in known:
                self.reader.error(
                    key,
                    f'a {kind} step has no key "{key.text}"',
                    suggest(key.text, known, otherwise="known: " + ", ".join(known)),
                    "unknown-key",
                )
        empty = isinstance(raw.node, Scalar) and raw.node.is_empty
        if empty and kind not in BARE:
            self.reader.error(
                kinds[0], f"this {kind} step says no more", f"write {kind}: and a name", "missing-value"
            )
        self._take_blocks(raw)
        return raw

    def _not_one_step(self, node: Map, kinds: list[Scalar]) -> None:
        if kinds:
            both = " and ".join(f'"{key.text}"' for key in kinds)
            self.reader.error(
                kinds[1], f"one step cannot {both} at once", "begin a new step with a dash", "unknown-step"
            )
            return
        first = node.entries[0][0] if node.entries else Scalar(node.place, "")
        self.reader.error(
            first,
            f'there is no step "{first.text}"',
            suggest(first.text, STEP_KEYS, otherwise="steps: " + ", ".join(STEP_KEYS)),
            "unknown-step",
        )

    def _take_blocks(self, raw: _Raw) -> None:
        for name in ("then", "else", "yes", "no", "nothing"):
            block = raw.body.get(name)
            if block is not None and name in STEP_KEYS[raw.kind]:
                raw.blocks[name] = self._take(block, f'"{name}"')
        for key, prefix in (("cases", "case"), ("errors", "error")):
            if key in STEP_KEYS[raw.kind]:
                for case, block in self.reader.entries(raw.body.get(key), key):
                    raw.blocks[f"{prefix}:{case.text}"] = self._take(block, f'"{case.text}"')
                    self.reader.notes.spots[(*self.reader.owner, raw.id, key, case.text)] = case.place

    # --- second pass: what comes after what ------------------------------------------

    def _list(self, raws: list[_Raw], after: str) -> str:
        """Compile a list from its end; returns where it begins. An empty list just goes on."""
        for raw in reversed(raws):
            after = self._step(raw, after)
        return after

    def _step(self, raw: _Raw, after: str) -> str:
        if raw.kind == "return":
            return ""
        if raw.kind == "goto":
            return self._goto(raw)
        entries = {name: self._list(block, after) for name, block in raw.blocks.items()}
        reader = Reader(self.reader.notes, self.reader.owner, f'step "{raw.id}"')
        build: Callable[[_Raw, str, Mapping[str, str], Reader], Step] = _BUILDERS[raw.kind]
        self.steps[raw.id] = build(raw, after, entries, reader)
        return raw.id

    def _goto(self, raw: _Raw) -> str:
        """The step a goto leads to, through other gotos; "" when it leads nowhere."""
        target, seen = self.after[raw.id], {raw.id}
        while target in self.after and target not in seen:
            seen.add(target)
            target = self.after[target]
        if target in seen:
            self.reader.error(
                raw.place, "this goto leads to itself", "name a step that does something", "endless-loop"
            )
            return ""
        found = self.ids.get(target)
        if found is not None:
            return "" if found.kind == "return" else target
        named = raw.node or raw.body
        self.reader.refer("step", target, named.place, f'flow "{self.flow}"')
        return ""


# --- One builder for each kind of step -----------------------------------------------------


def _say(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Say(raw.id, raw.place, after, reader.name(raw.node, "say", "prompt"))


def _ask(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Ask(raw.id, raw.place, after, reader.name(raw.node, "ask", "slot"))


def _confirm(raw: _Raw, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    return Confirm(
        raw.id,
        raw.place,
        after,
        prompts=reader.names(raw.node, "confirm", "prompt"),
        yes=entries.get("yes", after),
        no=entries.get("no", after),
        is_summary=reader.flag(raw.body.get("summary"), "summary"),
    )


def _listen(raw: _Raw, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
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


def _do(raw: _Raw, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
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


def _if(raw: _Raw, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    if "then" not in entries and "else" not in entries:
        reader.error(
            raw.place, "this if has neither then nor else", "write then: and steps under it", "missing-key"
        )
    condition = reader.expression(raw.node, "if") or _NEVER
    return If(raw.id, raw.place, after, condition, entries.get("then", after), entries.get("else", after))


def _choose(raw: _Raw, after: str, entries: Mapping[str, str], reader: Reader) -> Step:
    cases = {name.removeprefix("case:"): entry for name, entry in entries.items() if name.startswith("case:")}
    if not cases:
        reader.error(raw.place, "this choose has no cases", "write cases: {value: [steps]}", "missing-key")
    value = reader.expression(raw.node, "choose") or _NEVER
    return Choose(raw.id, raw.place, after, value, cases, entries.get("else", after))


def _set(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
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


def _forget(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Forget(raw.id, raw.place, after, reader.names(raw.node, "forget", "slot"))


def _run(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return Run(raw.id, raw.place, after, reader.name(raw.node, "run", "flow"))


def _repeat(raw: _Raw, after: str, _: Mapping[str, str], __: Reader) -> Step:
    return Repeat(raw.id, raw.place, after)


def _wait(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
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


def _adapt(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
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


def _transfer(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
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


def _cancel(raw: _Raw, after: str, _: Mapping[str, str], __: Reader) -> Step:
    return Cancel(raw.id, raw.place, after)


def _end(raw: _Raw, after: str, _: Mapping[str, str], reader: Reader) -> Step:
    return End(raw.id, raw.place, after, reader.name(raw.node, "end", "prompt"))


_BUILDERS = {
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
