"""What the carrier is told, read back as XML the way the carrier reads it."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from voicebot.carrier import twiml
from voicebot.carrier.twiml import Speech
from voicebot.carrier.urls import Urls

URLS = Urls("https://voice.example.com")


def read(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    assert root.tag == "Response"
    return root


def test_caller_is_connected_to_the_stream_with_a_way_back() -> None:
    connect = read(twiml.connect_stream(URLS, {"token": 'a<"&b'})).find("Connect")
    assert connect is not None
    assert connect.get("action") == "https://voice.example.com/twilio/connect-ended"
    stream = connect.find("Stream")
    assert stream is not None
    assert stream.attrib == {"url": "wss://voice.example.com/twilio/media"}  # no track, no query
    assert [p.attrib for p in stream] == [{"name": "token", "value": 'a<"&b'}]


@pytest.mark.parametrize(
    ("language", "voice", "spoken_as"),
    [
        ("zh", "Polly.Zhiyu-Neural", "cmn-CN"),  # there is no zh-CN in the carrier's table
        ("en", "Polly.Joanna-Neural", "en-US"),
        ("xx", "Polly.Joanna-Neural", "en-US"),
    ],
)
def test_recap_is_spoken_in_a_voice_that_fits_the_language(language: str, voice: str, spoken_as: str) -> None:
    root = read(twiml.recap(URLS, "4f2a", 2, "王先生 & 退款", language, Speech()))
    gather = root.find("Gather")
    assert gather is not None
    first, choice = gather.findall("Say")
    assert first.text == "王先生 & 退款"
    assert {say.get("voice") for say in (first, choice)} == {voice}
    assert {say.get("language") for say in (first, choice)} == {spoken_as}


def test_recap_asks_for_one_key_and_tells_us_when_none_comes() -> None:
    root = read(twiml.recap(URLS, "4f2a", 2, "。", "zh", Speech()))
    gather, redirect = list(root)
    assert gather.get("numDigits") == "1"
    assert gather.get("action") == "https://voice.example.com/twilio/transfer/4f2a/2/accept"
    assert (redirect.tag, redirect.text) == ("Redirect", gather.get("action"))


@pytest.mark.parametrize(
    ("document", "label"),
    [(twiml.agent_into_room(URLS, "4f2a", 1), "agent"), (twiml.caller_into_room(URLS, "4f2a", 1), "caller")],
)
def test_both_meet_in_a_room_that_closes_behind_them(document: str, label: str) -> None:
    room = read(document).find("Dial/Conference")
    assert room is not None
    assert room.text == "t-4f2a-1"
    assert room.get("participantLabel") == label
    assert room.get("beep") == "false"
    assert room.get("waitUrl") == ""
    assert room.get("endConferenceOnExit") == "true"
    assert room.get("startConferenceOnEnter") == "true"
    assert set((room.get("statusCallbackEvent") or "").split()) == {"start", "end", "join", "leave"}


def test_only_the_caller_has_a_next_step_after_the_room() -> None:
    caller = read(twiml.caller_into_room(URLS, "4f2a", 1)).find("Dial")
    agent = read(twiml.agent_into_room(URLS, "4f2a", 1)).find("Dial")
    assert caller is not None
    assert agent is not None
    assert (caller.get("action") or "").endswith("/4f2a/1/caller-left")
    assert agent.get("action") is None


def test_busy_callers_hear_why_in_every_language_of_the_line() -> None:
    root = read(twiml.say_and_hang_up(Speech(), ("zh", "en"), "busy"))
    assert [child.tag for child in root] == ["Say", "Say", "Hangup"]


@pytest.mark.parametrize("size", [10, 480, 2000])
def test_recap_never_exceeds_what_the_carrier_will_speak(size: int) -> None:
    text = "退款还没到。" * size
    short = twiml.shorten(text)
    assert len(quote(short)) <= 4500
    assert short.endswith("。")
    assert (short == text) is (size == 10)


def test_a_recap_without_sentences_is_cut_all_the_same() -> None:
    assert len(quote(twiml.shorten("退" * 5000))) <= 4500


def test_every_sentence_exists_in_every_language() -> None:
    assert {frozenset(texts) for texts in twiml.SENTENCES.values()} == {frozenset(twiml.SENTENCES["zh"])}
    assert set(twiml.SENTENCES) == set(twiml.CARRIER_LANGUAGES)
