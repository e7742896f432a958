"""Strings of digits out of speech: 一二三四, 幺八六, 三个八, 二十六, 1 2 3 4, double three, oh.

Theory of operation. The text is cut into pieces that are digits, small words people put between
digits (嗯, 然后, 杠, and), words that take something back (不对, no), and anything else. Pieces of
digits with nothing but small words between belong together. A digit that counts something
(一下, 一个订单, 第一次, 两块) is not part of a string. When a first, strict reading does not give
as many digits as the question wants, a second one lets characters stand that only sound like
digits (耳 for 二), because over the telephone they usually are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from voicebot.language import numbers
from voicebot.language.numbers import EN_ONES, EN_TENS, ZH_DIGITS
from voicebot.language.parsed import NOTHING, Parsed, ValueContext
from voicebot.language.pinyin import tokens

_D = "零〇一幺二两三四五六七八九0-9"
_COUNTING = (
    r"第[一二两三四五六七八九十\d]+[个笔单件条次位项种]?|"
    r"(?<![\d零〇一幺二三四五六七八九])[零一二两三四五六七八九十百千万几半\d]+(?:下|些|点儿?(?![一二三四五六七八九零〇\d])|块|元|毛|角|共|起|样|"
    r"直|定|般|会儿?|遍|次|旦|切|边|号码|年|月|天|周|秒|分钟|小时|星期|礼拜|折|块钱|件|张|套)|(?<![\d零〇一幺二三四五六七八九])[一二两三四五六七八九十\d]{1,3}号(?!码)|"
    r"(?:星期|礼拜|周)[一二三四五六日天]|"
    r"[一二两三四五六七八九十\d]个(?!\s?[零〇一幺二三四五六七八九\d])(?:[\u4e00-\u9fff])?|"
    r"(?<![零〇一幺二两三四五六七八九\d\s])[一两](?:笔|单|位|条|种|家|人|直)|(?:万|唯|统)一|一(?:万个|般|"
    r"直|共|起|样|定|些|下)"
)
_PIECE = re.compile(
    rf"(?P<counting>{_COUNTING})"
    rf"|(?P<times>[一两二三四五六七八九\d])个(?P<timed>[零〇一幺二三四五六七八九\d])(?!\d)"
    rf"|(?P<twice>双)(?P<doubled>[零〇一幺二三四五六七八九\d])(?![十一二])"
    r"|(?P<compound>[一二两三四五六七八九][千百][零〇一二两三四五六七八九十百]*|"
    r"[一二三四五六七八九]?十[一二三四五六七八九]?)"
    rf"|(?P<figure>\d)|(?P<zh>[零〇一幺二两三四五六七八九洞拐勾])"
    r"|(?P<en>(?<![a-z'])(?:(?:double|triple|treble)\s(?=(?:oh?|zero|one|two|three|four|five|six|seven|"
    r"eight|nine)(?![a-z]))|"
    r"(?:two|three|four)\s(?=(?:ohs|zeroe?s|ones|twos|threes|fours|fives|sixes|sevens|eights|"
    r"nines)(?![a-z])))?"
    r"(?:oh?|zero|nought|naught|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|"
    r"thousand)(?:e?s)?(?![a-z']))"
    r"|(?P<soft>\s+|嗯|呃|啊|哦|然后(?:是)?|接着(?:是)?|再|后面(?:是)?|杠|横杠|加|空格|dash|hyphen|"
    r"(?<![a-z])(?:and|then|um|uh|space|an?(?=\s(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)))(?![a-z])|[-./:])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_PRONOUN_BEFORE = re.compile(
    r"(?<![a-z'])(?!is |it's |number |digit |was |and |code |then |in |with |um |uh |plus )[a-z']+\s$"
)
"""「the second one」: one is no digit after most words"""
_RADIO = {"洞": "0", "拐": "7", "勾": "9"}
_REPEATS = {"double": 2, "two": 2, "triple": 3, "treble": 3, "three": 3, "four": 4}
_TAKES_BACK = re.compile(
    r"不对|错了|说错|不是(?![^,\s]{0,4}是)|重说|重来|重新说|应该是|改成|我是说|更正|(?<![a-z'])(?:no|"
    r"sorry|wait|i mean|actually|correction|scratch that|start over|start again|rather)(?![a-z'])"
)
_SOUNDS_LIKE = {
    "ling": "0", "lin": "0", "yi": "1", "yao": "1", "er": "2", "liang": "2", "san": "3", "shan": "3",
    "si": "4", "wu": "5",
    "liu": "6", "niu": "6", "qi": "7", "ba": "8", "jiu": "9", "zou": "9", "dong": "0", "guai": "7",
    "shi": "4",
}  # fmt: skip
_NEVER_DIGITS = frozenset("试市室十师式已以也要而我无就吧把是时事死似思司走又有一七期起气其它她牛骑")
"""common words that sound like digits: taking them for one would do more harm than good"""
_LOOSE_LATER = frozenset("要而就吧把是死似其期起走")
_LOOSE_LAST = _LOOSE_LATER | frozenset("是事时试市室")
"""said between digits by people who do not tell shi from si"""


@dataclass(frozen=True, slots=True)
class Group:
    """Digits said in one go."""

    digits: str
    start: int
    end: int
    is_quantity: bool = False
    """said as a number: 二十六, 一千两百"""


def groups(text: str) -> list[Group]:
    """Digit strings in order; only small words stand between the digits of one."""
    out: list[Group] = []
    pending = ""
    start = end = 0
    quantity = False

    def close() -> None:
        nonlocal pending, quantity
        if pending:
            out.append(Group(pending, start, end, quantity))
        pending, quantity = "", False

    english: list[tuple[str, int, int]] = []

    def close_english() -> None:
        nonlocal pending, start, end
        if english:
            figures = _english_digits([word for word, _, _ in english])
            if figures == "1" and not pending and _PRONOUN_BEFORE.search(text[: english[0][1]]):
                figures = ""
            if not pending:
                start = english[0][1]
            pending, end = pending + figures, english[-1][2] if figures else end
            english.clear()

    for piece in _PIECE.finditer(text):
        kind = piece.lastgroup
        if piece["en"]:
            english.append((piece["en"], piece.start(), piece.end()))
            continue
        if piece["soft"]:
            continue
        close_english()
        figures = ""
        if piece["timed"]:
            figures = _digit(piece["timed"]) * int(_digit(piece["times"]))
        elif piece["doubled"]:
            figures = _digit(piece["doubled"]) * 2
        elif piece["compound"]:
            parsed = numbers.parse_zh(piece["compound"])
            figures = str(int(parsed[0])) if parsed else ""
            quantity = True
        elif kind in ("figure", "zh"):
            figures = _digit(piece[0])
        if figures:
            if not pending:
                start = piece.start()
            pending, end = pending + figures, piece.end()
        else:
            close()
    close_english()
    close()
    return out


def _digit(char: str) -> str:
    return _RADIO.get(char) or (char if char.isascii() else str(ZH_DIGITS[char]))


def _english_digits(words: list[str]) -> str:
    """double three -> 33, twenty one thirty four -> 2134, nineteen hundred -> 1900, oh -> 0."""
    out: list[str] = []
    for phrase in words:
        *times, word = phrase.split()
        repeat = _REPEATS[times[0]] if times else 1
        singular = word
        if word not in EN_ONES and word not in EN_TENS:
            singular = word.removesuffix("es") if word in ("zeroes", "sixes") else word.removesuffix("s")
        if singular in ("o", "oh", "nought", "naught"):
            out.append("0" * repeat)
        elif singular in EN_ONES:
            value = EN_ONES[singular]
            if 0 < value < 10 and out and out[-1].startswith("~") and repeat == 1:
                out[-1] = str(int(out[-1][1:]) + value)
            else:
                out.append(str(value) * repeat)
        elif singular in EN_TENS:
            out.append(f"~{EN_TENS[singular]}")
        elif singular in ("hundred", "thousand") and out:
            out[-1] = str(int(out[-1].strip("~")) * numbers.EN_UNITS[singular])
    return "".join(part.strip("~") for part in out)


def parse(text: str, ctx: ValueContext) -> Parsed:
    """Read the answer to "which number?": digits as text, within the bounds of the question."""
    changed = _changed(text, ctx)
    if changed is not None:
        return changed
    strict = _read(text, groups(text), ctx)
    if strict.value is not None or strict.reason == "ambiguous":
        return strict
    for also in (frozenset[str](), _LOOSE_LATER, _LOOSE_LAST):
        loose_text = _loosened(text, also)
        if loose_text != text:
            loose = _read(loose_text, groups(loose_text), ctx)
            if loose.value is not None and (ctx.min_digits or ctx.max_digits):
                return Parsed(
                    loose.value, 0.6, loose.alternatives, "", loose.is_correction, False, False, loose.spans
                )
    return strict


def _loosened(text: str, also: frozenset[str]) -> str:
    """Write a digit for every character that sounds like one and stands beside digits."""
    if not re.search(r"[一-鿿]", text):
        return _loosened_en(text)
    heard = tokens(text)
    out = list(text)
    like = [
        token.text if token.text.isdigit() else str(ZH_DIGITS[token.text]) if token.text in ZH_DIGITS
        else _SOUNDS_LIKE[token.sound]
        if token.sound in _SOUNDS_LIKE and (token.text not in _NEVER_DIGITS or token.text in also)
        else ""
        for token in heard
    ]  # fmt: skip
    at = 0
    while at < len(heard):
        stop = at
        while stop < len(heard) and like[stop] and (stop == at or heard[stop].start == heard[stop - 1].end):
            stop += 1
        true_digits = sum(token.text.isdigit() or token.text in ZH_DIGITS for token in heard[at:stop])
        if stop - at >= 3 and true_digits * 2 >= stop - at:
            for index in range(at, stop):
                out[heard[index].start] = like[index]
        at = max(stop, at + 1)
    return "".join(out)


_SOUNDS_LIKE_EN = {
    "for": "four", "fore": "four", "to": "two", "too": "two", "ate": "eight", "won": "one", "tree": "three",
    "free": "three", "sex": "six", "nein": "nine", "tin": "ten", "owe": "oh",
}  # fmt: skip
_DIGIT_EN = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|\d+)"
_NEXT_TO_DIGIT_EN = re.compile(
    rf"(?<![a-z'])(?P<word>{'|'.join(_SOUNDS_LIKE_EN)})(?![a-z'])(?=\s{_DIGIT_EN}(?![a-z]))|"
    rf"(?P<before>(?<![a-z']){_DIGIT_EN}\s)(?P<last>{'|'.join(_SOUNDS_LIKE_EN)})(?![a-z'])"
)


def _loosened_en(text: str) -> str:
    """Write four for "for" beside other digits."""
    return _NEXT_TO_DIGIT_EN.sub(
        lambda found: (found["before"] or "") + _SOUNDS_LIKE_EN[found["word"] or found["last"]], text
    )


def fits(digits: str, ctx: ValueContext) -> bool:
    return len(digits) >= max(1, ctx.min_digits) and (not ctx.max_digits or len(digits) <= ctx.max_digits)


def _read(text: str, found: list[Group], ctx: ValueContext) -> Parsed:
    if not found:
        return NOTHING
    value, start, end, confidence, corrected = found[0].digits, found[0].start, found[0].end, 0.95, False
    rest: list[str] = []
    for before, group in pairwise(found):
        between = text[before.end : group.start]
        if _TAKES_BACK.search(between):
            value, start, corrected = _replaced(value, group.digits, ctx), group.start, True
        elif not fits(value, ctx) and fits(value + group.digits, ctx) and len(between.strip()) <= 2:
            value += group.digits
            confidence = 0.85
        elif fits(group.digits, ctx) and not fits(value, ctx):
            value, start = group.digits, group.start
        elif fits(group.digits, ctx) and group.digits != value:
            rest.append(value)
            cue = re.search(
                r"(?:尾号|号码?|后[四六三]位|(?<!还)是|number|ending in|ends in|digits)\s?(?:是|为)?\s?$",
                between,
            )
            if cue or not (ctx.min_digits or ctx.max_digits):
                value, start, confidence = group.digits, group.start, 0.8
            else:
                confidence = 0.6
                rest[-1] = group.digits
        end = max(end, group.end)
    if not corrected and _TAKES_BACK.match(text):
        corrected = True
    spans = ((start, end),)
    if len(value) < max(1, ctx.min_digits):
        return Parsed(None, 0.0, (value,), "too_short", corrected, True, False, spans)
    if ctx.max_digits and len(value) > ctx.max_digits:
        half = len(value) // 2
        if len(value) % 2 == 0 and value[:half] == value[half:] and fits(value[:half], ctx):
            return Parsed(value[:half], 0.85, (), "", corrected, False, False, spans)
        return Parsed(
            None, 0.0, (value, value[-ctx.max_digits :]), "too_long", corrected, False, False, spans
        )
    if len(rest) and confidence <= 0.6:
        return Parsed(None, 0.0, (value, *rest), "ambiguous", corrected, False, False, spans)
    return Parsed(value, confidence, tuple(rest), "", corrected, False, False, spans)


def _replaced(before: str, after: str, ctx: ValueContext) -> str:
    """What stands after something was taken back: all of it said anew, or only its end."""
    if fits(after, ctx) and (ctx.min_digits or len(after) >= len(before)):
        return after
    if len(after) < len(before) and fits(before, ctx):
        return before[: -len(after)] + after
    if fits(before + after, ctx) and len(before) < max(1, ctx.min_digits):
        return before + after
    return after


_NOT_BUT = re.compile(
    r"(?:不是|不要|isn't|not)\s?(?:个|a |an |the )?(?P<old>[^\s是,]{1,24}?|[a-z ]{1,40}?)\s?(?:而)?(?:是|"
    r"应该是|要|it's|it is|but|its|is)\s?(?:个|a |an )?(?P<new>.+)$"
)
_IS_NOT = re.compile(r"(?:是|it's|it is)\s?(?P<new>[^不]{1,24}?)\s?(?:不是|not)\s?(?P<old>.+)$")
_PLACE = re.compile(
    r"(?:(?P<nth>第[一二三四五六七八九十两\d]+|最后|末尾|倒数第[一二三四\d]+|第?最后|中间)(?:一?个?(?:位|"
    r"个|一位|数字?|号)?)?(?:数字?)?)(?:应该)?(?:是|改成|为)\s?(?P<new>[^不]+?)(?:\s?不是.*)?$"
)
_ORDINAL_EN = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "last": -1,
}
_PLACE_EN = re.compile(
    r"(?:the )?(?P<nth>first|second|third|fourth|fifth|sixth|seventh|eighth|last)(?: one| digit|"
    r" number)? (?:is|should be|was)(?: a| an)? (?P<new>.+)$"
)


def _changed(text: str, ctx: ValueContext) -> Parsed | None:
    """「不是三是八」「最后一位是七」 applied to the value read back or just said in the same breath."""
    for pattern in (_NOT_BUT, _IS_NOT):
        found = pattern.search(text)
        if found is None:
            continue
        old, new = _only_digits(found["old"]), _only_digits(found["new"])
        if not old or not new or len(old) > 12:
            continue
        said = groups(text[: found.start()])
        base = said[-1].digits if said and len(said[-1].digits) > len(old) else _previous(ctx)
        if base is None:
            if fits(new, ctx):
                return Parsed(new, 0.9, (), "", True, False, False, (found.span("new"),))
            return Parsed(None, 0.0, (new,), "too_short", True, True, False, (found.span("new"),))
        if fits(new, ctx) and (len(new) >= len(base) or (ctx.min_digits and len(new) >= ctx.min_digits)):
            return Parsed(new, 0.95, (), "", True, False, False, (found.span("new"),))
        readings = [
            base[:at] + new + base[at + len(old) :] for at in range(len(base)) if base.startswith(old, at)
        ]
        readings = [reading for reading in dict.fromkeys(readings) if fits(reading, ctx)]
        if len(readings) == 1:
            return Parsed(readings[0], 0.92, (), "", True, False, False, (found.span(),))
        if readings:
            return Parsed(None, 0.0, tuple(readings), "ambiguous", True, False, False, (found.span(),))
        return Parsed(None, 0.0, (new,), "too_short", True, True, False, (found.span("new"),))
    placed = _PLACE.search(text) or _PLACE_EN.search(text)
    base = _previous(ctx)
    if placed is not None and base is not None:
        new = _only_digits(placed["new"])
        at = _position(placed["nth"], len(base))
        if new and at is not None and len(new) <= len(base):
            if at < 0:
                at = len(base) + at - (len(new) - 1)
            if 0 <= at <= len(base) - len(new):
                return Parsed(
                    base[:at] + new + base[at + len(new) :], 0.9, (), "", True, False, False, (placed.span(),)
                )
    return None


def _previous(ctx: ValueContext) -> str | None:
    previous = ctx.previous
    return previous if isinstance(previous, str) and previous.isdigit() else None


def _only_digits(text: str) -> str:
    """The digits of a short wording that holds nothing else, or ""."""
    found = groups(text)
    if len(found) != 1:
        return ""
    outside = text[: found[0].start] + text[found[0].end :]
    return (
        found[0].digits if len(re.sub(r"[ 吧啊呀的了哦呢嘛对个号那吗尾是]|please", "", outside)) <= 1 else ""
    )


def _position(nth: str, size: int) -> int | None:
    """Index of the digit meant; negative from the end."""
    if nth in _ORDINAL_EN:
        return _ORDINAL_EN[nth] - 1 if _ORDINAL_EN[nth] > 0 else -1
    if "倒数" in nth:
        number = _only_digits(nth.removeprefix("倒数第"))
        return -int(number) if number else None
    if nth.startswith("第") and "最后" not in nth:
        parsed = numbers.parse_zh(nth[1:])
        return int(parsed[0]) - 1 if parsed else None
    if nth == "中间":
        return size // 2 if size % 2 else None
    return -1
