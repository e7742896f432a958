"""The bot's voice on one call: sentences become audio, audio goes out, or is stopped.

Joins the synthesiser's requests and the playout. A sentence is asked for the moment it is queued,
so that later ones are made while the first is heard. A sentence whose audio does not come is given
up after `synthesis_timeout_ms` of silence, and the rest goes on.

A prompt that has not begun gives way to a caller who is just speaking, for `give_way_ms` at most:
on a noisy line there is always somebody speaking.
"""

from __future__ import annotations

from collections.abc import Callable

from voicebot.call_config import CallConfig
from voicebot.dialogue.api import SayAction
from voicebot.events import Command, Prepare, SpeechReady, Synthesise, SynthesisFailed
from voicebot.playout import Playout


class Voice:
    """What the bot says, on its way to the caller."""

    def __init__(
        self, config: CallConfig, emit: Callable[[Command], None], problem: Callable[..., None]
    ) -> None:
        """problem: journals a code with its data."""
        self._config = config
        self._emit = emit
        self._problem = problem
        self.playout = Playout(lead_ms=config.lead_ms, mark_grace_ms=config.mark_grace_ms)
        self._prompts = 0
        self._name, self._pace = config.voice, 1.0
        self._starving: tuple[int, int] | None = None
        """prompt whose audio the caller is waiting for, and since when"""
        self._giving_way_since: int | None = None

    @property
    def last_prompt(self) -> int:
        """Id of the sentence queued last."""
        return self._prompts

    # --- orders ---

    def say(self, action: SayAction) -> int:
        """Queue one sentence; returns its id."""
        self._prompts += 1
        self._name, self._pace = action.voice, action.pace
        self.playout.begin(self._prompts, gain_db=action.gain_db, is_interruptible=action.is_interruptible)
        if action.spoken.strip():
            self._emit(Synthesise(self._prompts, action.spoken, action.voice, action.pace))
        else:
            self.playout.fail(self._prompts)
        return self._prompts

    def prepare(self, text: str) -> None:
        """Have a sentence made ahead, in the voice that spoke last."""
        self._emit(Prepare(text, self._name, self._pace))

    def stop(self, now_ms: int) -> None:
        """Be silent at once; what was not heard is kept for `playout.resume` or `drop`."""
        for command in self.playout.clear(now_ms):
            self._emit(command)

    def fall_silent(self, now_ms: int) -> None:
        """Be silent for good: a human takes over."""
        self.stop(now_ms)
        self.playout.drop(with_must_hear=True)

    # --- what happens ---

    def ready(self, event: SpeechReady) -> None:
        self.playout.add(event.request_id, event.samples, is_last=event.is_last)

    def failed(self, event: SynthesisFailed) -> None:
        if self.playout.fail(event.request_id):
            self._problem(event.code, prompt_id=event.request_id)

    def tick(self, now_ms: int) -> None:
        """Let time pass: marks that stay away, audio that does not come."""
        for heard in self.playout.tick(now_ms):
            if heard.is_assumed:
                self._problem("E-MEDIA-MARK", prompt_id=heard.prompt_id)

    def pump(self, now_ms: int, *, is_caller_speaking: bool) -> list[Command]:
        """What should be sent by now."""
        self._watch_synthesis(now_ms)
        is_beginning = not self.playout.is_idle and not self.playout.is_sounding(now_ms)
        if is_beginning and not self.playout.is_held and is_caller_speaking:
            if self._giving_way_since is None:
                self._giving_way_since = now_ms
            if now_ms < self._giving_way_since + self._config.give_way_ms:
                return []
        self._giving_way_since = None
        return self.playout.pump(now_ms)

    def due_ms(self, now_ms: int) -> int | None:
        """When `tick` or `pump` will have something to do."""
        if self._giving_way_since is not None:
            return self._giving_way_since + self._config.give_way_ms
        due = [
            at_ms
            for at_ms in (
                self.playout.due_ms(now_ms),
                self._starving[1] + self._config.synthesis_timeout_ms if self._starving else None,
            )
            if at_ms is not None
        ]
        return min(due, default=None)

    def _watch_synthesis(self, now_ms: int) -> None:
        prompt_id = self.playout.waiting_for()
        if prompt_id is None or self.playout.is_held or self.playout.is_sounding(now_ms):
            self._starving = None
        elif self._starving is None or self._starving[0] != prompt_id:
            self._starving = (prompt_id, now_ms)
        elif now_ms >= self._starving[1] + self._config.synthesis_timeout_ms:
            self._problem("E-TTS-LATE", prompt_id=prompt_id)
            self.playout.fail(prompt_id)
            self._starving = None
            self._watch_synthesis(now_ms)
