"""Ways a recogniser may write what a caller may say.

The dialplan gives each candidate a few sayings. Numbers have many more written forms than
people have ways to say them (8801, 8 8 0 1, 八八零幺 ...), and around the thing itself stand a
few words that carry it (尾号是8801的那个). Both are supplied here, so that the audio is
compared with what Whisper would really have written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
NUMBER_KINDS = frozenset({"digits", "phone", "account"})
CARRIERS = {
    "zh": (("尾号", ""), ("尾号是", ""), ("是", ""), ("", "那个"), ("", "的那个")),
    "en": (("ending in ", ""), ("it's ", ""), ("", ", please")),
}
"""words before and after a number that answer "which one?" """


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


def writings(candidate: Candidate, *, language: str, free_text: str) -> list[str]:
    """All texts worth comparing with the audio for one candidate, plainest first."""
    found: list[str] = []
    around = around_digits(free_text)
    for saying in candidate.sayings or (candidate.value,):
        plain = saying.strip()
        spoken = digits_in(plain) if DIGIT_RUN.fullmatch(plain) else plain
        if not is_digits(spoken) or len(spoken) < 2:
            found.append(plain)
            continue
        found += number_forms(spoken, language)
        if around is None:
            found += [before + spoken + after for before, after in CARRIERS.get(language, ())]
        elif any(part.strip(TRIM) for part in around):
            found.append(around[0].rstrip() + spoken + around[1].rstrip(TRIM))
    return [text for text in dict.fromkeys(found) if text]


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
