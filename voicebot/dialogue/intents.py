"""Which of a line's intents does a sentence mean, and how likely is that? Learnt when a line is loaded.

Theory of operation. Three kinds of likeness are taken between a sentence and every example: of the
meaning (sentence vectors), of the letters and of the sounds. Sentence vectors crowd together, so
the mean of all examples is taken away first. A kernel ridge regression over the three says
how much a sentence resembles a whole intent rather than one example. Then a conditional logit
weighs its answer with the nearest example of each witness and turns them into
probabilities that sum to one over all intents, knowledge entries and "none of these".

Nothing is tuned by hand for a line: the weights are fitted on how each example is
read by a model that has never seen it (leave-one-out, which ridge regression gives in closed
form), and on out-of-scope sentences in the same way. A weak prior, measured over several lines,
carries a line with few examples. Learning is deterministic: the same line gives the same numbers.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from voicebot.events import Vector
from voicebot.language import pinyin
from voicebot.language.normalise import normalise

Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]

GRAMS = 2048
"""columns of hashed pieces; collisions cost less than a line's own vocabulary would"""
STEM = 4
"""letters of a Latin word that stand for all its forms"""
MEANING_SHARE = 0.7
"""of the kernel; letters and sounds share the rest"""
RIDGE = 0.25
RIVALS = 32
"""lessons weighed against one another while learning"""
OUTSIDE_CHANCE = 0.2
"""share of sentences that belong to no intent; weighs both kinds of mistake"""
STEPS = 25
PRIOR_STRENGTH = 0.02

_POLITE = re.compile(
    r"^(?:(?:你好|您好|喂|请问一下|请问|麻烦你|麻烦您|麻烦|劳驾|不好意思|那个|那|我想问一下|我想问问|想问一下|"
    r"我想咨询一下|咨询一下|问一下|拜托)\s*)+|"
    r"(?:\s*(?:谢谢你|谢谢您|谢谢啊|谢谢|好吗|行吗|可以吗|好不好|行不行|吧|啊|呀|呢|哦|哈|啦|嘛|哎|喽|呗|哟|嘞))+$|"
    r"^(?:(?:hello|hi|hey|please|sorry|excuse me|well|so|okay|ok|um)\s+)+|"
    r"(?:\s+(?:please|thanks|thank you))+$"
)


def bare(text: str) -> str:
    """The sentence without greeting, thanks and particles, unless nothing else was said.

    >>> bare("麻烦帮我查一下物流谢谢")
    '帮我查一下物流'
    """
    rest = _POLITE.sub("", text).strip()
    return rest or text


@lru_cache(maxsize=20_000)
def _pieces(text: str) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """(letters, sounds as one character each, pieces of the writing, pieces of the sound)."""
    plain = bare(normalise(text))
    tokens = pinyin.tokens(plain)
    written = [token.text for token in tokens]
    heard = [token.sound for token in tokens]
    sounds = "".join(_as_character(sound) for sound in heard)
    stems = [word[:STEM] for word in written if word.isascii() and len(word) > STEM]
    return (
        plain.replace(" ", "") if any(not word.isascii() for word in written) else plain,
        sounds,
        (*written, *(a + " " + b for a, b in pairwise(written)), *stems),
        (*heard, *(a + " " + b for a, b in pairwise(heard))),
    )


def likeness(texts: Sequence[str], others: Sequence[str]) -> Matrix:
    """0..1 for each pair: how much of the letters or of the sounds agree."""
    left, right = [_pieces(text) for text in texts], [_pieces(text) for text in others]
    return _alike(
        [one[0] for one in left],
        [one[1] for one in left],
        [one[0] for one in right],
        [one[1] for one in right],
    )


def _as_character(sound: str) -> str:
    """One character for one syllable, so that strings of syllables compare at the speed of text."""
    return chr(0x10000 + zlib.crc32(sound.encode()) % 0xF0000)


def _hashed(pieces: Sequence[Sequence[str]], weights: Floats | None) -> tuple[Matrix, Floats]:
    """Unit rows of weighted pieces; weights None: learn them, rare pieces say more."""
    counts = np.zeros((len(pieces), GRAMS), dtype=np.float32)
    for row, each in enumerate(pieces):
        for piece in each:
            counts[row, zlib.crc32(piece.encode()) % GRAMS] = 1.0
    if weights is None:
        weights = np.log((1.0 + len(pieces)) / (1.0 + counts.sum(axis=0))) + 0.3
    rows = counts * weights.astype(np.float32)
    return _unit(rows), weights


def _unit(rows: Matrix) -> Matrix:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: Matrix = (rows / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit


@dataclass(frozen=True, slots=True)
class Lesson:
    """One intent, knowledge entry, or (as the last) everything that is none of them."""

    name: str
    kind: str
    """intent · knowledge · outside"""
    examples: tuple[str, ...]
    vectors: tuple[Vector, ...] = ()
    taught: int = 0
    """so many of the examples, the first, are whole sentences to learn from; the rest are only compared"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one sentence may mean."""

    chances: Floats
    """one per lesson; sums to 1, the last is "none of these" """
    nearest: NDArray[np.intp]
    """index of the example that spoke for each lesson"""


class Classifier:
    """Learnt from one language of one line. Holds arrays only; shared by all calls, never changed."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        """lessons: the last one is "none of these". Vectors count only when every example has one."""
        self.lessons = tuple(lessons)
        self.examples = tuple(text for lesson in lessons for text in lesson.examples)
        self._owner = np.array([at for at, lesson in enumerate(lessons) for _ in lesson.examples], dtype=int)
        self.is_taught = np.array(
            [at < lesson.taught for lesson in lessons for at in range(len(lesson.examples))], dtype=bool
        )
        """short phrases resemble one another too much to tell how a sentence will fare"""
        self._starts = np.searchsorted(self._owner, np.arange(len(lessons)))
        pieces = [_pieces(text) for text in self.examples]
        self._letters = [piece[0] for piece in pieces]
        self._sounds = [piece[1] for piece in pieces]
        self._written, self._written_weights = _hashed([piece[2] for piece in pieces], None)
        self._heard, self._heard_weights = _hashed([piece[3] for piece in pieces], None)
        self.has_meaning = bool(self.examples) and all(
            len(lesson.vectors) == len(lesson.examples) for lesson in lessons
        )
        vectors = [vector for lesson in lessons for vector in lesson.vectors]
        self._centre: Matrix = np.zeros(0, dtype=np.float32)
        self._meanings: Matrix = np.zeros((0, 0), dtype=np.float32)
        if self.has_meaning:
            raw = np.asarray(vectors, dtype=np.float32)
            self._centre = raw.mean(axis=0)
            self._meanings = _unit(raw - self._centre)
        self._by_words = self._learn(with_meaning=False)
        self._by_all = self._learn(with_meaning=True) if self.has_meaning else self._by_words

    def read(self, text: str, vector: Vector | None) -> Verdict:
        """Weigh one sentence. text: normalised; vector: its meaning, or None."""
        piece = _pieces(text)
        written = _hashed([piece[2]], self._written_weights)[0]
        heard = _hashed([piece[3]], self._heard_weights)[0]
        alike = _alike([piece[0]], [piece[1]], self._letters, self._sounds)
        meaning: Matrix | None = None
        learnt = self._by_words
        if self.has_meaning and vector is not None:
            learnt = self._by_all
            meaning = _unit(np.asarray(vector, dtype=np.float32)[None] - self._centre) @ self._meanings.T
        by_pieces = np.float32(0.5) * (written @ self._written.T + heard @ self._heard.T)
        kernel = _kernel(by_pieces, meaning)
        scores = kernel @ learnt.answers + learnt.offset
        features, nearest = self._features(scores, by_pieces, alike, meaning)
        chances = _chances(features, learnt.weights)[0]
        return Verdict(chances, nearest[0])

    def left_out(self, *, with_meaning: bool | None = None) -> Floats:
        """Chances of every example as read by a model that has not seen it: (examples, lessons)."""
        use = self.has_meaning if with_meaning is None else with_meaning and self.has_meaning
        learnt = self._by_all if use else self._by_words
        chances: Floats = _chances(self._unseen_features(learnt, use), learnt.weights)
        return chances

    @property
    def owners(self) -> NDArray[np.intp]:
        """Index of the lesson each example belongs to."""
        return self._owner

    # --- learning -------------------------------------------------------------------------

    def _learn(self, *, with_meaning: bool) -> _Learnt:
        count, classes = len(self.examples), len(self.lessons)
        kernel = _kernel(self._by_pieces(), self._meanings @ self._meanings.T if with_meaning else None)
        wanted = np.zeros((count, classes), dtype=np.float32)
        wanted[np.arange(count), self._owner] = 1.0
        offset = np.full(classes, 0.0, dtype=np.float32)
        inverse = np.linalg.inv(kernel + np.float32(RIDGE) * np.eye(count, dtype=np.float32))
        answers = (inverse @ (wanted - offset)).astype(np.float32)
        # A known identity of ridge regression: the answer for a row that was left out.
        unseen = (wanted - answers / np.diag(inverse)[:, None]).astype(np.float32)
        draft = _Learnt(answers, offset, unseen, np.array(PRIOR_BY_ALL if with_meaning else PRIOR_BY_WORDS))
        features = self._unseen_features(draft, with_meaning)
        weights = _fit(*_rivals(features[self.is_taught], self._owner[self.is_taught]), draft.weights)
        return _Learnt(answers, offset, unseen, weights)

    def _by_pieces(self) -> Matrix:
        product: Matrix = np.float32(0.5) * (self._written @ self._written.T + self._heard @ self._heard.T)
        return product

    def _unseen_features(self, learnt: _Learnt, with_meaning: bool) -> Floats:
        """Features of every example with itself left out."""
        by_pieces = self._by_pieces()
        alike = _alike(self._letters, self._sounds, self._letters, self._sounds)
        meaning = self._meanings @ self._meanings.T if with_meaning else None
        for square in (by_pieces, alike, *(() if meaning is None else (meaning,))):
            np.fill_diagonal(square, 0.0)
        return self._features(learnt.unseen, by_pieces, alike, meaning)[0]

    def _features(
        self, scores: Matrix, by_pieces: Matrix, alike: Matrix, meaning: Matrix | None
    ) -> tuple[Floats, NDArray[np.intp]]:
        """(sentences, lessons, features) and the nearest example of each lesson."""
        best = by_pieces if meaning is None else np.float32(0.5) * (alike + meaning)
        columns = [scores, self._highest(by_pieces), self._highest(alike)]
        if meaning is not None:
            columns.append(self._highest(meaning))
        own = np.stack(columns, axis=2).astype(np.float64)
        outside = np.zeros((*own.shape[:2], own.shape[2] + 1))
        outside[:, -1, :-1] = own[:, -1]
        outside[:, -1, -1] = 1.0
        own[:, -1] = 0.0
        nearest = np.stack(
            [
                start + np.argmax(best[:, start:end], axis=1)
                for start, end in zip(self._starts, [*self._starts[1:], best.shape[1]], strict=True)
            ],
            axis=1,
        )
        return np.concatenate([own, outside], axis=2), nearest

    def _highest(self, alike: Matrix) -> Matrix:
        highest: Matrix = np.maximum.reduceat(alike, self._starts, axis=1)
        return highest


@dataclass(frozen=True, slots=True)
class _Learnt:
    answers: Matrix
    """(examples, lessons): ridge regression in its dual form"""
    offset: Matrix
    unseen: Matrix
    """(examples, lessons): what the regression says of each example without having seen it"""
    weights: Floats


PRIOR_BY_WORDS = (5.0, 3.0, 3.0, 5.0, 3.0, 3.0, 1.0)
PRIOR_BY_ALL = (5.0, 2.0, 2.0, 3.0, 5.0, 2.0, 2.0, 3.0, 1.0)


def _kernel(by_pieces: Matrix, meaning: Matrix | None) -> Matrix:
    if meaning is None:
        return by_pieces
    kernel: Matrix = np.float32(MEANING_SHARE) * meaning + np.float32(1 - MEANING_SHARE) * by_pieces
    return kernel


def _alike(
    letters: Sequence[str], sounds: Sequence[str], other_letters: Sequence[str], other_sounds: Sequence[str]
) -> Matrix:
    """Share of letters or of syllables that agree in order, 0..1; another writing costs a little."""
    by_letters = process.cdist(letters, other_letters, scorer=fuzz.ratio, dtype=np.float32)
    by_sounds = process.cdist(sounds, other_sounds, scorer=fuzz.ratio, dtype=np.float32)
    alike: Matrix = np.maximum(by_letters, np.float32(0.97) * by_sounds) / np.float32(100)
    return alike


def _chances(features: Floats, weights: Floats) -> Floats:
    logits = features @ weights
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    chances: Floats = odds / odds.sum(axis=1, keepdims=True)
    return chances


def _rivals(features: Floats, owner: NDArray[np.intp]) -> tuple[Floats, NDArray[np.intp]]:
    """The same with only the likeliest lessons of each row, its own and the last: the rest weigh nothing."""
    count, lessons = features.shape[:2]
    if lessons <= RIVALS:
        return features, owner
    rows = np.arange(count)
    promise = features[:, :, : features.shape[2] // 2].sum(axis=2)
    promise[rows, owner] = np.inf
    promise[:, -1] = -np.inf
    chosen = np.argpartition(-promise, RIVALS - 1, axis=1)[:, : RIVALS - 1]
    is_outside = owner == lessons - 1
    place = np.where(is_outside, RIVALS - 1, (chosen == owner[:, None]).argmax(axis=1))
    last = np.full((count, 1), lessons - 1)
    return features[rows[:, None], np.concatenate([chosen, last], axis=1)], place


def _fit(features: Floats, owner: NDArray[np.intp], prior: Floats) -> Floats:
    """Weights of the conditional logit: Newton's method on the likelihood, pulled to the prior."""
    outside = features.shape[1] - 1
    is_outside = owner == outside
    share = np.where(
        is_outside,
        OUTSIDE_CHANCE / max(1, int(is_outside.sum())),
        (1 - OUTSIDE_CHANCE) / max(1, int((~is_outside).sum())),
    )
    weights = prior.copy()
    rows = np.arange(len(owner))
    pull = PRIOR_STRENGTH / np.maximum(np.abs(prior), 1.0) ** 2
    for _ in range(STEPS):
        chances = _chances(features, weights)
        mean = np.einsum("nc,ncp->np", chances, features)
        slope = ((features[rows, owner] - mean) * share[:, None]).sum(axis=0) - pull * (weights - prior)
        second = np.einsum("nc,ncp,ncq->pq", chances * share[:, None], features, features)
        second -= (mean * share[:, None]).T @ mean
        step = np.linalg.solve(second + np.diag(pull), slope)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-4:
            break
    return weights
