"""What answers a secret question appears nowhere, in no way of writing it."""

from __future__ import annotations

import pytest

from voicebot.masking import Masker


@pytest.fixture
def masker() -> Masker:
    masker = Masker()
    masker.question(is_secret=True)
    for key in "5812":
        assert masker.key(key) == "•"
    masker.question(is_secret=False)
    return masker


@pytest.mark.parametrize(
    "text",
    ["尾号5812", "五八一二", "五八幺二对吗", "5 8 1 2", "58-12", "五 八，幺 二", "card=5812;"],
)
def test_a_keyed_secret_is_hidden_however_it_is_written(masker: Masker, text: str) -> None:
    assert "5" not in masker.mask(text)
    assert "五" not in masker.mask(text)
    assert masker.hides(text)


@pytest.mark.parametrize("text", ["尾号5821", "8125", "二〇二六年", "581个", "", "您好"])
def test_other_texts_stay_as_they_are(masker: Masker, text: str) -> None:
    masker = Masker()
    masker.learn("5812")
    assert masker.mask(text) == text


def test_what_was_said_is_learned_with_its_digits() -> None:
    masker = Masker()
    masker.question(is_secret=True)
    masker.learn("是幺三五七吧")
    assert masker.mask({"id_tail": "1357", "tries": [1, "一三五七"]}) == {
        "id_tail": "•••",
        "tries": [1, "•••"],
    }


def test_keys_of_other_questions_are_kept() -> None:
    masker = Masker()
    assert masker.key("1") == "1"
    masker.question(is_secret=True)
    assert masker.is_open
    masker.question(is_secret=False)
    assert masker.key("7") == "7"
    assert not masker.is_open


def test_one_digit_is_not_a_secret_worth_hiding() -> None:
    masker = Masker()
    masker.learn("1")
    assert masker.mask("按1") == "按1"
