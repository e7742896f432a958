"""How well the words of a record (title, colour, size, merchant) fit what was said, by sound.

Callers shorten: of 「优衣库官方旗舰店」 they say 优衣库, of 「无线蓝牙耳机」 耳机. So every stretch of
two or more syllables of a field counts, as far as it is heard in the sentence. What counts for a
record is how much of what was said about any record it covers; a colour or size that was said and
is not its own rules a record out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from voicebot.language.normalise import plain
from voicebot.language.pinyin import Token, syllable_cost, tokens

NEAR = 0.3
"""most by which a syllable may sound off inside a word of three or more"""
ONE_WRONG = 0.7
"""the same where every other character is right: 牛子裤 is 牛仔裤"""

_EMPTY_WORDS = (
    "东西 商品 订单 退款 那个 这个 我的 官方 旗舰 店的 旗舰店 专卖 专卖店 专营店 有限公司 公司 一个 一件 "
    "手机号 客服 快递 购买 商家 男款 女款 新款 一共 可以 不是 不要 什么 怎么 时候 现在 已经 没有 "
    "the and for with order shop store my from of new a to in on"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""say nothing about which record is meant"""
_EMPTY_ZH = tuple(word for word in _EMPTY if not word[0].isascii())
_GRAMMAR = frozenset(["有一", "又一", "有意", "由于", "有没", "已经", "以及", "一样"])
"""two syllables that hold sentences together: sounding like a name, they are not one"""
_COUNTED = frozenset("双条件只台部把顶副套本盒瓶")
"""measure words: what follows is the kind of thing"""
_COLOURS_ZH = "黑白红蓝绿黄灰紫粉橙棕青银金米咖褐"
_COLOUR = re.compile(
    rf"(?P<zh>[{_COLOURS_ZH}])(?:颜?色|的(?=那|这|衣|裤|鞋|衬|裙|外|[a-z]|[一-鿿]))|"
    rf"(?:^|(?<=[件个条双是要款只买]))(?P<alone>[{_COLOURS_ZH}])的|"
    r"(?<![a-z])(?P<en>black|white|red|blue|green|yellow|grey|gray|purple|pink|orange|brown|silver|gold|"
    r"beige)(?![a-z])"
)
_SIZE = re.compile(
    r"(?<![a-z0-9])(?P<letter>x{0,4}[sml]|x{1,4}l|[2-5]xl)\s?(?:码|号|size|$|\s|的|(?=[一-鿿]))|"
    r"(?P<word>大号|中号|小号|加大|特大号|均码)|(?P<number>\d{2})\s?码|size (?P<en>x{0,3}[sml]|small|"
    r"medium|large)(?![a-z])|(?<![a-z])(?P<enword>small|medium|large)(?![a-z])"
)
_SIZE_WORDS = {
    "大号": "l",
    "中号": "m",
    "小号": "s",
    "加大": "xl",
    "特大号": "xxl",
    "small": "s",
    "medium": "m",
    "large": "l",
}
_COLOURS_EN = "black white red blue green yellow grey gray purple pink orange brown silver gold beige"
_EN_COLOURS = dict(zip(_COLOURS_EN.split(), "黑白红蓝绿黄灰灰紫粉橙棕银金米", strict=True))

Described = tuple[tuple[str, str], ...]
"""(field name, value) pairs of one record"""


def scores(text: str, described: Sequence[Described]) -> tuple[tuple[float, ...], tuple[int, int] | None]:
    """Per record 0..1 (the share of the words said about records that this one covers), and where they stand.

    The span is None when nothing in the sentence describes any record.
    """
    heard = tokens(text)
    covered = [_covered(heard, record) for record in described]
    said = frozenset().union(*covered) if covered else frozenset()
    colours, sizes = _colours(text) | _colours_before_words(heard, said), _sizes(text)
    own_colours = [_colours_of(record) for record in described]
    own_sizes = [_sizes_of(record) for record in described]
    out: list[float] = []
    points = False
    for at in range(len(described)):
        share = len(covered[at]) / len(said) if said else 0.0
        extra: list[float] = []
        if colours and own_colours[at]:
            points = True
            extra.append(1.0 if colours & own_colours[at] else -2.0)
        if sizes and own_sizes[at]:
            points = True
            extra.append(1.0 if sizes & own_sizes[at] else -2.0)
        parts = ([share] if said else []) + extra
        score = sum(parts) / len(parts) if parts else 0.0
        out.append(max(0.0, min(1.0, score)) if min([1.0, *extra]) > 0 else 0.0)
    if not said and not points:
        return (0.0,) * len(described), None
    places = sorted(said)
    span = (heard[places[0]].start, heard[places[-1]].end) if places else (0, len(text))
    return tuple(out), span


def _covered(heard: Sequence[Token], record: Described) -> frozenset[int]:
    """Indices of the tokens heard that some word of the record explains."""
    out: set[int] = set()
    for _, value in record:
        for at, length in _stretches(heard, value):
            out.update(range(at, at + length))
    return frozenset(out)


@lru_cache(maxsize=1024)
def _field(value: str) -> tuple[Token, ...]:
    return tokens(plain(value))


def _stretches(heard: Sequence[Token], value: str) -> list[tuple[int, int]]:
    """Where stretches of the field are heard: (first token, how many), longest first, each token once.

    裤子 and 那条裤 are heard as 牛仔裤 too: Mandarin names a kind by its last syllable.
    """
    wanted = _field(value)
    found: list[tuple[int, int]] = []
    used: set[int] = set()
    for length in range(min(len(wanted), len(heard)), 0, -1):
        for start in range(len(wanted) - length + 1):
            part = wanted[start : start + length]
            if not _is_telling("".join(token.text for token in part), part, whole=length == len(wanted)):
                continue
            for at in range(len(heard) - length + 1):
                if used & set(range(at, at + length)):
                    continue
                if _is_grammar(heard[at : at + length], part):
                    continue
                if _sounds_like(heard[at : at + length], part, whole=start == 0) and not _inside_other(
                    heard, at, length, part
                ):
                    found.append((at, length))
                    used.update(range(at, at + length))
    found.extend(
        (at, 2)
        for at in range(len(heard) - 1)
        if heard[at + 1].text == "子" and wanted and heard[at].text == wanted[-1].text and at not in used
    )
    found.extend(
        (at, 1)
        for at in range(1, len(heard))
        if heard[at - 1].text in _COUNTED and wanted and heard[at].text == wanted[-1].text and at not in used
    )
    return found


def _is_grammar(heard: Sequence[Token], part: Sequence[Token]) -> bool:
    """有一 is no 优衣, though it sounds like it."""
    text = "".join(token.text for token in heard)
    return text in _GRAMMAR and text != "".join(token.text for token in part)


def _is_telling(text: str, part: Sequence[Token], *, whole: bool) -> bool:
    if text in _EMPTY or (len(text) > 1 and any(text in empty for empty in _EMPTY if not empty[0].isascii())):
        return False
    if all(token.text.isdigit() for token in part):
        return False
    if len(part) == 1:
        return part[0].text.isascii() and len(text) >= 3
    return not (len(part) == 2 and (text[0] in "的了在和与及" or text[-1] in "的了在和与及"))


def _sounds_like(heard: Sequence[Token], wanted: Sequence[Token], *, whole: bool) -> bool:
    """whole: the wanted part begins its field, so that it is likely a word and no cut out of one."""
    worst = 0.0
    total = 0.0
    same = 0
    for a, b in zip(heard, wanted, strict=True):
        if a.text == b.text:
            same += 1
            continue
        if a.text[0].isascii() != b.text[0].isascii():
            return False
        if len(b.text) == 1 and b.text.isascii():
            return False
        cost = syllable_cost(a.sound, b.sound)
        worst, total = max(worst, cost), total + cost
    right = "".join(a.text if a.text == b.text else " " for a, b in zip(heard, wanted, strict=True))
    if len(wanted) > 2 and same == len(wanted) - 1 and whole and not any(word in right for word in _EMPTY_ZH):
        return worst <= ONE_WRONG
    return worst <= (NEAR if len(wanted) > 2 or same else 0.12) and total / len(wanted) <= 0.15


def _inside_other(heard: Sequence[Token], at: int, length: int, part: Sequence[Token]) -> bool:
    """手机 inside 手机号, 手机尾号 is no phone that was bought."""
    after = heard[at + length].text if at + length < len(heard) else ""
    return part[-1].text == "机" and after in ("号", "尾")


def _colours(text: str) -> frozenset[str]:
    return frozenset(
        found["zh"] or found["alone"] or _EN_COLOURS[found["en"]]
        for found in _COLOUR.finditer(_by_sound(text))
    )


def _colours_before_words(heard: Sequence[Token], said: frozenset[int]) -> frozenset[str]:
    """黑衬衫: a colour right before a word of some record, and no part of one itself (蓝牙耳机)."""
    return frozenset(
        token.text
        for at, token in enumerate(heard)
        if token.text in _COLOURS_ZH
        and at not in said
        and at + 1 in said
        and heard[at + 1].start == token.end
    )


def _by_sound(text: str) -> str:
    """百色, 百瑟 -> 白色: a syllable before one that sounds like 色 that sounds like one colour only."""
    heard = tokens(text)
    out = list(text)
    for first, second in pairwise(heard):
        if second.sound == "se" and first.text not in _COLOURS_ZH and second.start == first.end:
            same = [colour for colour in _COLOURS_ZH if tokens(colour)[0].sound == first.sound]
            near = [
                colour for colour in _COLOURS_ZH if syllable_cost(tokens(colour)[0].sound, first.sound) < 0.1
            ]
            chosen = same or near
            if len(chosen) == 1:
                out[first.start], out[second.start] = chosen[0], "色"
        elif second.sound == "se" and first.text in _COLOURS_ZH:
            out[second.start] = "色"
    return "".join(out)


@lru_cache(maxsize=1024)
def _colours_of(record: Described) -> frozenset[str]:
    out: set[str] = set()
    for name, value in record:
        out |= _colours(plain(value))
        if name in ("color", "colour"):
            first = plain(value)
            out |= {char for char in first if char in _COLOURS_ZH} | (
                {_EN_COLOURS[first]} if first in _EN_COLOURS else set()
            )
    return frozenset(out)


def _sizes(text: str) -> frozenset[str]:
    out: set[str] = set()
    for found in _SIZE.finditer(text):
        value = found["letter"] or found["word"] or found["number"] or found["en"] or found["enword"]
        out.add(_SIZE_WORDS.get(value, value))
    return frozenset(out)


@lru_cache(maxsize=1024)
def _sizes_of(record: Described) -> frozenset[str]:
    out: set[str] = set()
    for name, value in record:
        text = plain(value)
        if name == "size":
            out.add(_SIZE_WORDS.get(text, text.removesuffix("码").removesuffix("号").strip()))
        else:
            out |= _sizes(text)
    return frozenset(out)
