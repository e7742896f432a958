"""YAML texts to one dialplan, with every mistake noted and its place.

Theory of operation. Each folder is read on its own (`parts.py`); the included ones are laid
under the line's own; then what depends on the whole is filled in: which intents start a flow,
what type each name has, and so in which form each hole of a prompt is spoken. Reading never
stops at a mistake. The result holds a draft even when it is broken, so that the rules of
`check.py` can name the remaining mistakes in the same run.

No file is opened here: texts come from `voicebot/dialplan_files.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voicebot.dialplan import prompts, typecheck
from voicebot.dialplan.examples import Example
from voicebot.dialplan.model import (
    Dialplan,
    Do,
    Flow,
    Hole,
    Place,
    Prompt,
    Set,
    Slot,
    Variant,
)
from voicebot.dialplan.parts import Part, laid_over, read_part
from voicebot.dialplan.read_words import by_language
from voicebot.dialplan.reading import Notes, Owner, Reference
from voicebot.dialplan.report import Problem, suggest, tidy
from voicebot.dialplan.types import (
    ANY,
    PROMPT_NAMES,
    RECAP,
    UNKNOWN,
    NameProblem,
    Scope,
    Type,
    joined,
    of_field,
    of_slot,
)
from voicebot.dialplan.yamltree import Map, read

Files = Mapping[str, Mapping[str, str]]
"""folder -> path within it -> text"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A dialplan as far as it could be read, with what rules need to judge it."""

    dialplan: Dialplan
    folder: str
    """the line's own folder, as it is written before paths"""
    references: tuple[Reference, ...]
    spots: Mapping[Owner, Place]
    scope: Scope
    examples: tuple[Example, ...] = ()
    allowed: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    """(file, line) -> warnings that a comment there allows"""

    def spot(self, *owner: str) -> Place:
        """Where an entry, or one key of it, stands; the entry itself when the key is not written."""
        while owner:
            if owner in self.spots:
                return self.spots[owner]
            owner = owner[:-1]
        return self.dialplan.place

    def is_own(self, place: Place) -> bool:
        """Does it stand in the line's own folder, not in an included one?"""
        return place.file.startswith(f"{self.folder}/")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the texts of one line."""

    dialplan: Dialplan | None
    """None when there is an error"""
    problems: tuple[Problem, ...]
    examples: tuple[Example, ...]
    draft: Draft | None
    """None when a file could not be read as YAML: nothing sensible can be said about the rest"""


def included(flow_text: str) -> tuple[str, ...]:
    """Folders that a flow.yaml includes; for whoever fetches the texts."""
    tree, _ = read(flow_text, "flow.yaml")
    node = tree.get("include") if isinstance(tree, Map) else None
    if node is None:
        return ()
    items = getattr(node, "items", (node,))
    return tuple(text for item in items if (text := getattr(item, "text", "")))


def is_line(flow_text: str) -> bool:
    """Is this the flow.yaml of a hotline, not of a part for including?"""
    tree, _ = read(flow_text, "flow.yaml")
    return not isinstance(tree, Map) or tree.get("line") is not None


def load(files: Files, line: str, *, root: str = "dialplans/") -> Loaded:
    """Make the dialplan of one line.

    files: texts of the line's folder and of every folder it includes.
    root: written before the folder in messages and places.
    Never raises: mistakes are in `problems`.
    """
    notes = Notes()
    own = read_part(line, files.get(line, {}), root)
    if "flow.yaml" not in files.get(line, {}):
        notes.error(
            Place(f"{root}{line}/flow.yaml", 1, 1),
            "there is no such file",
            "a line needs a flow.yaml",
            "no-line",
        )
    elif not own.head.line and own.is_readable:
        notes.error(
            own.head.place,
            f'"{line}" is a part for including, not a line',
            f"write line: {line} to make it a hotline",
            "no-line",
        )
    whole = _with_includes(own, files, root, (line,), notes)
    problems = [*notes.problems, *whole.notes.problems]
    if not whole.is_readable or notes.problems:
        return Loaded(None, tidy(problems), tuple(whole.examples), None)
    draft, found = _draft(whole, files, f"{root}{line}")
    problems += found
    broken = any(problem.is_error for problem in problems)
    return Loaded(None if broken else draft.dialplan, tidy(problems), draft.examples, draft)


def _with_includes(part: Part, files: Files, root: str, path: tuple[str, ...], notes: Notes) -> Part:
    lower: Part | None = None
    for name in part.head.include:
        place = part.notes.spots.get(("line", part.folder, "include"), part.head.place)
        if name in path:
            notes.error(place, f'"{name}" includes itself', "take it out of include:", "bad-include")
            continue
        if name not in files:
            notes.error(
                place,
                f'"{name}" cannot be included: there is no such folder',
                suggest(name, files),
                "bad-include",
            )
            continue
        other = _with_includes(read_part(name, files[name], root), files, root, (*path, name), notes)
        lower = other if lower is None else laid_over(other, lower)
    return part if lower is None else laid_over(part, lower)


# --- What needs the whole ----------------------------------------------------------------


def _draft(whole: Part, files: Files, folder: str) -> tuple[Draft, list[Problem]]:
    head = whole.head
    languages = head.languages or ("zh",)
    phrases = {language: whole.phrases[language] for language in languages if language in whole.phrases}
    intents = {name for part in phrases.values() for name in part.intents}
    flows = {name: _with_starts(flow, intents) for name, flow in whole.flows.items()}
    slots, scope = _typed(whole, flows)
    notes = Notes(spots=whole.notes.spots)
    spoken = {
        language: {
            name: _resolved(prompt, _prompt_scope(prompt, slots, scope), notes)
            for name, prompt in whole.prompts.get(language, {}).items()
        }
        for language in languages
    }
    knowledge = {
        language: tuple(
            replace(entry, answer=_resolved(entry.answer, scope, notes))
            for entry in whole.knowledge.get(language, {}).values()
        )
        for language in languages
    }
    dialplan = Dialplan(
        line=head.line,
        place=head.place,
        title=head.title or head.line,
        numbers=head.numbers or (),
        languages=languages,
        voices={language: head.voices[language] for language in languages if language in head.voices},
        opening=head.opening or "",
        slots=slots,
        flows=flows,
        prompts=spoken,
        phrases=by_language(phrases),
        knowledge=knowledge,
        queues=whole.queues,
        types=whole.types,
        operations=whole.operations,
        limits=head.limit_values(),
        record_calls=bool(head.record_calls),
        recording_notice=head.recording_notice or "",
        checksum=_checksum(files),
    )
    draft = Draft(
        dialplan,
        folder,
        tuple(whole.notes.references),
        whole.notes.spots,
        scope,
        tuple(whole.examples),
        _allowed(files, folder.removesuffix(whole.folder)),
    )
    return draft, notes.problems


_ALLOW = re.compile(r"(?P<before>.*?)#\s*allow:\s*(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)")


def _allowed(files: Files, root: str) -> dict[tuple[str, int], frozenset[str]]:
    """Where a comment `# allow: rule` accepts a warning: on its line, or alone on the line before."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    for folder, texts in files.items():
        for path, text in texts.items():
            waiting: frozenset[str] = frozenset()
            for number, line in enumerate(text.splitlines(), start=1):
                comment = _ALLOW.match(line)
                named = frozenset(re.split(r"\s*,\s*", comment["rules"])) if comment else frozenset()
                if line.lstrip().startswith("#"):
                    waiting |= named
                elif line.strip():
                    if named | waiting:
                        found[f"{root}{folder}/{path}", number] = named | waiting
                    waiting = frozenset()
    return found


def _with_starts(flow: Flow, intents: set[str]) -> Flow:
    """A flow starts on the intent of its own name, unless it says otherwise."""
    return replace(flow, starts_on=(flow.name,)) if not flow.starts_on and flow.name in intents else flow


def _checksum(files: Files) -> str:
    digest = hashlib.sha256()
    for folder in sorted(files):
        for path in sorted(files[folder]):
            if not path.startswith("examples/"):
                digest.update(f"{folder}/{path}\0{files[folder][path]}\0".encode("utf-8", "replace"))
    return digest.hexdigest()


def _typed(whole: Part, flows: Mapping[str, Flow]) -> tuple[dict[str, Slot], Scope]:
    """Slots with their record types, and the type of every slot and fact.

    What `set:` makes may depend on what another `set:` makes, so types are worked out again
    until nothing changes; a chain of five is longer than any script needs.
    """
    slots = dict(whole.slots)
    scope = Scope({}, whole.types)
    for _ in range(6):
        facts = _facts(whole, flows, scope)
        slots = {name: _with_record(slot, facts) for name, slot in slots.items()}
        names = {**facts, **{name: of_slot(slot) for name, slot in slots.items()}}
        if names == scope.names:
            break
        scope = Scope(names, whole.types)
    return slots, scope


def _facts(whole: Part, flows: Mapping[str, Flow], scope: Scope) -> dict[str, Type]:
    found: dict[str, Type] = {}

    def add(name: str, made: Type) -> None:
        found[name] = joined(found[name], made) if name in found else made

    for flow in flows.values():
        for step in flow.steps.values():
            if isinstance(step, Do) and step.into:
                operation = whole.operations.get(step.operation)
                returns = operation.returns if operation is not None else None
                made = of_field(returns, step.operation) if returns is not None else UNKNOWN
                add(step.into, scope.known_type(made))
            elif isinstance(step, Set):
                for name, value in step.values.items():
                    add(name, typecheck.type_of(value, scope)[0])
    return found


def _with_record(slot: Slot, facts: Mapping[str, Type]) -> Slot:
    source = facts.get(slot.source)
    if slot.type == "record" and not slot.record and source is not None and source.is_record:
        return replace(slot, record=source.name)
    return slot


def _prompt_scope(prompt: Prompt, slots: Mapping[str, Slot], scope: Scope) -> Scope:
    """Names that a prompt may use: those of the script, and those the bot fills in this prompt."""
    names: dict[str, Type] = dict(PROMPT_NAMES.get(prompt.name, {}))
    offering = {slot.record or ANY for slot in slots.values() if slot.offer == prompt.name}
    if offering:
        names["option"] = Type(offering.pop()) if len(offering) == 1 else UNKNOWN
    extra = {"recap": RECAP} if prompt.name == "recap" else {}
    return replace(scope.with_names(names), extra=extra)


def _resolved(prompt: Prompt, scope: Scope, notes: Notes) -> Prompt:
    """The prompt with the spoken form of every hole."""
    return replace(
        prompt,
        variants=tuple(_resolved_variant(variant, scope, notes) for variant in prompt.variants),
        again=tuple(_resolved_variant(variant, scope, notes) for variant in prompt.again),
    )


def _resolved_variant(variant: Variant, scope: Scope, notes: Notes) -> Variant:
    parts: list[str | Hole] = []
    count = 0
    for part in variant.parts:
        if isinstance(part, Hole):
            place = notes.spots.get(
                ("hole", str(variant.place), str(count)), variant.place or Place("", 1, 1)
            )
            count += 1
            part = _resolved_hole(part, scope, place, notes)
        parts.append(part)
    return replace(variant, parts=tuple(parts))


def _resolved_hole(hole: Hole, scope: Scope, place: Place, notes: Notes) -> Hole:
    called = ".".join(hole.path)
    try:
        return prompts.resolved(hole, scope.type_of(hole.path))
    except NameProblem as problem:
        rule = "unknown-field" if problem.index else "unknown-name"
        notes.error(place, f"{{{called}}}: {problem.message}", problem.remedy, rule)
    except ValueError as error:
        message, _, remedy = str(error).partition("; ")
        notes.error(place, message, remedy, "wrong-form")
    return hole
