"""Plays one recording through the heart, in virtual time, with a real recogniser.

Theory of operation
-------------------
From the recording come: the caller's audio, the keys, the agents' doings, the answers of the business
systems and the length of each prompt. Made anew are: what the detector and the recogniser hear, and
everything the heart decides. Recogniser and synthesiser take as long as they did, or a constant time
when they are asked something new; business systems always take a constant time. So a replay always
gives the same result, however busy the machine is, and the caller's patience runs as it ran.

Business answers are found by operation and arguments, each used once as long as there are others; a
question that was not asked in the recording cannot be answered: it fails as "unavailable", and that is
reported. Prompts that are new take as long as their text would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from voicebot.audio import SAMPLES_PER_MS, silence
from voicebot.engines.base import Embedder, Recogniser, SpeechDetector
from voicebot.errors import BackOfficeError
from voicebot.eventlog import plain, restore
from voicebot.events import Hearing, LegEvent, Recognise, Request, RingAgent, Samples, Synthesise
from voicebot.replay.outcome import Outcome, outcome_of
from voicebot.replay.recording import BusinessAnswer, Recording
from voicebot.virtual import CallLike, Latencies, VirtualLine, speak_silence

GRACE_MS = 60_000
"""a replay that is still going on this long after the recording ended is hung up"""
LATENCIES = Latencies(recognise_ms=300, request_ms=50)


@dataclass(frozen=True, slots=True)
class Ears:
    """The engines of a replay."""

    recogniser: Recogniser
    new_detector: Callable[[], SpeechDetector]
    """one for each call"""
    embedder: Embedder | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a recorded call went this time."""

    outcome: Outcome
    heard: tuple[str, ...]
    """what the recogniser made of each utterance, all of it"""
    unanswered: tuple[str, ...]
    """operations asked that the recording cannot answer"""
    length_ms: int


def replay(recording: Recording, call: CallLike, ears: Ears) -> Replayed:
    """Run it once. Blocks for as long as the recogniser needs; raises nothing of its own."""
    business = _Business(recording.answers)
    detector = ears.new_detector()
    heard: dict[int, str] = {}

    def recognise(command: Recognise) -> Hearing:
        hearing = ears.recogniser.recognise(
            command.samples, language=command.language, expectation=command.expectation
        )
        heard[command.turn] = hearing.text
        after_ms = recording.heard_after_ms.get((command.turn, command.attempt), LATENCIES.recognise_ms)
        line.latencies = replace(line.latencies, recognise_ms=after_ms)
        if hearing.text and ears.embedder is not None:
            hearing = replace(hearing, vector=ears.embedder.embed(hearing.text))
        return hearing

    def synthesise(command: Synthesise) -> Samples:
        spoken = recording.spoken.get(command.text)
        after_ms = spoken.after_ms if spoken is not None else LATENCIES.synthesise_ms
        line.latencies = replace(line.latencies, synthesise_ms=after_ms)
        return silence(spoken.for_ms) if spoken is not None else speak_silence(command)

    def agent(ring: RingAgent) -> Iterable[tuple[int, LegEvent]]:
        return recording.agents.get(ring.attempt, ((ring.ring_ms, LegEvent.NO_ANSWER),))

    line = VirtualLine(
        call,
        recognise=recognise,
        perform=business.perform,
        synthesise=synthesise,
        agent=agent,
        is_speech=detector.is_speech,
        latencies=LATENCIES,
    )
    line.start(recording.started)
    line.speak(recording.caller)
    for at_ms, key in recording.keys:
        line.run_until(at_ms)
        if call.is_over:
            break
        line.press(key)
    if recording.ended is not None and recording.ended.reason != "moved":
        line.run_until(max(recording.ended_ms, len(recording.caller) // SAMPLES_PER_MS))
    else:
        line.run_to_the_end(at_most_ms=recording.ended_ms + GRACE_MS - line.now_ms)
    if not call.is_over:
        line.hang_up()
    return Replayed(outcome_of(line.log), tuple(heard.values()), tuple(business.unanswered), line.now_ms)


class _Business:
    """The business systems, as far as the recording knows them."""

    def __init__(self, answers: Iterable[BusinessAnswer]) -> None:
        self._answers: dict[str, list[BusinessAnswer]] = {}
        self.unanswered: list[str] = []
        for answer in answers:
            self._answers.setdefault(_key(answer.operation, answer.arguments), []).append(answer)

    def perform(self, request: Request) -> Any:
        known = self._answers.get(_key(request.operation, plain(request.arguments)))
        if not known:
            self.unanswered.append(request.operation)
            raise BackOfficeError("the recording has no answer to this", code="unavailable")
        answer = known.pop(0) if len(known) > 1 else known[0]
        if answer.code:
            raise BackOfficeError("as recorded", code=answer.code)
        return restore(answer.result)


def _key(operation: str, arguments: Any) -> str:
    return operation + json.dumps(arguments, ensure_ascii=False, sort_keys=True)
