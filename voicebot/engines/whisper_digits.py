"""Numbers nobody listed: search digit strings instead of text.

Theory of operation. Free decoding gets about half of all spoken numbers wrong: it writes
98,790,902 or joins two digits into a word. Here the decoder may only write digits, one token
each, or stop; probabilities are shared among these alone, so that what it would rather write
(commas, words) takes nothing away. The search runs in step over several contexts, a prompt
with a way of writing each, because their mistakes differ; a string's score is the mean over
the contexts. Lengths outside the question's bounds are never finished.

Words around the number (我的手机号是...) are taken from the free reading and put before the
digits, so that the decoder is where the number begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.engines.whisper_decoder import Floats, Hearings
from voicebot.engines.whisper_model import WhisperModel

DIGITS = "0123456789"
BEAM = 6
HYPOTHESES = 10
MOST_DIGITS = 24
DIGITS_PER_SECOND = 7.0
"""nobody reads a number out faster"""
ENDS = ("。", ".", ",", "，")
"""Whisper likes to close a number with one of these before the end"""


@dataclass(frozen=True, slots=True)
class Context:
    """What the decoder believes was said before, and how it writes digits."""

    prompt: str
    before_digit: str
    """"" or " " """


CONTEXTS = {
    "zh": (Context("电话号码是13800139256。", ""), Context("以下是普通话的句子。", " ")),
    "en": (Context("My phone number is 13800139256.", ""), Context("1 3 8 0 0 1 3 9 2 5 6.", " ")),
}


@dataclass(frozen=True, slots=True)
class Guess:
    digits: str
    log_prob: float
    """sum over the digits and the end, among digits and end alone"""


@dataclass(slots=True)
class _Branch:
    digits: str
    log_prob: float
    nodes: list[int]
    after: list[Floats]
    """a context each: log-probabilities over the allowed tokens"""


def search(
    model: WhisperModel,
    hearings: Hearings,
    *,
    language: str,
    min_digits: int,
    max_digits: int,
    speech_s: float,
    before: str = "",
    after: str = "",
) -> list[Guess]:
    """Likeliest digit strings, best first. before, after: words around the number."""
    most = min(max_digits or MOST_DIGITS, max(min_digits, int(speech_s * DIGITS_PER_SECOND) + 1))
    contexts = CONTEXTS[language]
    written = [[model.tokens(context.before_digit + digit)[0] for digit in DIGITS] for context in contexts]
    ends = {model.end, *(model.tokens(mark)[0] for mark in ENDS)}
    if after:
        ends.add(model.tokens(after)[0])
    ends -= {token for row in written for token in row}
    among = np.array(sorted(ends | {token for row in written for token in row}), dtype=np.intp)
    end_columns = np.searchsorted(among, sorted(ends))
    digit_columns = [np.searchsorted(among, row) for row in written]

    opening_text = model.tokens(before) if before else []
    tree = hearings.tree([[*model.opening(language, c.prompt), *opening_text] for c in contexts])
    branches = [_Branch("", 0.0, list(tree.roots), [_among(row, among) for row in tree.root_log_probs])]
    finished: list[Guess] = []
    for length in range(most + 1):
        next_branches: list[_Branch] = []
        for branch in branches:
            if length >= max(1, min_digits):
                end = float(np.mean([np.logaddexp.reduce(row[end_columns]) for row in branch.after]))
                finished.append(Guess(branch.digits, branch.log_prob + end))
            if length < most:
                steps = np.mean(
                    [row[columns] for row, columns in zip(branch.after, digit_columns, strict=True)], axis=0
                )
                next_branches += [
                    _Branch(branch.digits + digit, branch.log_prob + float(step), branch.nodes, [])
                    for digit, step in zip(DIGITS, steps, strict=True)
                ]
        next_branches.sort(key=lambda branch: -branch.log_prob)
        branches = next_branches[:BEAM]
        if not branches or _cannot_improve(finished, branches):
            break
        parents = [node for branch in branches for node in branch.nodes]
        tokens = [row[int(branch.digits[-1])] for branch in branches for row in written]
        first = tree.size
        rows = tree.extend(parents, tokens, among=among)
        for place, branch in enumerate(branches):
            own = range(place * len(contexts), (place + 1) * len(contexts))
            branch.nodes = [first + node for node in own]
            branch.after = [rows[node] for node in own]
    return sorted(finished, key=lambda guess: -guess.log_prob)[:HYPOTHESES]


def _cannot_improve(finished: Sequence[Guess], branches: Sequence[_Branch]) -> bool:
    """Every branch already scores below the strings that would be kept."""
    if len(finished) < HYPOTHESES:
        return False
    worst_kept = sorted((guess.log_prob for guess in finished), reverse=True)[HYPOTHESES - 1]
    return branches[0].log_prob < worst_kept


def _among(row: Floats, among: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
    part: Floats = row[among]
    shared: Floats = part - np.logaddexp.reduce(part)
    return shared
