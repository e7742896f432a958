"""Ways a recogniser may write what a caller may say.

The dialplan gives each candidate a few sayings. Numbers have many more written forms than
people have ways to say them (8801, 8 8 0 1, 八八零幺 ...), and around the thing itself stand a
few words that carry it (尾号是8801的那个). Both are supplied here, so that the audio is
compared with what Whisper would really have written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pypinyin import Style, lazy_pinyin
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from voicebot.events import Candidate

CHINESE_DIGITS = "零一二三四五六七八九"
ENGLISH_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TO_DIGIT = {
    **{character: str(number) for number, character in enumerate(CHINESE_DIGITS)},
    **{str(number): str(number) for number in range(10)},
    "〇": "0",
    "○": "0",
    "幺": "1",
    "妖": "1",
    "腰": "1",
    "要": "1",
    "两": "2",
    "洞": "0",
    "拐": "7",
    "勾": "9",
}
"""lookalikes of 幺 and the radio digits count inside a number only"""
PLAIN_DIGIT = "0-9零〇○一幺二三四五六七八九"
DIGIT_RUN = re.compile(rf"[{PLAIN_DIGIT}](?:[\s,，.、\-—]*[{PLAIN_DIGIT}妖腰要两洞拐勾])+")
"""two digits or more, with what Whisper puts between them"""
TRIM = "。.!?！？,，、 "
LEAST_DIGITS = 3
"""fewer in a row are a quantity, not a number read out: 第12个"""
NUMBER_KINDS = frozenset({"digits", "phone", "account"})
CARRIERS = {
    "zh": (("尾号", ""), ("尾号是", ""), ("是", ""), ("", "那个"), ("", "的那个")),
    "en": (("ending in ", ""), ("it's ", ""), ("", ", please")),
}
"""words before and after a number that answer "which one?" """
WORD_CARRIERS = {
    "zh": (("嗯,", ""), ("", "吧"), ("", "的"), ("", "啊"), ("就", "吧"), ("我要", "")),
    "en": (("um, ", ""), ("", ", please"), ("I'd like ", "")),
}
"""the same for choices and yes/no"""


def is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def digits_in(text: str) -> str:
    """Longest run of digits in a recognised text, as digits: 「尾号8,8零幺吧」 -> 8801."""
    runs = ["".join(TO_DIGIT.get(c, "") for c in run.group()) for run in DIGIT_RUN.finditer(text)]
    return max(runs, key=len, default="")


def around_digits(text: str) -> tuple[str, str] | None:
    """What was said before and after the number, or None when there is none."""
    runs = list(DIGIT_RUN.finditer(text))
    if not runs:
        return None
    longest = max(runs, key=lambda run: len(run.group()))
    return text[: longest.start()], text[longest.end() :]


def number_forms(digits: str, language: str) -> list[str]:
    """How Whisper writes a number read out digit by digit."""
    forms = [digits, " ".join(digits)]
    if language == "zh":
        ideographs = "".join(CHINESE_DIGITS[int(d)] for d in digits)
        forms.append(ideographs)
        if "一" in ideographs:
            forms.append(ideographs.replace("一", "幺"))
    else:
        forms.append(" ".join(ENGLISH_DIGITS[int(d)] for d in digits))
    return forms


@dataclass(frozen=True, slots=True)
class Writing:
    """One text to compare with the audio."""

    value: str
    """candidate it stands for"""
    saying: str
    """the part of it that matters"""
    text: str
    likeness: float
    """0..1: how much the saying sounds like the part of the free reading it replaces"""


class FreeReading:
    """The free reading, cut into syllables once, so that sayings can be laid over it."""

    def __init__(self, text: str) -> None:
        self.text = text.strip(TRIM)
        self._pieces = [(m.start(), m.end()) for m in PIECE.finditer(self.text)]
        self._sounds = [sound_of_text(self.text[a:b]) for a, b in self._pieces]
        self.has_digits = len(digits_in(self.text)) >= LEAST_DIGITS

    def place(self, saying: str) -> tuple[float, str | None]:
        """Lay a saying over the stretch that sounds most like it.

        Returns the likeness of that stretch, 0..1, and the reading with it replaced; None when
        what remains is more than the words that carry an answer: then the caller said more.
        """
        sound, length = sound_of_text(saying), len(PIECE.findall(saying))
        best = (0.0, 0, 0)
        for size in range(max(1, length - 1), length + 2):
            for start in range(len(self._pieces) - size + 1):
                heard = " ".join(self._sounds[start : start + size])
                best = max(best, (fuzz.ratio(sound, heard) / 100, start, start + size))
        likeness, start, stop = best
        if likeness < LEAST_LIKENESS:
            return likeness, None
        before = self.text[: self._pieces[start][0]]
        after = self.text[self._pieces[stop - 1][1] :]
        is_number = len(digits_in(saying)) >= LEAST_DIGITS
        most = MOST_CARRIER if is_number else length - 1
        if not (before or after) or remainder(before + after) > most:
            return likeness, None
        if not is_number and NEGATION.search(before + after):
            return likeness, None  # 「不是」 is not 「是」 with a word before it
        written = digits_in(saying) if is_number and DIGIT_RUN.fullmatch(saying) else saying
        return likeness, before + written + after


PIECE = re.compile(r"[a-zA-Z']+|\w")
"""what makes a syllable, roughly: a character, a digit, a foreign word"""
LEAST_LIKENESS = 0.5
MOST_CARRIER = 9
"""syllables around a number: 我要退的那个订单尾号是"""
NEGATION = re.compile(r"[不没别未非勿甭]|n't\b|\b(not|no|never)\b", re.IGNORECASE)
PARTICLES = re.compile("[嗯啊呃哦噢吧呢呀嘛的了就是要我那个这请]")


def remainder(text: str) -> int:
    """Syllables that mean something beside the answer."""
    return len(PIECE.findall(PARTICLES.sub("", text)))


def writings(candidate: Candidate, *, language: str, free: FreeReading) -> list[Writing]:
    """Texts worth comparing with the audio for one candidate: its sayings in all their forms."""
    found: dict[str, Writing] = {}

    def add(saying: str, text: str, likeness: float) -> None:
        found.setdefault(text, Writing(candidate.value, saying, text, likeness))

    for saying in dict.fromkeys(saying.strip() for saying in candidate.sayings or (candidate.value,)):
        if not saying:
            continue
        likeness, in_place = free.place(saying)
        digits, around = digits_in(saying), around_digits(saying)
        if len(digits) < LEAST_DIGITS or around is None:
            add(saying, saying, likeness)
        elif any(around):
            add(saying, around[0] + digits + around[1], likeness)
            add(saying, saying, likeness)
        else:
            for form in number_forms(digits, language):
                add(digits, form, likeness)
        if in_place is not None:
            add(saying, in_place, likeness)
    return list(found.values())


def carried(writing: Writing, *, language: str, free: FreeReading) -> list[Writing]:
    """A promising saying with the small words people put around it."""
    is_number = len(digits_in(writing.saying)) >= LEAST_DIGITS
    if is_number and free.has_digits:
        return []
    around = (CARRIERS if is_number else WORD_CARRIERS).get(language, ())
    return [replace(writing, text=before + writing.text + after) for before, after in around]


def sound_of_text(text: str) -> str:
    """Toneless pinyin, a space between syllables; digits are spoken one by one."""
    spoken = "".join(CHINESE_DIGITS[int(c)] if c.isascii() and c.isdigit() else c for c in text.lower())
    spoken = spoken.replace("幺", "一")
    kept = re.sub(r"[^\w]", "", spoken)
    return " ".join(lazy_pinyin(kept, style=Style.NORMAL))


def nearest(candidates: Sequence[Candidate], text: str, keep: int) -> list[Candidate]:
    """The candidates that sound most like a text, in their own order: the rest is not worth scoring."""
    if len(candidates) <= keep:
        return list(candidates)
    heard = sound_of_text(text)
    heard_digits = digits_in(text)

    def likeness(candidate: Candidate) -> float:
        best = 0.0
        for saying in candidate.sayings or (candidate.value,):
            digits = digits_in(saying)
            if digits and heard_digits:
                best = max(best, 100 * Levenshtein.normalized_similarity(digits, heard_digits))
                tail = heard_digits[-len(digits) :]
                best = max(best, 100 * Levenshtein.normalized_similarity(digits, tail))
            sound = sound_of_text(saying)
            best = max(best, fuzz.ratio(sound, heard), 0.95 * fuzz.partial_ratio(sound, heard))
        return best

    ordered = sorted(range(len(candidates)), key=lambda place: (-likeness(candidates[place]), place))
    return [candidates[place] for place in sorted(ordered[:keep])]
