"""Examples are read as data; running them is the dialogue's business."""

from __future__ import annotations

import pytest

from tests.dialplan.helpers import checked, shop, shop_files
from voicebot.dialplan.examples import (
    Asks,
    BotSays,
    CallerIsSilent,
    CallerKeys,
    CallerSays,
    Does,
    Ends,
    NotDone,
    Transferred,
)


def test_an_example_is_a_list_of_moves() -> None:
    (example,) = shop().examples
    assert (example.name, example.caller, example.language) == (
        "a known caller gets a refund",
        "+8613800001234",
        "zh",
    )
    kinds = [type(move) for move in example.dialogue]
    assert kinds[:6] == [BotSays, CallerSays, CallerKeys, Asks, CallerSays, CallerIsSilent]
    assert kinds[6:] == [NotDone, CallerSays, Does, CallerSays, Transferred, Ends]
    keys, does = example.dialogue[2], example.dialogue[8]
    assert isinstance(keys, CallerKeys)
    assert keys.keys == "1234"
    assert isinstance(does, Does)
    assert does.operation == "book_refund"
    assert {name: value.text for name, value in does.arguments.items()} == {"method": "'original'"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("name: x\n", "wrong-value"),
        ("- name: x\n", "missing-key"),
        ("- dialogue: [bot: 您好]\n", "missing-key"),
        ("- name: x\n  dialogue: [bto: 您好]\n", "unknown-key"),
        ("- name: x\n  dialogue: [{bot: 您好, caller: 好}]\n", "wrong-value"),
        ("- name: x\n  caler: 1\n  dialogue: [bot: 您好]\n", "unknown-key"),
        ("- name: x\n  caller: '138'\n  dialogue: [bot: 您好]\n", "bad-number"),
        ("- name: x\n  language: fr\n  dialogue: [bot: 您好]\n", "unknown-language"),
        ("- name: x\n  dialogue: [asks: ordr]\n", "unknown-slot"),
        ("- name: x\n  dialogue: [transferred: nobody]\n", "unknown-queue"),
        ("- name: x\n  dialogue: [ends: goodby]\n", "unknown-prompt"),
        ("- name: x\n  dialogue: [does: {operation: book_refund, with: {order: 1}}]\n", "dead-example"),
        ("- name: x\n  dialogue: [silence: 99]\n", "out-of-range"),
    ],
)
def test_mistakes_in_examples_are_named(text: str, rule: str) -> None:
    files = shop_files()
    files["shop"]["examples/more.yaml"] = text
    found = [p.rule for p in checked(files).problems if p.place.file.endswith("more.yaml")]
    assert rule in found
