"""Which of these wordings was meant? Similarity by characters and by sound, inside a longer utterance.

Theory of operation. Each saying is aligned with every stretch of the utterance (edit distance
over syllables, free at both ends), so that 「那就给我援路退回吧」 contains 原路退回 at no cost of
sound. What is found is a mention. Mentions that lie inside better ones are dropped, refused ones
("不要退到余额") count against their value, and of two that remain the later wins only when the
caller took the earlier back; otherwise it is ambiguous and nothing is chosen.

A short saying must not be found in the middle of something else: one syllable has to be the
whole clause (对 is not in 对了我想问), two have to sound nearly right and may not cut a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from voicebot.language import negation, vocabulary
from voicebot.language.normalise import plain
from voicebot.language.pinyin import Token, syllable_cost, tokens

GOOD_ENOUGH = 0.7
"""least score of a mention; homophones score above 0.9, one syllable of two misheard about 0.75"""

CLEAR_LEAD = 0.15
"""a mention this much better than another needs no correction word to win"""

WORST_SYLLABLE = 0.5
"""in a saying of two syllables, one this far off is another word: 黑色 is not 白色"""

_PARTICLES = frozenset("的了吧啊呀呢嘛哦噢啦哈就那也都给我个")
_PARTICLE_COST = 0.25
_OTHER_WRITING = 0.02
"""same sound, another character"""
_PAUSE_COST = 0.1
_OTHER_WORD = 0.12
"""a near sound that is an everyday word of its own was probably meant: 语音 is not 余额"""

_LEAD_IN = re.compile(r"^(?:嗯|啊|哦|呃|那|就|那就|well|so|oh|um|uh|ok)+\s*")
_TRAIL = re.compile(r"\s*(?:[吧啊呀呢嘛哦噢啦哈的哟喽呐诶]|please|thanks|thank you|谢谢)+$")


@dataclass(frozen=True, slots=True)
class Match:
    """What was meant, or None, and how sure that is."""

    value: str | None
    score: float
    """0..1; of the best mention, also when nothing was chosen"""
    runner_up: str | None
    runner_up_score: float
    saying: str
    """the wording that was recognised"""
    start: int
    end: int
    """where in the text it stands; 0, 0 when nothing was found"""


NOTHING = Match(None, 0.0, None, 0.0, "", 0, 0)


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where one value was named."""

    value: str
    score: float
    saying: str
    start: int
    end: int
    is_refused: bool = False


def best(text: str, options: Mapping[str, Sequence[str]]) -> Match:
    """Choose the option the utterance means.

    text: normalised. options: value -> its wordings.
    Returns a Match; its value is None when nothing is good enough, when it was refused, or when two
    are equally good.

    >>> best("那就援路退回吧", {"original": ("原路退回",), "balance": ("余额",)}).value
    'original'
    >>> best("不是原路 是余额", {"original": ("原路",), "balance": ("余额",)}).value
    'balance'
    """
    found = mentions(text, options)
    wanted = [mention for mention in found if not mention.is_refused]
    refused = {mention.value for mention in found if mention.is_refused}
    last_refused = {
        value
        for value in refused
        if max(m.start for m in found if m.value == value and m.is_refused)
        > max((m.start for m in wanted if m.value == value), default=-1)
    }
    wanted = [mention for mention in wanted if mention.value not in last_refused]
    if not wanted:
        score = max((mention.score for mention in found), default=0.0)
        return Match(None, score, None, 0.0, "", 0, 0) if found else NOTHING
    return _decide(text, wanted)


def _decide(text: str, wanted: list[Mention]) -> Match:
    """Of mentions in order of place, at least one, the one that counts."""
    winner = wanted[0]
    others: dict[str, float] = {}
    is_open = False
    for mention in wanted[1:]:
        if mention.value == winner.value:
            if mention.score > winner.score:
                winner = mention
            continue
        if negation.is_corrected(text[winner.end : mention.start], text[mention.end :]):
            others = {winner.value: min(winner.score, 0.5)}
            winner, is_open = mention, False
        elif mention.score > winner.score + CLEAR_LEAD:
            others[winner.value] = winner.score
            winner = mention
        else:
            others[mention.value] = max(others.get(mention.value, 0.0), mention.score)
            is_open = is_open or mention.score > winner.score - CLEAR_LEAD
    others.pop(winner.value, None)
    runner_up = max(others, key=lambda value: others[value]) if others else None
    return Match(
        None if is_open else winner.value,
        winner.score,
        runner_up,
        others[runner_up] if runner_up is not None else 0.0,
        winner.saying,
        winner.start,
        winner.end,
    )


def mentions(text: str, options: Mapping[str, Sequence[str]]) -> list[Mention]:
    """Every place where an option is named, in order; overlapping ones reduced to the best."""
    heard = tokens(text)
    if not heard:
        return []
    found: list[Mention] = []
    for value, sayings in options.items():
        for saying in sayings:
            found.extend(_find(text, heard, value, plain(saying)))
    if not found:
        found = _fragments(text, options)
    kept = _without_overlap(found)
    result: list[Mention] = []
    for at, mention in enumerate(kept):
        before = kept[at - 1].end if at else 0
        after = kept[at + 1].start if at + 1 < len(kept) else None
        refused = negation.is_refused(text, mention.start, mention.end, previous_end=before, next_start=after)
        result.append(
            Mention(
                mention.value, mention.score, mention.saying, mention.start, mention.end, is_refused=refused
            )
        )
    return result


def _without_overlap(found: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda m: (-(m.score >= 0.85), -(m.end - m.start), -m.score)):
        rivals = [other for other in kept if _overlap(mention, other)]
        same_place = [
            o for o in rivals if (o.start, o.end) == (mention.start, mention.end) and o.value != mention.value
        ]
        if not rivals or (
            len(rivals) == len(same_place) and all(o.score - mention.score < 0.05 for o in rivals)
        ):
            kept.append(mention)
        elif same_place and all(mention.score > o.score for o in rivals):
            kept = [other for other in kept if other not in rivals] + [mention]
    return sorted(kept, key=lambda m: m.start)


def _find(text: str, heard: Sequence[Token], value: str, saying: str) -> list[Mention]:
    wanted = tokens(saying)
    if not wanted:
        return []
    if len(wanted) == 1:
        return _find_single(text, heard, value, saying, wanted[0])
    at, exact = text.find(saying), []
    while at >= 0:
        if _at_word_edges(text, at, at + len(saying)):
            exact.append(Mention(value, 1.0, saying, at, at + len(saying)))
        at = text.find(saying, at + 1)
    return exact or _align(text, heard, value, saying, wanted)


def _at_word_edges(text: str, start: int, end: int) -> bool:
    """Latin words and figures must be whole."""
    return not (
        (
            start
            and text[start].isascii()
            and text[start].isalnum()
            and text[start - 1].isascii()
            and text[start - 1].isalnum()
        )
        or (
            end < len(text)
            and text[end - 1].isascii()
            and text[end - 1].isalnum()
            and text[end].isascii()
            and text[end].isalnum()
        )
    )


def _find_single(text: str, heard: Sequence[Token], value: str, saying: str, wanted: Token) -> list[Mention]:
    """One syllable must be the whole clause; one Latin word or figure must be a whole word."""
    if wanted.text[0].isascii():
        out = []
        for token in heard:
            cost = 0.0 if token.text == wanted.text else syllable_cost(token.text, wanted.text)
            if token.text[0].isascii() and cost <= 0.25 and (cost == 0 or not wanted.text.isdigit()):
                out.append(Mention(value, 1.0 - cost, saying, token.start, token.end))
        return out
    out = []
    for clause in re.finditer(r"\S+", text):
        start, end = bare(text, clause.start(), clause.end())
        inside = [token for token in heard if start <= token.start < end]
        if not inside or {token.text for token in inside} == set():
            continue
        if all(token.text == wanted.text for token in inside):
            out.append(Mention(value, 1.0, saying, start, end))
        elif len(inside) == 1 and inside[0].sound == wanted.sound and len(heard) == 1:
            out.append(Mention(value, 0.8, saying, start, end))
    return out


def bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause without what only opens or closes it: 「嗯那就对吧」 -> 对."""
    clause = text[start:end]
    lead = _LEAD_IN.match(clause)
    if lead and lead.end() < len(clause):
        start += lead.end()
    trail = _TRAIL.search(text[start:end])
    if trail and trail.start() > 0:
        end = start + trail.start()
    return start, end


def _token_cost(heard: Token, wanted: Token) -> float:
    if heard.text == wanted.text:
        return 0.0
    if heard.text[0].isalpha() and wanted.text[0].isalpha() and heard.text.isascii() != wanted.text.isascii():
        return 1.0
    if heard.text[0].isascii() and wanted.text[0].isascii() and not heard.text.isdigit():
        return syllable_cost(heard.text, wanted.text)
    if heard.text.isdigit() and wanted.text.isdigit():
        return 1.0
    return min(1.0, syllable_cost(heard.sound, wanted.sound) + _OTHER_WRITING)


@lru_cache(maxsize=2048)
def _gap_costs(wanted: tuple[Token, ...]) -> tuple[float, ...]:
    return tuple(_PARTICLE_COST if token.text in _PARTICLES else 1.0 for token in wanted)


def _align(
    text: str, heard: Sequence[Token], value: str, saying: str, wanted: tuple[Token, ...]
) -> list[Mention]:
    """Edit distance with free ends: where in the utterance something like the saying stands."""
    gaps = _gap_costs(wanted)
    size = len(wanted)
    limit = (1 - GOOD_ENOUGH + 0.05) * size
    columns = [(0.0, 0, 0.0)] * (len(heard) + 1)
    row: list[tuple[float, int, float]] = [(0.0, j, 0.0) for j in range(len(heard) + 1)]
    for i, want in enumerate(wanted):
        columns = [(row[0][0] + gaps[i], 0, 1.0)]
        least = columns[0][0]
        for j, token in enumerate(heard, 1):
            one = _token_cost(token, want)
            if one > 0 and i and heard[j - 1].start > heard[j - 2].end and not token.text[0].isascii():
                one += _PAUSE_COST
            above, left, corner = row[j], columns[j - 1], row[j - 1]
            choice = (corner[0] + one, corner[1], max(corner[2], one))
            if above[0] + gaps[i] < choice[0]:
                choice = (above[0] + gaps[i], above[1], 1.0 if gaps[i] == 1.0 else above[2])
            skip = _PARTICLE_COST if token.text in _PARTICLES else 0.9
            if i and left[0] + skip < choice[0]:
                choice = (left[0] + skip, left[1], max(left[2], skip))
            columns.append(choice)
            least = min(least, choice[0])
        row = columns
        if least > limit:
            return []
    out: list[Mention] = []
    for j in range(1, len(heard) + 1):
        cost, first, worst = row[j]
        if cost > limit or first >= j or (size == 2 and worst > WORST_SYLLABLE):
            continue
        start, end = heard[first].start, heard[j - 1].end
        score = _score(text[start:end], saying, cost / size, (j - first) / len(heard))
        if size == 2 and worst > 0 and score < 0.9 and vocabulary.is_word(text[start:end]):
            score -= _OTHER_WORD
        if score >= GOOD_ENOUGH and not (size <= 2 and vocabulary.cuts_a_word(text, start, end)):
            out.append(Mention(value, score, saying, start, end))
    return [one for one in out if all(one.score >= other.score for other in out if _overlap(one, other))]


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _score(span: str, saying: str, cost: float, coverage: float) -> float:
    chars = fuzz.ratio(span, saying) / 100
    score = max(0.0, 0.95 * (1 - cost) + 0.05 * chars)
    if cost == 0:
        score = 0.98
    return score - (1 - score) * 0.4 * (1 - coverage)


def _fragments(text: str, options: Mapping[str, Sequence[str]]) -> list[Mention]:
    """The whole utterance as a part of one saying: 「原路」 for 原路退回; at least half of it."""
    start, end = bare(text, 0, len(text))
    part = text[start:end].replace(" ", "")
    if len(tokens(part)) < 2:
        return []
    least = 0.5 if len(options) > 1 else 0.66
    out = []
    for value, sayings in options.items():
        shares = [
            (len(part) / len(whole), saying)
            for saying in sayings
            if (whole := plain(saying).replace(" ", "")) and part in whole and len(part) < len(whole)
        ]
        share, saying = max(shares, default=(0.0, ""))
        if share >= least:
            out.append(Mention(value, 0.72 + 0.2 * share, saying, start, end))
    return out
