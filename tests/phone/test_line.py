"""The carrier's end of the stream keeps the carrier's rules, to the letter."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from voicebot.audio import decode_mulaw, encode_mulaw
from voicebot.events import ClearPlayout, KeyPressed, MarkReached, SendAudio, SendMark
from voicebot.mediastream import MediaStream, message
from voicebot.phone.line import LONGEST_QUEUE_BYTES, MediaLine

QUIET = np.zeros(160, dtype=np.int16)
TONE = (np.sin(np.arange(8000) / 3) * 8000).astype(np.int16)


@pytest.fixture
def line() -> MediaLine:
    return MediaLine("MZ1", "CA1", "AC1", {"token": "once"})


def bot(line: MediaLine, *commands: SendAudio | SendMark | ClearPlayout) -> list[str]:
    """The bot sends these; returns the names of the marks echoed at once."""
    echoed: list[str] = []
    for command in commands:
        received = line.receive(message(command, "MZ1"))
        assert received.warning is None
        echoed += marks_in(received.messages)
    return echoed


def marks_in(messages: tuple[str, ...]) -> list[str]:
    bodies = [json.loads(text) for text in messages]
    return [body["mark"]["name"] for body in bodies if body["event"] == "mark"]


def tone(for_ms: int) -> SendAudio:
    return SendAudio(TONE[: for_ms * 8])


def play(line: MediaLine, for_ms: int) -> tuple[np.ndarray[Any, Any], list[str]]:
    """Let time pass; returns what was heard and the marks that came."""
    heard, marks = [], []
    for _ in range(for_ms // 20):
        tick = line.tick(QUIET)
        heard.append(tick.heard)
        marks += marks_in(tick.messages)
    return np.concatenate(heard), marks


def test_a_stream_opens_as_the_carrier_documents_it(line: MediaLine) -> None:
    connected, start = (json.loads(text) for text in line.begin())
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start["sequenceNumber"] == "1"
    assert start["start"]["mediaFormat"] == {
        "encoding": "audio/x-mulaw",
        "sampleRate": 8000,
        "channels": 1,
    }
    assert start["start"]["customParameters"] == {"token": "once"}


def test_our_own_ear_understands_all_of_it(line: MediaLine) -> None:
    stream = MediaStream()
    messages = [*line.begin(), *line.tick(TONE[:160]).messages, line.press("7"), line.end()]
    parsed = [stream.parse(text) for text in messages]
    assert not [problem for one in parsed for problem in one.problems]
    frames = [frame for one in parsed for frame in one.frames]
    assert (frames[0] == decode_mulaw(encode_mulaw(TONE[:160]))).all()
    assert KeyPressed("7") in [event for one in parsed for event in one.events]
    assert parsed[-1].stopped


def test_numbers_count_up_over_messages_of_every_kind(line: MediaLine) -> None:
    messages = [*line.begin()[1:], *line.tick(QUIET).messages, line.press("1"), *line.tick(QUIET).messages]
    bodies = [json.loads(text) for text in messages]
    assert [body["sequenceNumber"] for body in bodies] == ["1", "2", "3", "4"]
    assert [(b["media"]["chunk"], b["media"]["timestamp"]) for b in bodies if b["event"] == "media"] == [
        ("1", "0"),
        ("2", "20"),
    ]


def test_audio_is_played_at_real_speed_however_early_it_came(line: MediaLine) -> None:
    bot(line, tone(100))
    heard, _ = play(line, 200)
    assert np.abs(heard[:800]).max() > 5000
    assert not heard[800:].any()
    assert line.queued_ms == 0


def test_pieces_of_any_size_join_without_a_seam(line: MediaLine) -> None:
    for start, end in ((0, 1), (1, 300), (300, 305), (305, 1600)):
        bot(line, SendAudio(TONE[start:end]))
    heard, _ = play(line, 200)
    assert (heard == decode_mulaw(encode_mulaw(TONE[:1600]))).all()


def test_a_mark_is_echoed_when_everything_before_it_was_played(line: MediaLine) -> None:
    bot(line, tone(100), SendMark("a"), tone(100), SendMark("b"))
    assert play(line, 80)[1] == []
    assert play(line, 20)[1] == ["a"]
    assert play(line, 80)[1] == []
    assert play(line, 20)[1] == ["b"]


def test_a_mark_on_an_empty_line_is_echoed_at_once(line: MediaLine) -> None:
    assert bot(line, SendMark("now")) == ["now"]


def test_clear_throws_the_rest_away_and_echoes_every_open_mark(line: MediaLine) -> None:
    bot(line, tone(100), SendMark("a"), tone(500), SendMark("b"))
    play(line, 40)
    received = line.receive(message(ClearPlayout(), "MZ1"))
    assert marks_in(received.messages) == ["a", "b"]
    assert received.cleared_ms == 560
    heard, marks = play(line, 200)
    assert not heard.any()
    assert marks == []


def test_after_a_clear_the_line_plays_what_comes_next(line: MediaLine) -> None:
    bot(line, tone(500), SendMark("a"), ClearPlayout(), tone(20), SendMark("b"))
    heard, marks = play(line, 40)
    assert heard[:160].any()
    assert not heard[160:].any()
    assert marks == ["b"]


def test_our_own_ear_takes_the_echo_for_a_mark(line: MediaLine) -> None:
    stream = MediaStream()
    for text in line.begin():
        stream.parse(text)
    bot(line, tone(20), SendMark("x.1"))
    events = [event for text in line.tick(QUIET).messages for event in stream.parse(text).events]
    assert events == [MarkReached("x.1")]


PAYLOAD = base64.b64encode(bytes(160)).decode()


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        (b"\x00\x01", 31950),
        ("{", 31951),
        ("[]", 31951),
        ('"media"', 31951),
        ({"event": "media", "streamSid": "MZ1"}, 31951),
        ({"event": "media", "streamSid": "MZ2", "media": {"payload": PAYLOAD}}, 31951),
        ({"event": "media", "streamSid": "MZ1", "media": {"payload": PAYLOAD, "track": "outbound"}}, 31951),
        ({"event": "media", "streamSid": "MZ1", "media": {"payload": PAYLOAD}, "sequenceNumber": "1"}, 31951),
        ({"event": "media", "streamSid": "MZ1", "media": {"payload": "%%"}}, 31951),
        ({"event": "media", "streamSid": "MZ1", "media": {"payload": 5}}, 31951),
        ({"event": "mark", "streamSid": "MZ1", "mark": {}}, 31951),
        ({"event": "clear", "streamSid": "MZ1", "clear": {}}, 31951),
        ({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}}, 31951),
        ({"event": ["clear"], "streamSid": "MZ1"}, 31951),
    ],
)
def test_what_the_carrier_would_refuse_has_no_effect(line: MediaLine, sent: Any, number: int) -> None:
    received = line.receive(json.dumps(sent) if isinstance(sent, dict) else sent)
    assert received.warning is not None
    assert received.warning.number == number
    assert received.messages == ()
    assert line.queued_ms == 0


def test_ten_minutes_are_the_most_that_is_queued(line: MediaLine) -> None:
    minute = base64.b64encode(bytes(LONGEST_QUEUE_BYTES // 10)).decode()
    body = json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": minute}})
    assert all(line.receive(body).warning is None for _ in range(10))
    refused = line.receive(body)
    assert refused.warning is not None
    assert refused.warning.number == 31931
    assert line.queued_ms == 600_000


@pytest.mark.parametrize("key", ["A", "", "12", "＃"])
def test_only_keys_of_a_telephone_can_be_pressed(line: MediaLine, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        line.press(key)
