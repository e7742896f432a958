"""Folders become one dialplan: included, overridden, typed, and with every mistake at once."""

from __future__ import annotations

import dataclasses
import random
import re

import pytest

from tests.dialplan.helpers import case_files, checked, draft_of, shop, shop_files
from voicebot.dialplan import load
from voicebot.dialplan.model import Limits, Listen


def test_the_shop_line_has_no_problems() -> None:
    loaded = shop()
    assert loaded.problems == ()
    assert loaded.dialplan is not None


def test_the_head_of_the_line() -> None:
    dialplan = shop().dialplan
    assert dialplan is not None
    assert (dialplan.line, dialplan.title, dialplan.numbers) == ("shop", "小店热线", ("+85258080000",))
    assert (dialplan.languages, dialplan.voices) == (("zh", "en"), {"zh": "nuan", "en": "joe"})
    assert (dialplan.opening, dialplan.limits) == ("greet", Limits(4, 60, 600_000))
    assert (dialplan.record_calls, dialplan.recording_notice) == (True, "notice")


def test_slots_with_their_defaults() -> None:
    dialplan = shop().dialplan
    assert dialplan is not None
    account, order, method = (dialplan.slots[name] for name in ("account", "order", "method"))
    assert (account.min_digits, account.max_digits, account.silence_ms, account.is_secret) == (
        8,
        11,
        1200,
        True,
    )
    assert account.keys is not None  # what is made of digits can be keyed without saying so
    assert (account.keys.min_keys, account.keys.max_keys, account.keys.end_key) == (8, 11, "#")
    assert (order.record, order.source, order.confirm, order.on_fail) == (
        "order",
        "orders",
        "implied",
        "agent",
    )
    assert order.guess is not None
    assert order.guess.text == "first(orders)"
    assert method.keys is not None
    assert method.keys.choices == {"1": "original", "2": "balance"}
    assert (method.silence_ms, method.no_input_ms, method.confirm) == (700, 6000, "auto")


def test_a_flow_starts_on_the_intent_of_its_own_name() -> None:
    dialplan = shop().dialplan
    assert dialplan is not None
    assert dialplan.flows["refund"].starts_on == ("refund",)
    assert dialplan.flows["identify"].starts_on == ()
    listen = dialplan.flows["greet"].steps["anything_else"]
    assert isinstance(listen, Listen)
    assert listen.next == "anything_else"


def test_the_line_overrides_what_it_includes() -> None:
    draft = draft_of(
        """
flows: {slower: {starts_on: [slower], steps: [adapt: {pace: 0.7}]}}
# prompts.zh.yaml
goodbye: 回头见。
# phrases.zh.yaml
words: {filler: [这个], greeting: [喂]}
intents: {slower: [慢一点说, 我听不过来, 讲慢些]}
# queues.yaml
seniors: {agents: [{id: chen, phone: "+85290000009"}]}
"""
    )
    dialplan = draft.dialplan
    assert dialplan.prompts["zh"]["goodbye"].variants[0].parts == ("回头见。",)
    assert dialplan.prompts["en"]["goodbye"].place.file == "basics/prompts.en.yaml"
    assert [type(step).__name__ for step in dialplan.flows["slower"].steps.values()] == ["Adapt"]
    assert dialplan.phrases["zh"].intents["slower"].examples[0] == "慢一点说"
    assert set(dialplan.queues) == {"general", "seniors"}
    # word lists are joined, so that a line can add its own
    assert set(dialplan.phrases["zh"].words["filler"]) == {"嗯", "那个", "就是", "呃", "这个"}
    assert dialplan.phrases["zh"].words["greeting"] == ("喂",)


def test_what_is_overridden_is_not_held_against_the_line() -> None:
    files = shop_files()
    files["basics"]["flow.yaml"] = files["basics"]["flow.yaml"].replace(
        "say: cancelled", "say: no_such_prompt"
    )
    assert [problem.rule for problem in checked(files).problems] == ["unknown-prompt"]
    files["shop"]["flow.yaml"] += "  cancel:\n    steps:\n      - cancel\n      - say: cancelled\n"
    assert checked(files).problems == ()


def test_parts_may_include_parts_but_not_themselves() -> None:
    files = shop_files()
    files["more"] = {"flow.yaml": "include: [basics]\n"}
    files["shop"]["flow.yaml"] = files["shop"]["flow.yaml"].replace("include: [basics]", "include: [more]")
    assert checked(files).problems == ()
    files["basics"]["flow.yaml"] += "include: [more]\n"
    assert {problem.rule for problem in checked(files).problems} == {"bad-include"}


def test_all_problems_of_all_files_come_at_once() -> None:
    files = shop_files()
    for path, old, new in (
        ("flow.yaml", "silence_ms: 1200", "silense_ms: 1200"),
        ("flow.yaml", "say: will_be_quick", "say: will_be_slow"),
        ("flow.yaml", "count(orders) == 0", "count(orders) = 0"),
        ("prompts.zh.yaml", "{order.tail}的{order.title}吗", "{order.tial}的吗"),
        ("phrases.en.yaml", "[to my card, card]", "[]"),
        ("operations.yaml", "timeout_ms: 4000", "timeout_ms: soon"),
    ):
        assert old in files["shop"][path]
        files["shop"][path] = files["shop"][path].replace(old, new, 1)
    loaded = checked(files)
    assert loaded.dialplan is None
    assert [(problem.place.file, problem.rule) for problem in loaded.problems if problem.is_error] == [
        ("shop/flow.yaml", "unknown-key"),
        ("shop/flow.yaml", "bad-expression"),
        ("shop/flow.yaml", "unknown-prompt"),
        ("shop/operations.yaml", "wrong-value"),
        ("shop/phrases.en.yaml", "choice-without-wording"),
        ("shop/prompts.zh.yaml", "unknown-field"),
    ]


def test_a_file_that_cannot_be_read_does_not_hide_mistakes_in_the_others_nor_invent_any() -> None:
    files = shop_files()
    files["shop"]["prompts.zh.yaml"] += "oops: [\n"
    files["shop"]["flow.yaml"] = files["shop"]["flow.yaml"].replace("silence_ms: 1200", "silence_ms: 1")
    rules = [problem.rule for problem in checked(files).problems]
    assert rules == ["out-of-range", "yaml-syntax"]


def test_the_checksum_names_the_version() -> None:
    first, again = shop().dialplan, shop().dialplan
    assert first is not None
    assert again is not None
    assert first.checksum == again.checksum
    files = shop_files()
    files["basics"]["prompts.zh.yaml"] += "# changed\n"
    changed = checked(files).dialplan
    assert changed is not None
    assert changed.checksum != first.checksum
    files = shop_files()
    files["shop"]["examples/refund.yaml"] += "# examples are not served\n"
    same = checked(files).dialplan
    assert same is not None
    assert same.checksum == first.checksum


def test_a_comment_allows_a_warning_but_never_an_error() -> None:
    def found(comment_on_line: str, comment_before: str = "") -> list[str]:
        files = case_files(
            f"""
flows:
  refund:
    title: {{zh: 甲, en: a}}
    steps:
{comment_before}
      - do: book_refund{comment_on_line}
        with: {{order_id: =order.id, method: =method}}
        errors: {{any: []}}
"""
        )
        return [p.rule for p in checked(files, "case").problems if p.place.file == "case/flow.yaml"]

    assert found("") == ["write-without-confirm"]
    assert found("  # allow: write-without-confirm, asked by the shop") == []
    assert found("", "      # allow: write-without-confirm\n      # the caller has just asked for it") == []
    assert found("  # allow: unhandled-error") == ["write-without-confirm"]


def test_moods_variants_and_short_wordings_of_a_prompt() -> None:
    dialplan = shop().dialplan
    assert dialplan is not None
    greet, ask = dialplan.prompts["zh"]["greet"], dialplan.prompts["zh"]["ask_order"]
    assert [variant.mood for variant in greet.variants] == ["", "angry"]
    assert len(ask.variants) == 2
    assert ask.again[0].parts == ("是哪一笔呢？",)
    assert ask.is_interruptible


def test_everything_loaded_is_immutable() -> None:
    dialplan = shop().dialplan
    assert dialplan is not None
    for part in (
        dialplan,
        dialplan.slots["order"],
        dialplan.flows["refund"],
        dialplan.prompts["zh"]["greet"],
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            part.place = dialplan.place  # type: ignore[misc]


def test_which_folders_are_lines_and_what_they_include() -> None:
    files = shop_files()
    assert load.is_line(files["shop"]["flow.yaml"])
    assert not load.is_line(files["basics"]["flow.yaml"])
    assert load.included(files["shop"]["flow.yaml"]) == ("basics",)
    assert load.included("include: basics\n") == ("basics",)
    assert load.included("include: [") == ()


def test_no_slip_of_the_pen_stops_the_check_itself() -> None:
    """Lines lost, values replaced, names mixed up: always problems, never a crash."""
    draw = random.Random(20261121)
    scraps = ["5", "true", "", "{a: b}", "[a, {b: c}]", "=x.y", "{}", "[]", "null", "'x'"]
    for _ in range(60):
        files = shop_files()
        folder = draw.choice(sorted(files))
        path = draw.choice(sorted(files[folder]))
        lines = files[folder][path].split("\n")
        at = draw.randrange(len(lines))
        kind = draw.randrange(3)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines[at] = re.sub(r": .*", ": " + draw.choice(scraps), lines[at])
        else:
            words = re.findall(r"\w+", files[folder][path])
            lines = files[folder][path].replace(draw.choice(words), draw.choice(words)).split("\n")
        files[folder][path] = "\n".join(lines)
        for problem in checked(files).problems:
            assert problem.place.line >= 1
            assert problem.message
