"""The carrier's messages, good and bad, in any size and order."""

from __future__ import annotations

import base64
import doctest
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voicebot.mediastream
from voicebot.audio import decode_mulaw, encode_mulaw
from voicebot.events import ClearPlayout, KeyPressed, MarkReached, SendAudio, SendMark
from voicebot.mediastream import MediaStream, Parsed, message

START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "t"},
    },
}


def media(data: bytes, *, chunk: int | None = None, at_ms: int | None = None, **extra: Any) -> str:
    inner: dict[str, Any] = {"track": "inbound", "payload": base64.b64encode(data).decode(), **extra}
    if chunk is not None:
        inner["chunk"] = str(chunk)
    if at_ms is not None:
        inner["timestamp"] = str(at_ms)
    return json.dumps({"event": "media", "streamSid": "MZ1", "media": inner})


def tone(frames: int) -> bytes:
    return bytes((i * 7) % 120 for i in range(160 * frames))


def open_stream() -> MediaStream:
    stream = MediaStream()
    stream.parse(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
    assert stream.parse(json.dumps(START)).started is not None
    return stream


def hear(stream: MediaStream, messages: list[str]) -> bytes:
    frames = [frame for m in messages for frame in stream.parse(m).frames]
    return b"".join(encode_mulaw(f) for f in frames)


def codes(parsed: Parsed) -> list[str]:
    return [p.code for p in parsed.problems]


def test_examples_in_the_docstrings_run() -> None:
    assert doctest.testmod(voicebot.mediastream).failed == 0


def test_start_tells_who_is_calling_on_which_stream() -> None:
    stream = MediaStream()
    assert stream.parse(json.dumps({"event": "connected"})) == Parsed()
    started = stream.parse(json.dumps(START)).started
    assert started is not None
    assert (started.call_id, started.stream_id, started.account_id) == ("CA1", "MZ1", "AC1")
    assert started.parameters == {"token": "t"}


def test_keys_and_marks_are_events() -> None:
    stream = open_stream()
    key = {"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "5"}}
    assert stream.parse(json.dumps(key)).events == (KeyPressed("5"),)
    mark = {"event": "mark", "streamSid": "MZ1", "mark": {"name": "3.0.1"}}
    assert stream.parse(json.dumps(mark)).events == (MarkReached("3.0.1"),)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12))
@settings(deadline=None)
def test_audio_in_messages_of_any_size_gives_the_same_frames(sizes: Any) -> None:
    data = tone(20)[: sum(sizes)]
    whole = hear(open_stream(), [media(data)])
    messages, start = [], 0
    for n, size in enumerate(sizes):
        messages.append(media(data[start : start + size], chunk=n + 1))
        start += size
    assert hear(open_stream(), messages) == whole


def test_audio_byte_by_byte() -> None:
    data = tone(2)
    assert hear(open_stream(), [media(data[i : i + 1]) for i in range(len(data))]) == data


def test_the_last_piece_comes_out_when_the_stream_stops() -> None:
    stream = open_stream()
    assert stream.parse(media(tone(1)[:100])).frames == ()
    parsed = stream.parse(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {}}))
    assert parsed.stopped
    assert len(parsed.frames) == 1


@pytest.mark.parametrize("order", [(1, 3, 2, 4), (1, 4, 3, 2), (1, 2, 4, 3)])
def test_messages_out_of_order_are_put_in_order(order: Any) -> None:
    data = tone(4)
    parts = {n: media(data[160 * (n - 1) : 160 * n], chunk=n, at_ms=20 * (n - 1)) for n in range(1, 5)}
    assert hear(open_stream(), [parts[n] for n in order]) == data


def test_a_stream_in_order_is_never_delayed() -> None:
    stream = open_stream()
    for n in range(1, 6):
        assert len(stream.parse(media(tone(1), chunk=n, at_ms=20 * (n - 1))).frames) == 1


def test_lost_audio_becomes_silence_so_that_time_stays_true() -> None:
    stream = open_stream()
    numbers = [1, 2, *range(12, 20)]
    heard = hear(stream, [media(b"\x10" * 160, chunk=n, at_ms=20 * (n - 1)) for n in numbers])
    assert len(heard) == 160 * 19
    assert heard[: 2 * 160] == b"\x10" * 320
    assert not np.any(decode_mulaw(heard[320 : 11 * 160]))
    assert heard[11 * 160 :] == b"\x10" * 8 * 160


def test_jitter_of_time_stamps_is_not_a_gap() -> None:
    heard = hear(
        open_stream(), [media(tone(1), chunk=n, at_ms=20 * n + (-1) ** n * 15) for n in range(1, 20)]
    )
    assert len(heard) == 19 * 160


def test_an_endless_gap_is_filled_with_three_seconds_at_most_once() -> None:
    stream = open_stream()
    heard = hear(stream, [media(tone(1), chunk=1, at_ms=0), media(tone(1), chunk=2, at_ms=10**12)])
    assert len(heard) == 160 * (2 + 150)
    assert len(hear(stream, [media(tone(1), chunk=3, at_ms=10**12 + 20)])) == 160


def test_a_repeated_message_is_dropped() -> None:
    stream = open_stream()
    hear(stream, [media(tone(1), chunk=1), media(tone(1), chunk=2)])
    parsed = stream.parse(media(tone(1), chunk=2))
    assert parsed.frames == ()
    assert codes(parsed) == ["E-MEDIA-LATE"]


def test_a_carrier_that_always_says_chunk_one_is_heard_all_the_same() -> None:
    stream = open_stream()
    heard = hear(stream, [media(tone(1), chunk=1) for _ in range(20)])
    assert len(heard) >= 15 * 160


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("{", "E-MEDIA-JSON"),
        ("", "E-MEDIA-JSON"),
        ("[" * 100_000, "E-MEDIA-JSON"),  # nested too deeply for the parser
        ("null", "E-MEDIA-JSON"),
        ('"media"', "E-MEDIA-JSON"),
        ('{"event": 5}', "E-MEDIA-JSON"),
        (b'{"event":"stop"}', "E-MEDIA-BINARY"),  # binary, even if it would read as JSON
        (json.dumps(START), "E-MEDIA-SECOND-START"),
        (json.dumps({"event": "media", "streamSid": "MZ1"}), "E-MEDIA-FIELD"),
        (json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": 5}}), "E-MEDIA-FIELD"),
        (json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": "a*b="}}), "E-MEDIA-BASE64"),
        (json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": "abc"}}), "E-MEDIA-BASE64"),
        (json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": "界"}}), "E-MEDIA-BASE64"),
        (json.dumps({"event": "media", "streamSid": "MZ2", "media": {"payload": ""}}), "E-MEDIA-STREAM"),
        (json.dumps({"event": "media", "media": {"payload": "A" * 700_000}}), "E-MEDIA-SIZE"),
        (json.dumps({"event": "dtmf", "dtmf": {"digit": "12"}}), "E-MEDIA-KEY"),
        (json.dumps({"event": "dtmf", "dtmf": {"digit": ["1"]}}), "E-MEDIA-KEY"),
        (json.dumps({"event": "mark", "mark": {}}), "E-MEDIA-FIELD"),
        (json.dumps({"event": "mark", "mark": []}), "E-MEDIA-FIELD"),
    ],
)
def test_a_bad_message_is_told_and_the_call_goes_on(bad: Any, code: Any) -> None:
    stream = open_stream()
    parsed = stream.parse(bad)
    assert codes(parsed) == [code]
    assert (parsed.frames, parsed.events, parsed.started, parsed.stopped) == ((), (), None, False)
    assert hear(stream, [media(tone(2), chunk=1)]) == tone(2)


@pytest.mark.parametrize(
    "harmless",
    [
        {"event": "weather", "streamSid": "MZ1"},
        {"event": "connected"},
        {"event": "dtmf", "dtmf": {"digit": "A"}},  # exists, but no telephone has it
        {"event": "media", "media": {"track": "outbound", "payload": "AAAA"}},  # our own voice
    ],
)
def test_what_is_merely_unknown_is_ignored_in_silence(harmless: Any) -> None:
    assert open_stream().parse(json.dumps(harmless)) == Parsed()


def test_extra_keys_do_no_harm() -> None:
    assert hear(open_stream(), [media(tone(1), chunk=1, colour="blue")]) == tone(1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mediaFormat": {"encoding": "audio/l16", "sampleRate": 8000, "channels": 1}}, "E-MEDIA-FORMAT"),
        (
            {"mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1}},
            "E-MEDIA-FORMAT",
        ),
        ({"mediaFormat": 5}, "E-MEDIA-FORMAT"),
        ({"callSid": None}, "E-MEDIA-FIELD"),
        ({"streamSid": ""}, "E-MEDIA-FIELD"),
    ],
)
def test_a_start_we_cannot_serve_does_not_start(change: Any, code: Any) -> None:
    stream = MediaStream()
    parsed = stream.parse(json.dumps({**START, "start": {**START["start"], **change}}))  # type: ignore[dict-item]
    assert parsed.started is None
    assert codes(parsed) == [code]


def test_audio_before_start_is_not_heard() -> None:
    parsed = MediaStream().parse(media(tone(1)))
    assert parsed.frames == ()
    assert codes(parsed) == ["E-MEDIA-EARLY"]


def test_a_missing_stop_is_told_when_the_connection_closes() -> None:
    stream = open_stream()
    assert codes(stream.close()) == ["E-MEDIA-NO-STOP"]


def test_after_stop_nothing_is_heard_and_closing_is_fine() -> None:
    stream = open_stream()
    stream.parse(json.dumps({"event": "stop", "stop": {}}))
    assert codes(stream.parse(media(tone(1)))) == ["E-MEDIA-AFTER-STOP"]
    assert codes(stream.close()) == []


def test_a_fault_in_every_message_is_told_at_one_ten_and_a_hundred() -> None:
    stream = open_stream()
    told = [p.count for _ in range(150) for p in stream.parse("{").problems]
    assert told == [1, 10, 100]


def test_problems_never_quote_the_message() -> None:
    stream = open_stream()
    text = str(stream.parse('{"event":"dtmf","dtmf":{"digit":"4111222233334444"}}').problems[0])
    assert "4111" not in text
    assert text.startswith("E-MEDIA-KEY count=1: ")


@given(
    st.one_of(
        st.text(), st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)
    )
)
def test_no_message_raises(anything: Any) -> None:
    assert isinstance(open_stream().parse(anything), Parsed)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"event": st.sampled_from(["start", "media", "dtmf", "mark", "stop", "connected"])},
            optional={
                "streamSid": _json,
                "start": _json,
                "dtmf": _json,
                "mark": _json,
                "media": _json
                | st.fixed_dictionaries({"payload": _json, "chunk": _json, "timestamp": _json}),
            },
        ),
        max_size=6,
    )
)
@settings(deadline=None)
def test_no_sequence_of_half_right_messages_raises(bodies: Any) -> None:
    stream = MediaStream()
    for body in bodies:
        stream.parse(json.dumps(body))
    stream.close()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (SendMark("7.0.3"), {"event": "mark", "streamSid": "MZ1", "mark": {"name": "7.0.3"}}),
        (ClearPlayout(), {"event": "clear", "streamSid": "MZ1"}),
        (
            SendAudio(np.zeros(3, dtype=np.int16)),
            {"event": "media", "streamSid": "MZ1", "media": {"payload": "////"}},
        ),
    ],
)
def test_outgoing_messages_have_exactly_the_allowed_keys(command: Any, expected: Any) -> None:
    assert json.loads(message(command, "MZ1")) == expected
