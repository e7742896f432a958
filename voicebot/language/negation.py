"""Was it wanted or refused? Negation and correction around one mention inside an utterance.

"不是原路，是余额" refuses one and wants the other; "能不能退余额" refuses nothing; "不是不要" wants.
A negator reaches forward a few characters inside its clause and never past another mention.
"""

from __future__ import annotations

import re

_NOT_NEGATORS = re.compile(
    r"(.)[不没]\1|有没有|要不然|要不(?!要)|不如|不过|不好意思|不管|不知道|不清楚|不晓得|不记得|不错|"
    r"对不起|不小心|了不起|"
    r"差不多|不得不|不一会|没问题|没错|没关系|没事|别的|区别|特别|级别|别人|没收到|没到|没有?到账|"
    r"not sure|no problem|not only"
)
"""hold a 不, 没 or 别 that refuses nothing; 能不能 and its like are questions"""

_BEFORE_ZH = re.compile(r"(?:不是|不|别|没有|没|甭|莫|拒绝)[^\s是而就不别没]{0,5}$")
_NEGATOR_ZH = re.compile(r"不是|不|别|没有|没|甭|莫|拒绝")
_BEFORE_EN = re.compile(
    r"(?<![a-z'])(?:not|don't|dont|do not|doesn't|didn't|isn't|wasn't|never|instead of|rather than|without|"
    r"anything but)(?:\s(?!(?:but|use|so|and|it's|then|just)\b)[a-z']+){0,5}\s?$"
)
_AFTER = re.compile(
    r"\s?(?:这个|那个|的话|那)?我?(?:就|可|也|都)?(?P<negator>不要|不行|不用|不对|不是|不好|不可以|"
    r"不想要?|不需要|不考虑|算了|"
    r"(?:is|was|'s) (?:wrong|not (?:it|right))|no)(?P<rest>了|的)?"
)
_CORRECTION = re.compile(
    r"不对|不是|错了|说错|记错|搞错|弄错|[哦噢喔啊呃诶哎]\s?不|^\s?不\s|算了|改成|改为|换成|改|应该是|"
    r"而是|我是说|我的意思|准确地?说|重说|重来|"
    r"(?<![a-z'])(?:no|sorry|actually|i mean|wait|rather|make (?:that|it)|change|scratch that|correction|"
    r"i meant|"
    r"let me start again|instead)(?![a-z'])"
)
_OR_AGAIN = re.compile(r"还是|要不|或者|(?<![a-z])or(?![a-z])")
_SETTLES = re.compile(r"吧|好了|算了|得了|的好|比较好|please|instead")
_ASKS = re.compile(r"(?:吗|么|嘛)\s*$")


def _masked(text: str) -> str:
    """Blank out, at equal length, what only looks like a negation."""
    return _NOT_NEGATORS.sub(lambda found: "□" * len(found[0]), text)


def is_refused(
    text: str, start: int, end: int, *, previous_end: int = 0, next_start: int | None = None
) -> bool:
    """True when the mention text[start:end] is something the caller does not want.

    previous_end, next_start: where the neighbouring mentions end and begin; a negator serves one only.
    """
    stop = len(text) if next_start is None else next_start
    hidden = _masked(text)
    before = hidden[previous_end:start]
    is_question = bool(_ASKS.search(text))
    if _BEFORE_EN.search(before):
        return True
    found = _BEFORE_ZH.search(before)
    if found:
        if is_question and re.match(r"不是|不能|没", found[0]):
            return False
        count = 1
        rest = before[: found.start()]
        while (more := re.search(r"(?:不是|不能|不会|没有|不)[^\s是而就]{0,1}$", rest)) is not None:
            count, rest = count + 1, rest[: more.start()]
        return count % 2 == 1
    after = hidden[end:stop]
    following = _AFTER.match(after)
    if following is None or is_question:
        return False
    tail = after[following.end() :]
    serves_the_next = (
        next_start is not None and not tail.strip() and not tail.startswith(" ") and not following["rest"]
    )
    return not (serves_the_next and following["negator"] not in ("算了", "不行", "不对"))


def is_corrected(between: str, after: str) -> bool:
    """Between two mentions: does the second replace the first?

    between: the text from the end of one to the start of the other; after: what follows the second.
    "原路还是余额" is a question, "原路，还是余额吧" a change of mind.
    """
    if _CORRECTION.search(_masked(between)):
        return True
    return bool(_OR_AGAIN.search(between)) and bool(_SETTLES.search(after))


def corrections(text: str) -> list[tuple[int, int]]:
    """Where the speaker takes back what was said before: (start, end) of each such word."""
    return [found.span() for found in _CORRECTION.finditer(_masked(text))]
