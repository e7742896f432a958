"""What the carrier is told to do with a leg. One function per situation; text is always escaped.

The SDK builds the XML. Rules kept here: one `<Stream>` per `<Connect>` and always an `action`
(it is the safety net when the stream breaks); stream URLs without a query; recap text cut so
that its URL-encoded form stays below the carrier's limit; a voice that fits the language, for a
wrong pair makes `<Say>` fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]

from voicebot.carrier.urls import Urls

SAY_LIMIT_ENCODED = 4400
"""`<Say>` takes 4500 characters once URL-encoded; a Chinese character takes nine of them"""
GATHER_SECONDS = 8
"""time to press a key after the recap"""

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "busy": "非常抱歉，现在线路繁忙，请您稍后再拨。",
        "sorry": "非常抱歉，系统出了点问题，请您稍后再拨。",
        "choose": "接听请按1，不方便请按2。",
        "taken": "这通电话已经由其他同事接听，谢谢。",
        "gone": "客户已经挂机，谢谢。",
        "thanks": "好的，谢谢。",
    },
    "en": {
        "busy": "We are sorry, all lines are busy. Please call again a little later.",
        "sorry": "We are sorry, something went wrong. Please call again a little later.",
        "choose": "Press 1 to take the call, 2 to decline.",
        "taken": "A colleague has already taken this call. Thank you.",
        "gone": "The caller has hung up. Thank you.",
        "thanks": "All right, thank you.",
    },
}
"""sentences spoken by the carrier's own voice, where the bot's cannot be: language -> name -> text"""

CARRIER_LANGUAGES = {"zh": "cmn-CN", "en": "en-US"}


@dataclass(frozen=True, slots=True)
class Speech:
    """How the carrier's own voice speaks: language -> voice that can speak it."""

    voices: Mapping[str, str] = field(
        default_factory=lambda: {"zh": "Polly.Zhiyu-Neural", "en": "Polly.Joanna-Neural"}
    )

    def attributes(self, language: str) -> dict[str, str]:
        """Attributes of `<Say>`; an unknown language is spoken in English."""
        known = language if language in CARRIER_LANGUAGES else "en"
        return {"voice": self.voices.get(known, ""), "language": CARRIER_LANGUAGES[known]}


def connect_stream(urls: Urls, parameters: Mapping[str, str]) -> str:
    """Join the caller with the bot. parameters: name and value below 500 characters together."""
    response = VoiceResponse()
    connect = response.connect(action=urls.connect_ended, method="POST")
    stream = connect.stream(url=urls.media)
    for name, value in parameters.items():
        stream.parameter(name=name, value=value)
    return str(response)


def say_and_hang_up(speech: Speech, languages: tuple[str, ...], name: str) -> str:
    """Speak one prepared sentence in each language, then end the leg."""
    response = VoiceResponse()
    for language in languages:
        response.say(sentence(language, name), **speech.attributes(language))
    response.hangup()
    return str(response)


def wait(urls: Urls) -> str:
    """Another document is on its way by REST; ask again should it not come."""
    response = VoiceResponse()
    response.pause(length=2)
    response.redirect(urls.connect_ended, method="POST")
    return str(response)


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)


def nothing() -> str:
    """For a leg that is over, or a request that was only told to us."""
    return str(VoiceResponse())


def recap(urls: Urls, transfer_id: str, attempt: int, text: str, language: str, speech: Speech) -> str:
    """Tell the agent what the call is about, twice at most, and ask for a key.

    A mailbox presses nothing: the document then runs out and the leg is hung up.
    """
    say = speech.attributes(language)
    response = VoiceResponse()
    action = urls.transfer(transfer_id, attempt, "accept")
    gather = response.gather(
        input="dtmf", num_digits=1, timeout=GATHER_SECONDS, action=action, method="POST", finish_on_key=""
    )
    gather.say(shorten(text), **say)
    gather.say(sentence(language, "choose"), **say)
    response.redirect(action, method="POST")
    return str(response)


def agent_into_room(urls: Urls, transfer_id: str, attempt: int) -> str:
    """The accepting agent waits for the caller; when the agent leaves, the room closes."""
    response = VoiceResponse()
    dial = response.dial()
    _room(dial, urls, transfer_id, attempt, "agent")
    return str(response)


def caller_into_room(urls: Urls, transfer_id: str, attempt: int) -> str:
    """The caller is moved off the bot's stream, to the agent; when the caller leaves, the room closes."""
    response = VoiceResponse()
    dial = response.dial(action=urls.transfer(transfer_id, attempt, "caller-left"), method="POST")
    _room(dial, urls, transfer_id, attempt, "caller")
    return str(response)


def room_name(transfer_id: str, attempt: int) -> str:
    return f"t-{transfer_id}-{attempt}"


def _room(dial: object, urls: Urls, transfer_id: str, attempt: int, label: str) -> None:
    dial.conference(  # type: ignore[attr-defined]
        room_name(transfer_id, attempt),
        start_conference_on_enter=True,
        end_conference_on_exit=True,
        beep=False,
        wait_url="",  # silence: the other one is there in a moment
        participant_label=label,
        jitter_buffer_size="small",  # the large one adds up to a second to every answer
        status_callback=urls.transfer(transfer_id, attempt, "room"),
        status_callback_method="POST",
        status_callback_event="start end join leave",
    )


def sentence(language: str, name: str) -> str:
    return SENTENCES.get(language, SENTENCES["en"])[name]


def shorten(text: str, limit: int = SAY_LIMIT_ENCODED) -> str:
    """Cut spoken text at the end of a sentence, so that its encoded form fits.

    >>> shorten("one. two. three.", 12)
    'one. two.'
    """
    length = 0
    for at, character in enumerate(text):
        length += len(quote(character))
        if length > limit:
            text = text[:at]
            stop = max(text.rfind(mark) for mark in "。！？.!?")
            return text[: stop + 1] if stop > 0 else text
    return text
