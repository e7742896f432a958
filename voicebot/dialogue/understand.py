"""From one caller turn to what it may mean, before the dialogue decides what to do with it.

Theory of operation. Three witnesses speak for each intent: a short phrase that counts
wherever it is said (「转人工」), the likeness of the letters and sounds to an example, and
the likeness of the meaning (a sentence vector). Sentence vectors crowd into a narrow band
where even nonsense is close to everything, so a meaning counts by how far it stands out
from the sentences that belong to no intent and from the other intents, never by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rapidfuzz import fuzz

from voicebot.dialplan.model import Dialplan, Phrases
from voicebot.events import Hearing, Vector
from voicebot.language import match, pinyin
from voicebot.language.normalise import normalise

Meaning = Callable[[str], Vector]
"""Sentence to unit vector; the same text always gives the same vector."""

CERTAIN = 0.9
LIKELY = 0.62
POSSIBLE = 0.5
SAID = 0.93
"""a phrase counts when its sounds are right; 我查一下 is not 我找一下"""
SHORTEST_CLAUSE = 3
"""characters"""
ROUGHLY_ALIKE = 70.0
"""of 100, by letters of the pinyin; a phrase that scores 0.85 in earnest is far above it"""
NEAR_TIE = 0.06
"""two intents closer than this are both put to the caller"""


@dataclass(frozen=True, slots=True)
class Guess:
    """One thing the caller may want."""

    name: str
    score: float
    """0..1"""
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
    """0..1: how much it resembles what belongs to no intent"""

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
    guesses, outside = _rank(dialplan, phrases, text, vector)
    rest = _without_lead(text, leads)
    if rest != text:
        later, _ = _rank(dialplan, phrases, rest, meaning(rest) if meaning is not None else None)
        best = {guess.name: guess for guess in sorted((*guesses, *later), key=lambda guess: guess.score)}
        guesses = tuple(sorted(best.values(), key=lambda guess: (-guess.score, guess.name)))[:6]
    clauses: list[tuple[str, tuple[Guess, ...]]] = []
    parts = _clauses(text, phrases.words.get("and", ()))
    if len(parts) > 1:
        for part in parts:
            part_vector = meaning(part) if meaning is not None else None
            clauses.append((part, _rank(dialplan, phrases, part, part_vector)[0]))
    return Understood(text, guesses, tuple(clauses), outside)


def _rank(
    dialplan: Dialplan, phrases: Phrases, text: str, vector: Vector | None
) -> tuple[tuple[Guess, ...], float]:
    if not text:
        return (), 0.0
    outside_words = max((_likeness(text, example) for example in phrases.out_of_scope), default=0.0)
    outside_sense = _closest(vector, phrases.out_of_scope_vectors)[0]
    rows: list[tuple[str, str, float, float, str]] = []
    for intent in phrases.intents.values():
        said = _says(text, intent.phrases)
        if said is not None:
            # A phrase that is said and refused ("don't put me through") speaks against the intent.
            score = 1.0 if said else 0.0
            rows.append((intent.name, "intent", score, score, "phrase"))
            continue
        words, why = _most_alike(text, intent.examples)
        sense, at = _closest(vector, intent.vectors)
        if at >= 0 and sense > 0:
            why = why if words > 0.8 else intent.examples[at]
        rows.append((intent.name, "intent", words, sense, why))
    for entry in dialplan.knowledge.get(phrases.language, ()):
        words, why = _most_alike(text, entry.questions)
        sense, _ = _closest(vector, entry.vectors)
        rows.append((entry.name, "knowledge", words, sense, why))
    senses = np.array([row[3] for row in rows if row[3] > 0] or [0.0])
    # What everything else scores is the level at which a meaning says nothing.
    floor = float(np.median(senses))
    top_other = float(np.partition(senses, -2)[-2]) if len(senses) > 1 else floor
    guesses = [
        Guess(name, _combine(words, sense, floor, max(outside_sense, 0.0), top_other), kind, why)
        for name, kind, words, sense, why in rows
    ]
    guesses.sort(key=lambda guess: (-guess.score, guess.name))
    outside = max(outside_words, 1.0 if outside_sense > float(senses.max()) + 0.005 else 0.0)
    return tuple(guesses[:6]), outside


def _combine(words: float, sense: float, floor: float, outside: float, top_other: float) -> float:
    """One score from likeness of words and standing-out of sense.

    Measured with the embedded model: the right intent stands 0.03-0.10 above the median of the
    others, nonsense less than 0.02.
    """
    if words >= 1.0 and sense >= 1.0:
        return 1.0
    if sense <= 0:
        return words
    level = max(floor, min(outside, sense))
    stands_out = (sense - level) / 0.06
    margin = (sense - top_other) / 0.04
    by_sense = float(np.clip(0.45 + 0.4 * stands_out + 0.15 * np.clip(margin, -1, 1), 0.0, 0.97))
    return max(words if words > 0.85 else 0.0, min(1.0, 0.65 * by_sense + 0.45 * words))


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


def _closest(vector: Vector | None, vectors: Sequence[Vector]) -> tuple[float, int]:
    if vector is None or not vectors:
        return 0.0, -1
    scores = np.asarray(vectors) @ vector
    at = int(np.argmax(scores))
    return float(scores[at]), at


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
