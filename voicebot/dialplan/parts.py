"""One folder of a dialplan, and laying a line's own folder over the ones it includes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from voicebot.dialplan.examples import Example, read_examples
from voicebot.dialplan.model import Flow, Knowledge, Operation, Place, Prompt, Queue, RecordType, Slot
from voicebot.dialplan.read_business import read_operations, read_queues
from voicebot.dialplan.read_flows import read_flow
from voicebot.dialplan.read_slots import FLOW_FILE_KEYS, Head, read_head, read_slot
from voicebot.dialplan.read_words import PhrasesPart, read_knowledge, read_phrases, read_prompts
from voicebot.dialplan.reading import Notes, Owner, Reader, Reference, check_name
from voicebot.dialplan.report import suggest
from voicebot.dialplan.yamltree import Node, read

T = TypeVar("T")

_SPOKEN = re.compile(r"(prompts|phrases|knowledge)\.([A-Za-z]{2,3}(?:-[A-Za-z]+)?)\.yaml\Z")
_FILES = (
    "flow.yaml",
    "operations.yaml",
    "queues.yaml",
    "prompts.zh.yaml",
    "phrases.zh.yaml",
    "knowledge.zh.yaml",
)


@dataclass(slots=True)
class Part:
    """What one folder says."""

    folder: str
    head: Head
    slots: dict[str, Slot] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    prompts: dict[str, dict[str, Prompt]] = field(default_factory=dict)
    phrases: dict[str, PhrasesPart] = field(default_factory=dict)
    knowledge: dict[str, dict[str, Knowledge]] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    types: dict[str, RecordType] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    is_readable: bool = True
    """False when a file could not be read as YAML at all"""

    def owners(self) -> set[Owner]:
        """Every entry of this folder that could override, or be overridden."""
        owned: set[Owner] = {("slot", name) for name in self.slots} | {("flow", name) for name in self.flows}
        owned |= {("queue", name) for name in self.queues} | {("type", name) for name in self.types}
        owned |= {("operation", name) for name in self.operations}
        for language, prompts in self.prompts.items():
            owned |= {("prompt", language, name) for name in prompts}
        for language, entries in self.knowledge.items():
            owned |= {("knowledge", language, name) for name in entries}
        for language, phrases in self.phrases.items():
            owned |= {("intent", language, name) for name in phrases.intents}
            owned |= {("choices", language, name) for name in phrases.choices}
        return owned


def read_part(folder: str, files: Mapping[str, str], root: str) -> Part:
    """Read one folder.

    files: path within the folder -> text. root: written before paths in messages, such as "dialplans/".
    """
    part = Part(folder, Head(Place(f"{root}{folder}/flow.yaml", 1, 1)))
    for path in sorted(files):
        _read_file(part, path, files[path], f"{root}{folder}/{path}")
    return part


def _read_file(part: Part, path: str, text: str, shown: str) -> None:
    spoken = _SPOKEN.match(path)
    is_example = path.startswith("examples/") and path.endswith(".yaml")
    if path not in ("flow.yaml", "operations.yaml", "queues.yaml") and not spoken and not is_example:
        part.notes.error(
            Place(shown, 1, 1),
            f'"{path}" is no file of a dialplan',
            suggest(
                path,
                _FILES,
                otherwise="known: " + ", ".join((*_FILES, "examples/*.yaml")),
            ),
            "unknown-file",
        )
        return
    tree, problems = read(text, shown, has_types=path == "operations.yaml")
    part.notes.problems.extend(problems)
    if problems and tree is None:
        part.is_readable = False
    elif is_example:
        part.examples.extend(read_examples(tree, shown, part.notes))
    elif spoken:
        _READ_SPOKEN[spoken[1]](part, tree, spoken[2])
    elif path == "flow.yaml":
        _read_flow_file(part, tree)
    elif path == "operations.yaml":
        part.types, part.operations = read_operations(tree, part.notes)
    else:
        part.queues = read_queues(tree, part.notes)


def _read_flow_file(part: Part, tree: Node | None) -> None:
    reader = Reader(part.notes, ("line", part.folder), "flow.yaml")
    top = reader.mapping(tree, "flow.yaml")
    if top is None:
        return
    reader.keys(top, FLOW_FILE_KEYS, "flow.yaml")
    part.head = read_head(top, reader)
    if part.head.line and part.head.line != part.folder:
        reader.error(
            part.head.place,
            f'line is "{part.head.line}", but the folder is called "{part.folder}"',
            f"write line: {part.folder}, or rename the folder",
            "wrong-line",
        )
    for key, node in reader.entries(top.get("slots"), "slots"):
        own = reader.within("slot", key.text, by=f'slot "{key.text}"')
        check_name(own, key, "a slot")
        part.slots[key.text] = read_slot(key, node, own)
    for key, node in reader.entries(top.get("flows"), "flows"):
        own = reader.within("flow", key.text, by=f'flow "{key.text}"')
        part.flows[key.text] = read_flow(key, node, own)


def _prompts(part: Part, tree: Node | None, language: str) -> None:
    part.prompts[language] = read_prompts(tree, language, part.notes)


def _phrases(part: Part, tree: Node | None, language: str) -> None:
    part.phrases[language] = read_phrases(tree, language, part.notes)


def _knowledge(part: Part, tree: Node | None, language: str) -> None:
    part.knowledge[language] = read_knowledge(tree, language, part.notes)


_READ_SPOKEN: Mapping[str, Callable[[Part, Node | None, str], None]] = {
    "prompts": _prompts,
    "phrases": _phrases,
    "knowledge": _knowledge,
}


def laid_over(upper: Part, lower: Part) -> Part:
    """Two folders as one: the upper one's entry of the same name wins, word lists are joined."""
    hidden = upper.owners()
    references = [ref for ref in lower.notes.references if _entry(ref) not in hidden]
    notes = Notes(
        problems=[*lower.notes.problems, *upper.notes.problems],
        references=[*references, *upper.notes.references],
        spots={
            **{spot: place for spot, place in lower.notes.spots.items() if _prefix(spot) not in hidden},
            **upper.notes.spots,
        },
    )
    return Part(
        folder=upper.folder,
        head=upper.head.over(lower.head),
        slots={**lower.slots, **upper.slots},
        flows={**lower.flows, **upper.flows},
        prompts=_per_language(lower.prompts, upper.prompts),
        phrases=_phrases_over(lower.phrases, upper.phrases),
        knowledge=_per_language(lower.knowledge, upper.knowledge),
        queues={**lower.queues, **upper.queues},
        types={**lower.types, **upper.types},
        operations={**lower.operations, **upper.operations},
        examples=[*lower.examples, *upper.examples],
        notes=notes,
        is_readable=lower.is_readable and upper.is_readable,
    )


def _entry(reference: Reference) -> Owner:
    return _prefix(reference.owner)


def _prefix(spot: Owner) -> Owner:
    """The entry a place belongs to: ("slot", "order", "ask") -> ("slot", "order")."""
    return spot[: 3 if spot[0] in ("prompt", "knowledge", "intent", "choices") else 2]


def _per_language(
    lower: Mapping[str, dict[str, T]], upper: Mapping[str, dict[str, T]]
) -> dict[str, dict[str, T]]:
    return {
        language: {**lower.get(language, {}), **upper.get(language, {})} for language in {**lower, **upper}
    }


def _phrases_over(
    lower: Mapping[str, PhrasesPart], upper: Mapping[str, PhrasesPart]
) -> dict[str, PhrasesPart]:
    return {
        language: upper.get(language, PhrasesPart(language)).over(lower.get(language, PhrasesPart(language)))
        for language in {**lower, **upper}
    }
