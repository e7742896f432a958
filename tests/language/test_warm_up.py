"""Everything is loaded before the port opens, and each call is quick afterwards."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from voicebot import language
from voicebot.language import match, mood, normalise, values, yesno

TODAY = datetime(2026, 11, 17)
LONG = (
    "你好我想问一下就是我上礼拜三在你们那个优衣库旗舰店买的那个黑色的L码的衬衫"
    "到现在都没有收到你能不能帮我查一下到底是怎么回事"
)


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(language.__path__)])
def test_examples_in_the_docs_run(name: str) -> None:
    module = importlib.import_module(f"voicebot.language.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "work",
    [
        lambda text: normalise.normalise(text, corrections={"援路": "原路", "位号": "尾号"}),
        lambda text: match.best(text, {"a": ("原路退回", "原路"), "b": ("余额", "退到余额", "账户余额")}),
        lambda text: yesno.parse(text),
        lambda text: mood.mood_of_text(text),
        *(
            lambda text, kind=kind: values.parse(
                kind, text, values.ValueContext(TODAY, min_digits=4, max_digits=4)
            )
            for kind in ("digits", "money", "date", "number", "phone")
        ),
    ],
)
def test_each_call_is_quick(work: Callable[[str], object]) -> None:
    """5 ms is promised; the bound leaves room for a busy machine, and catches what grows without limit."""
    language.warm_up()
    work(LONG)
    for text in (
        LONG,
        "对" * 60,
        "不是不是" * 15,
        "一二三四" * 15,
        "麻烦了" * 20,
        "那个就是" * 15,
        "no no " * 20,
    ):
        best = min(_seconds(work, f"{text}{at}") for at in range(3))
        assert best < 0.04, text


def _seconds(work: Callable[[str], object], text: str) -> float:
    begun = time.perf_counter()
    work(text)
    return time.perf_counter() - begun


def test_warming_up_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    language.warm_up()
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
