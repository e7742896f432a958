"""Flows: nested steps as people write them, compiled to a flat table.

Theory of operation. Every step gets an id in reading order ("refund.1", "refund.2" ..., or the
`id:` given), so that a position in the script is one pair (flow, step). Then the table is built
from the end backwards, because a step must know what comes after it: the next step of its list,
or, for the last of a list, what follows the step around the list. `goto` and `return` are not
steps of their own: they only say what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.dialplan.model import Flow, Step
from voicebot.dialplan.read_steps import BUILDERS, Written
from voicebot.dialplan.reading import Reader, check_name
from voicebot.dialplan.report import suggest
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
        self.ids: dict[str, Written] = {}
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

    def _take(self, node: Node | None, what: str) -> list[Written]:
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return []
        if not isinstance(node, List):
            self.reader.error(
                node, f"{what}: steps must be a list", "begin each step with a dash: - say: hello"
            )
            return []
        return [raw for item in node.items if (raw := self._take_one(item)) is not None]

    def _take_one(self, node: Node) -> Written | None:
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
        raw = Written(kind, given or f"{self.flow}.{self.count}", node, node.place)
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

    def _take_blocks(self, raw: Written) -> None:
        """In reading order, which is the order of the ids."""
        for key, block in raw.body.entries:
            if key.text not in STEP_KEYS[raw.kind]:
                continue
            if key.text in ("then", "else", "yes", "no", "nothing"):
                raw.blocks[key.text] = self._take(block, f'"{key.text}"')
            prefix = {"cases": "case", "errors": "error"}.get(key.text)
            for case, steps in self.reader.entries(block, key.text) if prefix else ():
                raw.blocks[f"{prefix}:{case.text}"] = self._take(steps, f'"{case.text}"')
                self.reader.notes.spots[(*self.reader.owner, raw.id, key.text, case.text)] = case.place

    # --- second pass: what comes after what ------------------------------------------

    def _list(self, raws: list[Written], after: str) -> str:
        """Compile a list from its end; returns where it begins. An empty list just goes on."""
        for raw in reversed(raws):
            after = self._step(raw, after)
        return after

    def _step(self, raw: Written, after: str) -> str:
        if raw.kind == "return":
            return ""
        if raw.kind == "goto":
            return self._goto(raw)
        entries = {name: self._list(block, after) for name, block in raw.blocks.items()}
        reader = Reader(self.reader.notes, self.reader.owner, f'step "{raw.id}"')
        self.steps[raw.id] = BUILDERS[raw.kind](raw, after, entries, reader)
        return raw.id

    def _goto(self, raw: Written) -> str:
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
