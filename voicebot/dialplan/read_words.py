"""prompts, phrases and knowledge of one language: what the bot says and what callers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.dialplan import prompts
from voicebot.dialplan.model import MOODS, Hole, Intent, Knowledge, Phrases, Prompt, Variant
from voicebot.dialplan.reading import Notes, Reader, check_name
from voicebot.dialplan.yamltree import List, Map, Node, Scalar

PROMPT_KEYS = ("say", *MOODS, "again", "interruptible")
PHRASES_KEYS = ("hints", "corrections", "words", "intents", "choices", "out_of_scope")


# --- Prompts ---------------------------------------------------------------------------


def read_prompts(root: Node | None, language: str, notes: Notes) -> dict[str, Prompt]:
    """Prompts of one prompts.<lang>.yaml; the forms of their holes are not resolved yet."""
    reader = Reader(notes, ("prompts", language), f"prompts.{language}.yaml")
    found: dict[str, Prompt] = {}
    for key, node in reader.entries(root, reader.by):
        check_name(reader, key, "a prompt")
        own = reader.within("prompt", language, key.text, by=f'prompt "{key.text}"')
        found[key.text] = _prompt(key, node, language, own)
    return found


def _prompt(key: Scalar, node: Node, language: str, reader: Reader) -> Prompt:
    again: tuple[Variant, ...] = ()
    is_interruptible = True
    if isinstance(node, Map) and not _is_hole(node):
        reader.keys(node, PROMPT_KEYS, reader.by)
        variants: tuple[Variant, ...] = ()
        for section in ("say", *MOODS):
            variants += _variants(node.get(section), "" if section == "say" else section, reader)
        again = _variants(node.get("again"), "", reader)
        is_interruptible = reader.flag(node.get("interruptible"), "interruptible", True)
    else:
        variants = _variants(node, "", reader)
    return Prompt(key.text, key.place, language, variants, again, is_interruptible)


def _is_hole(node: Map) -> bool:
    """`{value}` without quotes reads as a mapping with one empty entry."""
    return all(isinstance(value, Scalar) and value.is_empty for _, value in node.entries)


def _variants(node: Node | None, mood: str, reader: Reader) -> tuple[Variant, ...]:
    found: list[Variant] = []
    for scalar in reader.scalars(node, reader.by):
        try:
            template = prompts.parse(scalar.text)
        except prompts.TemplateProblem as problem:
            reader.error(scalar.inside(problem.offset), problem.message, problem.remedy, "bad-hole")
            found.append(Variant(("",), mood, scalar.place))
            continue
        for index, offset in enumerate(template.offsets):
            reader.notes.spots[("hole", str(scalar.place), str(index))] = scalar.inside(offset)
        if not scalar.text.strip():
            reader.error(
                scalar,
                f"{reader.by} has an empty wording",
                "write what is said, or delete it",
                "empty-prompt",
            )
            continue
        found.append(Variant(template.parts, mood, scalar.place))
    return tuple(found)


def holes(variant: Variant) -> tuple[Hole, ...]:
    """The holes of a wording, in order."""
    return tuple(part for part in variant.parts if isinstance(part, Hole))


# --- Phrases ---------------------------------------------------------------------------


@dataclass(slots=True)
class PhrasesPart:
    """What one phrases.<lang>.yaml adds; merged into `Phrases` later."""

    language: str
    intents: dict[str, Intent] = field(default_factory=dict)
    choices: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    corrections: dict[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    out_of_scope: tuple[str, ...] = ()

    def over(self, other: PhrasesPart) -> PhrasesPart:
        """These phrases on top of others: entries of the same name win, lists are joined."""
        return PhrasesPart(
            self.language,
            {**other.intents, **self.intents},
            {**other.choices, **self.choices},
            {
                name: _joined(other.words.get(name, ()), self.words.get(name, ()))
                for name in {**other.words, **self.words}
            },
            {**other.corrections, **self.corrections},
            _joined(other.hints, self.hints),
            _joined(other.out_of_scope, self.out_of_scope),
        )

    def finished(self) -> Phrases:
        return Phrases(
            self.language,
            self.intents,
            self.choices,
            self.words,
            self.corrections,
            self.hints,
            self.out_of_scope,
        )


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def read_phrases(root: Node | None, language: str, notes: Notes) -> PhrasesPart:
    """One phrases.<lang>.yaml."""
    reader = Reader(notes, ("phrases", language), f"phrases.{language}.yaml")
    part = PhrasesPart(language)
    top = reader.mapping(root, reader.by)
    if top is None:
        return part
    reader.keys(top, PHRASES_KEYS, reader.by)
    part.hints = reader.texts(top.get("hints"), "hints")
    part.out_of_scope = reader.texts(top.get("out_of_scope"), "out_of_scope")
    for key, node in reader.entries(top.get("corrections"), "corrections"):
        part.corrections[key.text] = reader.text(node, f'correction of "{key.text}"')
    for key, node in reader.entries(top.get("words"), "words"):
        part.words[key.text] = _sayings(node, reader, f'words "{key.text}"')
    for key, node in reader.entries(top.get("intents"), "intents"):
        own = reader.within("intent", language, key.text, by=f'intent "{key.text}"')
        check_name(own, key, "an intent")
        part.intents[key.text] = _intent(key, node, own)
    for key, node in reader.entries(top.get("choices"), "choices"):
        own = reader.within("choices", language, key.text, by=f'choices "{key.text}"')
        notes.spots[own.owner] = key.place
        part.choices[key.text] = _choices(node, own)
    return part


def _intent(key: Scalar, node: Node, reader: Reader) -> Intent:
    if isinstance(node, Map):
        reader.keys(node, ("examples", "phrases"), reader.by)
        examples = _sayings(node.get("examples"), reader, reader.by)
        phrases = _sayings(node.get("phrases"), reader, reader.by)
        return Intent(key.text, key.place, examples, phrases)
    return Intent(key.text, key.place, _sayings(node, reader, reader.by))


def _choices(node: Node, reader: Reader) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, wordings in reader.entries(node, reader.by):
        reader.notes.spots[(*reader.owner, key.text)] = key.place
        found[key.text] = _sayings(wordings, reader, f'{reader.by}, "{key.text}"')
    return found


def _sayings(node: Node | None, reader: Reader, what: str) -> tuple[str, ...]:
    """A list of things people say; each once."""
    seen: set[str] = set()
    found: list[str] = []
    for scalar in reader.scalars(node, what):
        text = " ".join(scalar.text.split())
        if text in seen:
            reader.notes.warning(
                scalar.place, f'{what}: "{text}" stands here twice', "delete one of them", "duplicate-saying"
            )
            continue
        if isinstance(node, List) and node.is_flow and scalar.is_plain and ("，" in text or "、" in text):
            reader.notes.warning(
                scalar.place,
                f"{what}: one entry of the list holds a Chinese comma",
                "separate entries by the comma of the Latin keyboard, or put the sentence in quotes",
                "full-width-comma",
            )
        seen.add(text)
        if text:
            found.append(text)
    return tuple(found)


# --- Knowledge -------------------------------------------------------------------------


def read_knowledge(root: Node | None, language: str, notes: Notes) -> dict[str, Knowledge]:
    """One knowledge.<lang>.yaml."""
    reader = Reader(notes, ("knowledge", language), f"knowledge.{language}.yaml")
    found: dict[str, Knowledge] = {}
    for key, node in reader.entries(root, reader.by):
        own = reader.within("knowledge", language, key.text, by=f'knowledge "{key.text}"')
        body = own.mapping(node, own.by)
        if body is None:
            continue
        own.keys(body, ("questions", "answer"), own.by)
        answer = body.get("answer")
        if answer is None:
            own.error(key, f"{own.by} has no answer", "write answer: what the bot says", "missing-key")
        found[key.text] = Knowledge(
            key.text,
            key.place,
            _sayings(body.get("questions"), own, own.by),
            _prompt(Scalar(key.place, key.text), answer or Scalar(key.place, ""), language, own),
        )
    return found


def by_language(parts: Mapping[str, PhrasesPart]) -> dict[str, Phrases]:
    """Finished phrases of every language."""
    return {language: part.finished() for language, part in parts.items()}
