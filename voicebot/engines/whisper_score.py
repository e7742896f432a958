"""Let the audio choose among what the caller may have said.

Theory of operation. The probability that Whisper's decoder gives a text, end of text
included, says how well the text fits the audio. It is computed for every candidate in all its
writings and for the free reading. Between candidates the larger wins, however badly both were
heard. Against the free reading a candidate must not lose too much for each character: else
the caller said something else. How much is too much follows the noise: in noise the free
reading is itself wrong, and adapts to the noise as no candidate can.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.engines.sayings import (
    PIECE,
    TRIM,
    FreeReading,
    Writing,
    carried,
    digits_in,
    nearest,
    writings,
)
from voicebot.engines.whisper_decoder import Floats, Tree
from voicebot.engines.whisper_model import WhisperModel
from voicebot.events import Candidate, Ranked

MOST_CANDIDATES = 24
"""scored against the audio; the rest is pruned by sound, which is 10 ms against 300"""
PROMISING = 6
"""sayings tried again with small words around them"""
SHORTLIST = 200
"""most likely tokens kept after each token of the free reading: they hold nearly all probability"""
SURE_MARGIN = 10.0
"""log-probability ahead of nobody"""
ENDS = ("。", ".", "!", "?", "！", "？")
"""a text may end with one of these as well as with the end token"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the audio says about the candidates."""

    ranked: tuple[Ranked, ...]
    best: str | None
    confidence: float


class Scorer:
    """Scores texts against one utterance. Owned by one thread, for one utterance."""

    def __init__(self, model: WhisperModel, tree: Tree, root: int, free_text: str) -> None:
        self._model = model
        self._tree = tree
        self._root = root
        self._ends = sorted({model.end, *(model.tokens(mark)[0] for mark in ENDS)})
        self.free_text = free_text.strip(TRIM)
        tokens = model.tokens(self.free_text)
        log_probs = tree.follow(root, [tokens])[0]
        self.free = self._total(tokens, log_probs, None)
        """log probability of the free reading, end included"""
        likely = np.argpartition(log_probs, -SHORTLIST, axis=1)[:, -SHORTLIST:]
        self._shortlist: NDArray[np.intp] = np.union1d(likely.ravel(), np.asarray(self._ends)).astype(np.intp)

    def scores(self, texts: Sequence[str]) -> list[float]:
        """Log probability of each text, end included."""
        if not texts:
            return []
        encoded = [self._model.tokens(text.strip(TRIM)) for text in texts]
        used = {token for text in encoded for token in text}
        among = np.union1d(self._shortlist, np.fromiter(used, dtype=np.intp, count=len(used)))
        rows = self._tree.follow(self._root, encoded, among=among)
        return [self._total(tokens, row, among) for tokens, row in zip(encoded, rows, strict=True)]

    def _total(self, tokens: Sequence[int], rows: Floats, among: NDArray[np.intp] | None) -> float:
        """rows: log-probabilities after the trunk and after each token, shape (tokens + 1, columns)."""
        wanted = np.asarray(tokens, dtype=np.intp)
        ends = np.asarray(self._ends, dtype=np.intp)
        if among is not None:
            wanted, ends = np.searchsorted(among, wanted), np.searchsorted(among, ends)
        inside = float(rows[np.arange(len(tokens)), wanted].sum())
        return inside + float(np.logaddexp.reduce(rows[-1, ends]))


def judge(scorer: Scorer, candidates: Sequence[Candidate], *, language: str, snr_db: float) -> Verdict:
    """Rank candidates by the audio, and decide whether any of them was said."""
    free = FreeReading(scorer.free_text)
    kept = nearest(candidates, free.text, MOST_CANDIDATES)
    tried = [writing for candidate in kept for writing in writings(candidate, language=language, free=free)]
    if not tried:
        return Verdict((), None, 0.0)
    totals = scorer.scores([writing.text for writing in tried])
    # Small words around an answer change its score more than they change its meaning.
    promising = sorted(range(len(tried)), key=lambda place: -totals[place])[:PROMISING]
    more = [text for place in promising for text in carried(tried[place], language=language, free=free)]
    totals += scorer.scores([writing.text for writing in more])
    best: dict[str, tuple[float, Writing]] = {}
    owner = _owners([*tried, *more])
    for writing, total in zip([*tried, *more], totals, strict=True):
        if owner[writing.text] is not writing:
            continue
        if writing.value not in best or total > best[writing.value][0]:
            best[writing.value] = (total, writing)
    ordered = sorted(best.values(), key=lambda found: -found[0])
    ranked = tuple(
        Ranked(writing.value, writing.saying, (total - scorer.free) / max(1, spoken_length(writing.saying)))
        for total, writing in ordered
    )
    margin = ordered[0][0] - ordered[1][0] if len(ordered) > 1 else SURE_MARGIN
    first, writing = ranked[0], ordered[0][1]
    if is_number(writing.saying):
        confidence = number_certainty(first.score, margin, snr_db)
        is_said = first.score >= rejection_score(snr_db)
    else:
        length_ratio = _ratio(len(PIECE.findall(writing.text)), len(PIECE.findall(free.text)))
        confidence = words_certainty(first.score, margin, writing.likeness, length_ratio)
        is_said = confidence >= 0.5
    return Verdict(ranked, first.value if is_said else None, confidence)


def _owners(tried: Sequence[Writing]) -> dict[str, Writing]:
    """Who may claim a text that several candidates can write: the one whose saying is most of it."""
    owner: dict[str, Writing] = {}
    for writing in tried:
        known = owner.get(writing.text)
        if known is None or len(writing.saying) > len(known.saying):
            owner[writing.text] = writing
    return owner


def _ratio(a: int, b: int) -> float:
    return min(a, b) / max(a, b, 1)


def is_number(text: str) -> bool:
    """Nothing to speak of but digits: 8801, 尾号8801."""
    digits = digits_in(text)
    return len(digits) >= 3 and 2 * len(digits) >= spoken_length(text)


def spoken_length(text: str) -> int:
    """Characters that are spoken."""
    return sum(character.isalnum() for character in text)


def rejection_score(snr_db: float) -> float:
    """Lowest score a character at which a number still counts as said."""
    return float(np.interp(snr_db, SNR_DB, LOWEST_SCORE))


SNR_DB = (11.0, 16.0, 20.0, 30.0)
"""as `levels.sound_of` estimates it, about 5 dB above the true one in babble"""
LOWEST_SCORE = (-1.5, -1.65, -1.5, -1.15)
"""between right and wrong of 39 real number strings mixed with pub noise: right ones score above -0.8
clean, -1.2 at 15 dB, -1.4 at 10 dB, -1.7 at 5 dB; the best of nine wrong ones below -1.5, -2.2, -2.1, -0.9"""


def number_certainty(score: float, margin: float, snr_db: float) -> float:
    """Probability that a number was said.

    score: per digit against the free reading; margin: log-probability ahead of the second."""
    return _squash(margin) * _squash(6.0 * (score - rejection_score(snr_db)))


def words_certainty(score: float, margin: float, likeness: float, length_ratio: float) -> float:
    """Probability that a candidate made of words was said.

    likeness: 0..1, how much its pinyin is that of the free reading at its best place. Words are
    short and Whisper misses their characters more often than their sound, so the sound is a
    witness of its own. length_ratio: 0..1, shorter text by longer.
    Logistic weights fitted on 330 questions: yes/no, two-way choices, other requests (synthetic
    voices), words and sentences among five (real voices), each with and without the right answer,
    a third in pub noise at 10 dB. They keep 92 % of right ones and accept 5 % of wrong lists, most
    of these with a word that sounds like the one said.
    """
    return _squash(
        -0.21
        + 1.05 * min(0.5, max(-5.0, score))
        + 3.49 * likeness
        + 0.55 * min(10.0, max(-5.0, margin)) / 10
        + 0.35 * length_ratio
    )


def _squash(x: float) -> float:
    return 1 / (1 + math.exp(-min(50.0, max(-50.0, x))))
