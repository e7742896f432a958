"""From one caller turn to what it may mean, before the dialogue decides what to do with it.

Theory of operation. A short phrase counts wherever it is said (「转人工」), and speaks against its
intent when it is refused (「别给我转人工」). Everything else is weighed by what the line's own
examples have taught (`intents.py`): each guess comes with the chance that it is right, and so
does "none of these". The thresholds below are therefore prices, the same for every line: how
sure one must be to act, to ask, or to let it be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rapidfuzz import fuzz

from voicebot.dialogue import background
from voicebot.dialogue.intents import Classifier, Lesson, likeness
from voicebot.dialplan.model import Dialplan, Phrases
from voicebot.events import Hearing, Vector
from voicebot.language import match, pinyin
from voicebot.language.normalise import normalise

Meaning = Callable[[str], Vector]
"""Sentence to unit vector; the same text always gives the same vector."""

CERTAIN = 0.9
"""enough to leave an open question for it"""
LIKELY = 0.45
"""enough to begin: a wrong beginning costs about as much as asking once more"""
POSSIBLE = 0.25
"""worth naming in a question"""
SAID = 0.93
"""a phrase counts when its sounds are right; 我查一下 is not 我找一下"""
FAMILIAR = 0.6
"""a background sentence this much like an example belongs to the line after all"""
SHORTEST_CLAUSE = 3
"""characters"""
ROUGHLY_ALIKE = 70.0
"""of 100, by letters of the pinyin; a phrase that scores 0.85 in earnest is far above it"""
NEAR_TIE = 0.2
"""two intents closer than this are both put to the caller, when neither is likely enough"""
SPOKEN = 0.95
"""least score of an intent whose phrase was said"""
REFUSED_SHARE = 0.1
"""what is left of a chance when the sentence refuses just that"""


@dataclass(frozen=True, slots=True)
class Guess:
    """One thing the caller may want."""

    name: str
    score: float
    """the chance that this is meant, 0..1"""
    kind: str = "intent"
    """intent · knowledge"""
    why: str = ""
    """the example that spoke for it"""


@dataclass(frozen=True, slots=True)
class Understood:
    """One turn, read."""

    text: str
    """normalised"""
    guesses: tuple[Guess, ...]
    """best first"""
    clauses: tuple[tuple[str, tuple[Guess, ...]], ...] = ()
    """the parts of a sentence that asks for several things, each with its guesses"""
    out_of_scope: float = 0.0
    """the chance that nothing this line knows is meant, 0..1"""

    @property
    def best(self) -> Guess | None:
        return self.guesses[0] if self.guesses else None


def read(
    dialplan: Dialplan,
    language: str,
    hearing: Hearing,
    meaning: Meaning | None,
    *,
    fillers: bool = True,
    leads: Sequence[str] = (),
) -> Understood:
    """Read one hearing against everything this line knows.

    leads: words that answer the open question, such as "no"; what follows one is read by itself,
        for the recogniser leaves out the pause in "no, I want my money back".
    """
    phrases = dialplan.phrases.get(language) or dialplan.phrases[dialplan.languages[0]]
    text = normalise(
        hearing.text,
        corrections=phrases.corrections,
        fillers=phrases.words.get("filler", ()) if fillers else (),
    )
    vector = hearing.vector
    if vector is None and meaning is not None and text:
        vector = meaning(text)
    known = learnt(dialplan, phrases.language, meaning)
    guesses, outside = _rank(known, phrases, text, vector)
    rest = _without_lead(text, leads)
    if rest != text:
        later, _ = _rank(known, phrases, rest, meaning(rest) if meaning is not None else None)
        best = {guess.name: guess for guess in sorted((*guesses, *later), key=lambda guess: guess.score)}
        guesses = tuple(sorted(best.values(), key=lambda guess: (-guess.score, guess.name)))[:6]
    clauses: list[tuple[str, tuple[Guess, ...]]] = []
    parts = _clauses(text, phrases.words.get("and", ()))
    if len(parts) > 1:
        for part in parts:
            part_vector = meaning(part) if meaning is not None else None
            clauses.append((part, _rank(known, phrases, part, part_vector)[0]))
    return Understood(text, guesses, tuple(clauses), outside)


def learn(dialplan: Dialplan, meaning: Meaning | None) -> None:
    """Learn all languages of a line now, so that no caller waits for it."""
    for language in dialplan.phrases:
        learnt(dialplan, language, meaning)


def learnt(dialplan: Dialplan, language: str, meaning: Meaning | None) -> Classifier:
    """What a line has taught; learnt once for each dialplan object.

    One that was learnt with meanings also serves those who ask without.
    """
    key = (id(dialplan), language)
    kept = _KEPT.get(key)
    if kept is not None and (kept[1] or meaning is None):
        return kept[2]
    found = Classifier(lessons(dialplan, language, meaning))
    while len(_KEPT) >= MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    # The dialplan is kept with it: as long as it lives, no other can have its id.
    _KEPT[key] = (dialplan, meaning is not None, found)
    return found


_KEPT: dict[tuple[int, str], tuple[Dialplan, bool, Classifier]] = {}
MOST_KEPT = 64
"""lines x languages; the oldest is learnt again when asked for"""


def lessons(dialplan: Dialplan, language: str, meaning: Meaning | None) -> list[Lesson]:
    """Intents, knowledge and, last, what belongs to neither.

    Phrases and the general background have no meanings in the dialplan: they are given one here, or
    are left out where there is none to be had and the examples have theirs.
    """
    phrases = dialplan.phrases[language]
    entries = dialplan.knowledge.get(language, ())
    has_vectors = any(intent.vectors for intent in phrases.intents.values()) or any(
        entry.vectors for entry in entries
    )

    def more(texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[Vector, ...]]:
        if not has_vectors:
            return tuple(texts), ()
        return ((), ()) if meaning is None else (tuple(texts), tuple(meaning(text) for text in texts))

    out: list[Lesson] = []
    for intent in phrases.intents.values():
        texts, vectors = more([phrase for phrase in intent.phrases if phrase not in intent.examples])
        out.append(
            Lesson(
                intent.name, "intent", intent.examples + texts, intent.vectors + vectors, len(intent.examples)
            )
        )
    out += [Lesson(one.name, "knowledge", one.questions, one.vectors, len(one.questions)) for one in entries]
    texts, vectors = more(_foreign(background.SENTENCES.get(language, ()), out))
    outside, outside_vectors = phrases.out_of_scope, phrases.out_of_scope_vectors
    out.append(Lesson("", "outside", outside + texts, outside_vectors + vectors, len(outside) + len(texts)))
    return [one for one in out if one.examples or one.kind == "outside"]


def _foreign(sentences: Sequence[str], taught: Sequence[Lesson]) -> list[str]:
    """Of the general background, what this line does not deal with."""
    known = [example for one in taught for example in one.examples]
    if not known or not sentences:
        return list(sentences)
    nearest = likeness(sentences, known).max(axis=1)
    return [text for text, near in zip(sentences, nearest, strict=True) if near < FAMILIAR]


def _rank(
    known: Classifier, phrases: Phrases, text: str, vector: Vector | None
) -> tuple[tuple[Guess, ...], float]:
    if not text:
        return (), 0.0
    verdict = known.read(text, vector)
    outside = float(verdict.chances[-1])
    spoken = {name: _says(text, intent.phrases) for name, intent in phrases.intents.items() if intent.phrases}
    asked = int(np.argmax(verdict.chances[:-1])) if len(verdict.chances) > 1 else -1
    if asked >= 0 and known.lessons[asked].kind == "knowledge" and verdict.chances[asked] >= CERTAIN:
        # 「人工服务几点到几点」 asks about the phrase; it does not ask for it.
        spoken = {}
    is_spoken = any(spoken.values())
    guesses: list[Guess] = []
    for at, lesson in enumerate(known.lessons[:-1]):
        score, why = float(verdict.chances[at]), known.examples[int(verdict.nearest[at])]
        said = spoken.get(lesson.name) if lesson.kind == "intent" else None
        if said:
            score, why = SPOKEN + (1.0 - SPOKEN) * score, "phrase"
        elif said is False:
            score, why = 0.0, "phrase"
        elif refuses(text, lesson.examples):
            score *= REFUSED_SHARE
        elif is_spoken:
            score *= 1.0 - SPOKEN
        guesses.append(Guess(lesson.name, score, lesson.kind, why))
    guesses.sort(key=lambda guess: (-guess.score, guess.name))
    return tuple(guesses[:6]), 0.0 if is_spoken else outside


_REFUSAL = re.compile(
    r"(?<![怎么为什凭能可是行好要会])(?:不|别|甭|莫)(?:想|要|用|再|需要|打算|必|准备)?(?:再)?"
    r"(?:给我|帮我|帮我办|办理?|申请|去)?(?P<zh>[一-鿿]{1,2})|"
    r"\b(?:don't|do not|no longer)(?: (?:want|need|wish|to|a|an|the|any|my|you|me|please))* (?P<en>[a-z]+)"
)
_A_NOT_A = re.compile(r"(.)[不没](?=\1)")
"""安不安全, 能不能: a question that refuses nothing"""
_ASKS_WHY = re.compile(r"怎么|为什么|为啥|凭什么|why|吗$|么$")


def refuses(text: str, examples: Sequence[str]) -> bool:
    """Does the sentence say no to just what these examples ask for?

    「我不退了」 is no request for a refund, 「怎么还不退」 is one. Only the verb behind the no counts, and
    only when most of the examples have it and say it without a no.
    """
    if _ASKS_WHY.search(text):
        return False
    for found in _REFUSAL.finditer(_A_NOT_A.sub("", text)):
        word = (found["zh"] or found["en"] or "")[: None if found["en"] else 1]
        if word in _EMPTY_WORDS:
            continue
        wanting = sum(word in example for example in examples)
        refused = sum(bool(_REFUSAL.search(example)) for example in examples)
        if 2 * wanting >= len(examples) and 2 * refused < len(examples):
            return True
    return False


_EMPTY_WORDS = frozenset("了的吗是到好行会能可得对起过同够我你您给想要有太出in on it that")


@lru_cache(maxsize=20_000)
def _prepared(example: str) -> tuple[str, tuple[str, ...]]:
    plain = normalise(example)
    return plain, pinyin.syllables(plain)


def _most_alike(text: str, examples: Sequence[str]) -> tuple[float, str]:
    best, why = 0.0, ""
    for example in examples:
        score = _likeness(text, example)
        if score > best:
            best, why = score, example
    return best, why


def _likeness(text: str, example: str) -> float:
    """0..1 by letters and by sound: a misheard character that sounds right costs little."""
    plain, syllables = _prepared(example)
    if not plain:
        return 0.0
    mine = _prepared(text)[1]
    letters = fuzz.ratio(text, plain) / 100
    sounds = fuzz.ratio(mine, syllables) / 100
    return float(max(letters, 0.97 * sounds))


def _says(text: str, phrases: Sequence[str]) -> bool | None:
    """Is one of these in the sentence? None when not, False when it is there and refused.

    Sounds are compared roughly first: alignment costs more.
    """
    sounds = " ".join(_prepared(text)[1])
    near = [
        phrase
        for phrase in phrases
        if fuzz.partial_ratio(" ".join(_prepared(phrase)[1]), sounds) >= ROUGHLY_ALIKE
    ]
    if not near:
        return None
    found = match.best(text, {"it": tuple(near)})
    if found.value is not None:
        return True if found.score >= SAID else None
    return False if any(phrase in text for phrase in near) else None


def says(text: str, phrases: Sequence[str]) -> bool:
    """Is one of these wordings in the sentence, and not denied?"""
    return bool(_says(text, phrases))


def is_only(text: str, phrases: Sequence[str]) -> bool:
    """Is the whole sentence one or more of these wordings, and nothing else?"""
    rest = text.replace(" ", "")
    for phrase in sorted(phrases, key=len, reverse=True):
        rest = rest.replace(phrase.replace(" ", ""), "")
    return not rest and bool(text.strip())


def _without_lead(text: str, leads: Sequence[str]) -> str:
    """The sentence without the yes or no it begins with, when enough is left to mean something."""
    for lead in sorted(leads, key=len, reverse=True):
        rest = text.removeprefix(lead).strip()
        if rest != text and len(rest.replace(" ", "")) >= SHORTEST_CLAUSE:
            return rest
    return text


def _clauses(text: str, joiners: Sequence[str]) -> list[str]:
    """Cut a sentence where callers join two requests: pauses and 「顺便」, 「还有」, "and also"."""
    if not joiners:
        return [text]
    pattern = "|".join(re.escape(joiner) for joiner in sorted(joiners, key=len, reverse=True))
    parts = [part.strip() for part in re.split(rf"(?:{pattern})", text) if part.strip()]
    out: list[str] = []
    for part in parts:
        out.extend(piece for piece in part.split("  ") if piece)
    return [part for part in out if len(part.replace(" ", "")) >= SHORTEST_CLAUSE][:4]


def alias_names(mapping: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Plain copy with tuples, for `match.best`."""
    return {name: tuple(sayings) for name, sayings in mapping.items()}


def likeness_to(text: str, sayings: Sequence[str]) -> float:
    """0..1: how alike the sentence is to the nearest of these."""
    return _most_alike(text, sayings)[0]


_ORDINALS = (
    re.compile(r"第一|前面|前一个|\bfirst\b|^一$|^1$"),
    re.compile(r"第二|后面|后一个|\bsecond\b|^二$|^2$"),
    re.compile(r"第三|\bthird\b|^三$|^3$"),
    re.compile(r"第四|\bfourth\b|^四$|^4$"),
)


def nth(text: str, count: int) -> int | None:
    """Index of the option an ordinal names, or None."""
    for at, pattern in enumerate(_ORDINALS[:count]):
        if pattern.search(text):
            return at
    return None
