"""The numbers of a call that an operator may tune; everything a caller hears is in the dialplan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.dialplan.model import Queue
from voicebot.turns import TurnSettings


@dataclass(frozen=True, slots=True)
class CallConfig:
    """All times are lengths in milliseconds."""

    queues: Mapping[str, Queue] = field(default_factory=dict)
    """who can take a call over, by name of the queue"""
    language: str = "zh"
    """spoken until the dialogue says otherwise"""
    voice: str = ""
    """voice of `Question.prepare` before anything has been said"""
    turns: TurnSettings = field(default_factory=TurnSettings)
    lead_ms: int = 1000
    """how far ahead of real time audio is sent"""
    mark_grace_ms: int = 2000
    """how long after its end a prompt's mark may stay away"""
    recognises_ahead: bool = True
    """recognise at pauses; saves the recogniser's time, costs it more work"""
    recognition_timeout_ms: int = 4000
    synthesis_timeout_ms: int = 8000
    """counted only while the caller waits for this audio"""
    request_grace_ms: int = 500
    """the driver's own time-out comes first"""
    hold_off_ms: int = 800
    """patience added when a sentence plainly goes on"""
    after_ignored_ms: int = 1000
    """least patience left after a cough or a mhm"""
    empty_speech_ms: int = 800
    """longer speech that gave no text is told to the dialogue; shorter was a noise"""
    heard_enough: float = 0.7
    """share of the question heard from which a mhm may be its answer"""
    give_way_ms: int = 1200
    """how long a new prompt waits for a caller who is just speaking"""
    dead_air_ms: int = 5000
    """longest time with nothing said, asked or awaited"""
    longest_call_ms: int = 30 * 60_000
    """then the caller is handed to trouble handling, and a minute later the call ends"""
