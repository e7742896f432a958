"""One call: told what happened and when, it answers what should be done.

Theory of operation
-------------------
`receive(event, now_ms)` returns commands; `wake_at()` says when to come back with `Woken` if
nothing else happens. Nothing here knows of sockets, threads, files or clocks.

The call joins four things that live on: the *ear* (turn taking and recognition), the *keypad*, the
*playout* (the bot's voice) and, at times, a *transfer*. Between them stands the dialogue, which
knows text and steps: it is given inputs and answers with actions.

*Who has the floor.* A caller who speaks over a prompt long enough stops it at once; what was said
decides afterwards. A cough, or a mhm in the middle of a prompt, was no interruption: the prompt
goes on where it was. Anything else drops the prompt and is given to the dialogue, with how much of
it had been heard. A short word that did not stop the prompt is judged the same way, and stops it
if it means something. A mhm counts as an answer when most of a yes/no question had been heard.

*What must be heard is heard.* While a prompt that cannot be interrupted is queued or playing, what
the caller says or keys is kept and given afterwards; a call for an agent, spoken or by key 0, gets
through at once. In the same way what is said while a business system works is kept until the
answer has been told; a call for an agent waits only while something is being booked.

*Keys win.* A key stops the prompt and drops the utterance and the recognition in progress.

*No dead air.* Everything awaited has a time-out: text, audio, marks, answers, agents. When nothing
is said, asked or awaited for `dead_air_ms`, the dialogue is told that it is broken. A dialogue that
raises is told so too; the error ends the turn, not the call.
"""

from __future__ import annotations

from typing import Any, Protocol

from voicebot import transfer
from voicebot.call_clock import TurnClock
from voicebot.call_config import CallConfig
from voicebot.call_ear import Began, Ear, EarEvent, Partly, Silent, Spoken, WantsFloor
from voicebot.call_kept import Kept, KeptInputs
from voicebot.call_requests import Requests
from voicebot.dialogue.api import (
    Action,
    Answered,
    Begin,
    Broken,
    CallerKeyed,
    CallerSaid,
    CallerSilent,
    Fetch,
    Finish,
    HandOver,
    Input,
    Judgement,
    Late,
    Manner,
    Note,
    Question,
    Refused,
    SayAction,
)
from voicebot.events import (
    AgentLegChanged,
    BridgeCaller,
    BridgeFailed,
    CallerBridged,
    CallStarted,
    Command,
    ConversationEnded,
    Event,
    FrameReceived,
    HangUp,
    Heard,
    Hearing,
    Journal,
    KeyPressed,
    MarkReached,
    Prepare,
    RecognitionFailed,
    Request,
    RequestAnswered,
    RequestFailed,
    SendAudio,
    SpeechReady,
    StreamEnded,
    Synthesise,
    SynthesisFailed,
    TextTyped,
    Value,
    Woken,
)
from voicebot.keypad import AGENT_KEY, Keypad
from voicebot.playout import Playout

__all__ = ["Call", "CallConfig", "Dialogue"]

MASK = "•••"
"""stands for secret text and keys in the journal"""
MOST_DEAD_AIR = 3
"""a dialogue that is stuck this often is beyond help: the call ends"""
MOST_FALSE_STOPS = 2
"""then noise no longer stops the bot, only words do"""
LAST_MINUTE_MS = 60_000


class Dialogue(Protocol):
    """What the call needs of the dialogue. The state is opaque and never changed in place."""

    def start(self) -> Any: ...

    def advance(self, state: Any, given: Input) -> tuple[Any, tuple[Action, ...]]: ...

    def judge(self, state: Any, heard: Hearing) -> Judgement: ...


class _Context:
    """What the bot was doing when the caller began to speak."""

    __slots__ = ("heard_share", "is_over_prompt", "stopped_prompt")

    def __init__(self, *, is_over_prompt: bool, heard_share: float) -> None:
        self.is_over_prompt = is_over_prompt
        self.heard_share = heard_share
        self.stopped_prompt = False


class Call:
    """One phone call, from the first ring to the last word."""

    def __init__(self, dialogue: Dialogue, config: CallConfig | None = None) -> None:
        self.config = config or CallConfig()
        self._dialogue = dialogue
        self._state: Any = dialogue.start()
        self._commands: list[Command] = []
        self._now = 0
        self._is_started = False
        self._is_over = False
        self._ear = Ear(self.config, self._emit)
        self._keypad = Keypad()
        self._playout = Playout(lead_ms=self.config.lead_ms, mark_grace_ms=self.config.mark_grace_ms)
        self._requests = Requests(self.config.request_grace_ms)
        self._kept = KeptInputs()
        self._question: Question | None = None
        self._finish: Finish | None = None
        self._transfer: transfer.TransferState | None = None
        self._is_stream_open = True
        self._prompts = 0
        self._voice, self._pace = self.config.voice, 1.0
        self._contexts: dict[int, _Context] = {}
        self._clock: TurnClock | None = None
        self._first_level_db: float | None = None
        self._starving: tuple[int, int] | None = None
        """prompt whose audio the caller is waiting for, and since when"""
        self._giving_way_since: int | None = None
        self._dead_since: int | None = None
        self._dead_airs = 0
        self._false_stops = 0
        """times in a row a prompt was stopped for nothing"""
        self._ends_at = self.config.longest_call_ms
        self._is_last_minute = False

    # --- the driver's side ---

    @property
    def is_over(self) -> bool:
        """Nothing will be done any more, whatever happens."""
        return self._is_over

    @property
    def is_waiting(self) -> bool:
        """The bot has said its say: only the caller, or his silence, brings the call on."""
        return self._is_quiet and not self._ear.is_busy and self._finish is None

    @property
    def state(self) -> Any:
        """The dialogue's state, to be stored or compared."""
        return self._state

    def receive(self, event: Event, now_ms: int) -> list[Command]:
        """Take one event; return what to do, in order.

        now_ms: milliseconds since the call started. Time never goes back: an earlier one counts
        as now. Events that make no sense at this point change nothing.
        """
        if self._is_over:
            return []
        self._now = max(self._now, now_ms)
        if not self._is_started:
            if isinstance(event, CallStarted):
                self._begin(event)
            elif isinstance(event, StreamEnded):
                self._is_over = True
        else:
            self._dispatch(event)
        return self._settle()

    def broken(self, code: str, now_ms: int) -> list[Command]:
        """Something outside failed in an unknown way: end the turn, keep the call."""
        if self._is_over or not self._is_started:
            return []
        self._now = max(self._now, now_ms)
        self._problem(code)
        self._ear.abandon()
        self._keypad.drop()
        self._requests.drop()
        self._kept.drop()
        if self._playout.is_held:
            self._playout.resume()
        self._advance(Broken(code))
        return self._settle()

    def wake_at(self) -> int | None:
        """When to send `Woken` if nothing happens before; None: only an event can change anything."""
        if self._is_over or not self._is_started or self._is_bridged:
            return None
        config = self.config
        due = [self._ends_at]
        for at_ms in (
            self._ear.due_ms(),
            self._keypad.due_ms(),
            self._requests.due_ms(counts_late=self._playout.is_idle),
            self._transfer.deadline_ms if self._transfer is not None else None,
            self._giving_way_since + config.give_way_ms
            if self._giving_way_since is not None
            else self._playout.due_ms(self._now),
            self._starving[1] + config.synthesis_timeout_ms if self._starving is not None else None,
            self._dead_since + config.dead_air_ms if self._dead_since is not None else None,
        ):
            if at_ms is not None:
                due.append(at_ms)
        return max(self._now, min(due))

    # --- events ---

    def _begin(self, event: CallStarted) -> None:
        self._is_started = True
        self._ear.language = event.language or self.config.language
        self._advance(
            Begin(
                event.call_id,
                event.ani,
                event.dnis,
                event.started_at,
                event.seed,
                event.language,
                event.resume,
            )
        )

    def _dispatch(self, event: Event) -> None:
        match event:
            case FrameReceived() if self._is_listening:
                is_sounding = self._playout.is_sounding(self._now)
                self._listen(self._ear.frame(event, self._now, is_bot_speaking=is_sounding))
            case Heard():
                self._listen(self._ear.heard(event, self._now))
            case RecognitionFailed():
                self._listen(self._ear.failed(event, self._now))
            case KeyPressed() if self._is_listening:
                self._on_key(event.key)
            case TextTyped() if self._is_listening:
                self._on_text(event.hearing)
            case MarkReached():
                self._playout.mark_reached(event.name, self._now)
            case SpeechReady():
                self._playout.add(event.request_id, event.samples, is_last=event.is_last)
            case SynthesisFailed():
                if self._playout.fail(event.request_id):
                    self._problem(event.code, prompt_id=event.request_id)
            case RequestAnswered():
                if self._requests.settle(event.request_id):
                    self._advance(Answered(event.request_id, event.result))
            case RequestFailed():
                if self._requests.settle(event.request_id):
                    self._advance(Refused(event.request_id, event.code))
            case AgentLegChanged() | CallerBridged() | BridgeFailed():
                self._step_transfer(event)
            case StreamEnded():
                self._on_stream_ended(event)
            case ConversationEnded():
                if self._is_bridged:
                    self._end("conversation_ended")
            case _:
                pass

    @property
    def _is_listening(self) -> bool:
        """May the caller say something to the bot?"""
        return self._is_stream_open and self._finish is None and not self._is_moving

    @property
    def _is_transferring(self) -> bool:
        return self._transfer is not None and not self._transfer.is_over

    @property
    def _is_moving(self) -> bool:
        """The caller is on the way to an agent, or there."""
        moving = (transfer.Phase.BRIDGING, transfer.Phase.CONNECTED)
        return self._transfer is not None and self._transfer.phase in moving

    @property
    def _is_bridged(self) -> bool:
        return self._transfer is not None and self._transfer.phase is transfer.Phase.CONNECTED

    def _on_stream_ended(self, event: StreamEnded) -> None:
        self._is_stream_open = False
        self._ear.abandon()
        if event.reason == "moved" and self._is_bridged:
            self._end("transferred")
        elif event.reason == "moved" and self._is_transferring:
            self._playout.drop(with_must_hear=True)
        else:
            self._step_transfer(event)
            self._end(event.reason)

    # --- listening ---

    def _listen(self, events: list[EarEvent]) -> None:
        for event in events:
            match event:
                case Began():
                    self._contexts[event.turn] = self._context()
                case WantsFloor():
                    self._on_wants_floor(event.turn)
                case Partly():
                    self._on_partly(event)
                case Spoken():
                    self._on_spoken(event)
                case Silent():
                    self._on_silent()

    def _context(self) -> _Context:
        heard_share = self._playout.heard_share(self._now)
        is_over_prompt = self._playout.is_sounding(self._now) or (
            not self._playout.is_idle and heard_share < 1
        )
        return _Context(is_over_prompt=is_over_prompt, heard_share=heard_share)

    def _on_wants_floor(self, turn: int) -> None:
        if self._playout.is_held or not self._playout.is_interruptible():
            return
        if self._false_stops >= MOST_FALSE_STOPS:
            return
        self._stop_prompt(turn)

    def _stop_prompt(self, turn: int) -> None:
        context = self._contexts.setdefault(turn, _Context(is_over_prompt=True, heard_share=0.0))
        context.heard_share = self._playout.heard_share(self._now)
        context.stopped_prompt = context.is_over_prompt = True
        self._journal("barge_in", turn=turn, heard_share=round(context.heard_share, 2))
        self._clear()

    def _on_partly(self, event: Partly) -> None:
        if not event.hearing.text:
            return
        judgement = self._judge(event.hearing)
        is_sounding = self._playout.is_sounding(self._now)
        if judgement.is_urgent and is_sounding and not self._playout.is_held:
            self._stop_prompt(event.turn)
        if judgement.is_unfinished:
            self._ear.hold_off()
        elif judgement.is_complete or judgement.is_urgent:
            self._listen(self._ear.complete(self._now))

    def _on_spoken(self, spoken: Spoken) -> None:
        context = self._contexts.get(spoken.turn) or _Context(is_over_prompt=False, heard_share=1.0)
        self._contexts = {turn: kept for turn, kept in self._contexts.items() if turn > spoken.turn}
        if spoken.problem:
            self._problem(spoken.problem, turn=spoken.turn)
        judgement = self._judge(spoken.hearing)
        if not self._means_something(spoken, context, judgement):
            self._note_caller(spoken.turn, spoken.hearing, taken="no")
            self._ignore()
            return
        utterance = spoken.utterance
        if self._first_level_db is None:
            self._first_level_db = utterance.level_db
        manner = Manner(
            speech_ms=utterance.speech_ms,
            loudness_db=round(utterance.level_db - self._first_level_db, 1),
            interrupted=context.is_over_prompt,
            heard_share=context.heard_share if context.is_over_prompt else 1.0,
        )
        clock = TurnClock(
            spoken.turn, "speech", utterance.last_sound_ms, spoken.ended_ms, spoken.recognised_ms
        )
        self._take(Kept(CallerSaid(spoken.hearing, manner), clock, judgement.is_urgent))

    def _means_something(self, spoken: Spoken, context: _Context, judgement: Judgement) -> bool:
        """Is this an input, or only a sign of life?"""
        if spoken.problem:
            return context.stopped_prompt or not context.is_over_prompt
        if not spoken.hearing.text and spoken.hearing.best_expected is None:
            is_long = spoken.utterance.speech_ms >= self.config.empty_speech_ms
            return is_long and not context.is_over_prompt
        if not judgement.is_backchannel or judgement.is_urgent:
            return True
        if context.is_over_prompt and context.heard_share < self.config.heard_enough:
            return False
        return judgement.is_complete or (
            self._question is not None and self._question.expectation.kind == "yes_no"
        )

    def _ignore(self) -> None:
        """It was nothing: go on as before, with a little patience."""
        if self._playout.is_held:
            self._false_stops += 1
            self._playout.resume()
        self._ear.turns.expect_again(self._now + self.config.after_ignored_ms)

    def _on_text(self, hearing: Hearing) -> None:
        turn = self._ear.next_turn()
        clock = TurnClock(turn, "text", self._now, self._now, self._now)
        context = self._context()
        manner = Manner(
            interrupted=context.is_over_prompt,
            heard_share=context.heard_share if context.is_over_prompt else 1.0,
        )
        self._take(Kept(CallerSaid(hearing, manner), clock, self._judge(hearing).is_urgent))

    def _on_silent(self) -> None:
        if self._question is None or self._requests.is_pending or not self._playout.is_idle:
            return
        self._journal("no_input", question=self._question.name)
        self._clock = None
        self._advance(CallerSilent())

    # --- keys ---

    def _on_key(self, key: str) -> None:
        is_agent = self._keypad.means_agent(key)
        self._journal("key", key=self._masked(key))
        self._ear.abandon()
        self._ear.turns.expect_by(None)
        self._contexts.clear()
        self._kept.drop_speech()
        if not self._playout.is_idle and (is_agent or self._playout.is_interruptible()):
            self._clear()
            self._playout.drop(with_must_hear=is_agent)
        elif self._playout.is_held:
            self._playout.resume()
        entry = self._keypad.press(key, self._now)
        if entry is not None:
            self._on_entry(entry, self._now)

    def _on_entry(self, entry: str, last_key_ms: int) -> None:
        turn = self._ear.next_turn()
        clock = TurnClock(turn, "keys", last_key_ms, self._now, self._now)
        self._take(Kept(CallerKeyed(entry), clock, is_urgent=entry == AGENT_KEY and self._is_agent_entry()))

    def _is_agent_entry(self) -> bool:
        keys = self._question.keys if self._question is not None else None
        return keys is None or AGENT_KEY not in keys.choices

    # --- giving inputs to the dialogue ---

    def _take(self, kept: Kept) -> None:
        """Give an input to the dialogue now, or keep it until it may be given."""
        is_free = not self._requests.is_pending and not self._playout.must_be_heard
        may_pass = kept.is_urgent and not self._requests.is_writing
        self._note_input(kept, taken="yes" if is_free or may_pass else "kept")
        if is_free or may_pass:
            self._give(kept)
            return
        kept.waits_for_silence = self._requests.is_pending
        self._kept.add(kept)
        if self._playout.is_held:
            self._playout.drop()

    def _give(self, kept: Kept) -> None:
        if not self._playout.is_idle:
            self._clear()
            self._playout.drop(with_must_hear=kept.is_urgent)
        self._clock = kept.clock
        self._false_stops = 0
        self._keypad.drop()
        self._advance(kept.given)

    def _advance(self, given: Input) -> None:
        self._ear.turns.expect_by(None)
        try:
            self._state, actions = self._dialogue.advance(self._state, given)
        except Exception as error:  # any fault of a script or its code ends this turn, never the call
            self._problem("E-DIALOGUE", error=type(error).__name__, at=_place_of(error))
            if isinstance(given, Broken):
                self._hang_up("trouble")
            else:
                self._requests.drop()
                self._advance(Broken("E-DIALOGUE"))
            return
        for action in actions:
            if not self._is_over:
                self._carry_out(action)

    def _judge(self, hearing: Hearing) -> Judgement:
        try:
            return self._dialogue.judge(self._state, hearing)
        except Exception as error:  # an opinion is not worth a turn
            self._problem("E-DIALOGUE-JUDGE", error=type(error).__name__, at=_place_of(error))
            return Judgement(is_backchannel=not hearing.text)

    # --- actions ---

    def _carry_out(self, action: Action) -> None:
        match action:
            case SayAction():
                self._say(action)
            case Question():
                self._open(action)
            case Fetch():
                self._fetch(action)
            case HandOver():
                self._hand_over(action)
            case Finish():
                self._finish = action
                self._question = None
            case Note():
                self._emit(Journal(action.kind, action.data))

    def _say(self, say: SayAction) -> None:
        if not self._is_stream_open or self._is_moving:
            return
        self._prompts += 1
        self._voice, self._pace = say.voice, say.pace
        if self._clock is not None and self._clock.decided_ms is None:
            self._clock.decided_ms = self._now
        text = MASK if say.is_secret else say.text
        self._journal("bot_says", prompt=say.prompt, text=text, prompt_id=self._prompts)
        self._playout.begin(self._prompts, gain_db=say.gain_db, is_interruptible=say.is_interruptible)
        if say.spoken.strip():
            self._emit(Synthesise(self._prompts, say.spoken, say.voice, say.pace))
        else:
            self._playout.fail(self._prompts)

    def _open(self, question: Question) -> None:
        self._question = question
        self._dead_airs = 0
        self._ear.ask(question.expectation, question.silence_ms, question.language)
        self._keypad.open(question.keys)
        self._journal("question", name=question.name, is_secret=question.is_secret)
        for text in question.prepare:
            self._emit(Prepare(text, self._voice, self._pace))

    def _fetch(self, fetch: Fetch) -> None:
        self._requests.add(fetch, self._now)
        self._emit(
            Request(
                fetch.request_id, fetch.operation, fetch.arguments, fetch.timeout_ms, fetch.idempotency_key
            )
        )

    # --- transfer ---

    def _hand_over(self, action: HandOver) -> None:
        if self._is_transferring:
            self._problem("E-TRANSFER-TWICE", queue=action.queue)
            return
        queue = self.config.queues.get(action.queue)
        if queue is None:
            self._problem("E-TRANSFER-QUEUE", queue=action.queue)
        first = self._transfer.attempt + 1 if self._transfer is not None else 1
        self._transferred(
            transfer.begin(
                action.queue,
                queue.agents if queue is not None else (),
                ring_ms=queue.ring_ms if queue is not None else 0,
                recap=action.recap,
                now_ms=self._now,
                first_attempt=first,
            )
        )

    def _step_transfer(self, event: Event) -> None:
        if self._transfer is not None:
            self._transferred(transfer.step(self._transfer, event, self._now))

    def _transferred(self, stepped: transfer.Stepped) -> None:
        self._transfer = stepped.state
        for command in stepped.commands:
            self._emit(command)
            if isinstance(command, BridgeCaller):
                self._fall_silent()
        if stepped.outcome is None:
            return
        if stepped.outcome.outcome == "connected":
            self._fall_silent()
        self._advance(stepped.outcome)
        if not self._is_stream_open and stepped.outcome.outcome != "caller_left":
            self._end("transferred" if stepped.outcome.outcome == "connected" else "stream_lost")

    def _fall_silent(self) -> None:
        """A human takes over: stop speaking and listening."""
        self._clear()
        self._playout.drop(with_must_hear=True)
        self._ear.abandon()
        self._keypad.drop()
        self._kept.drop()

    # --- after every event ---

    def _settle(self) -> list[Command]:
        """Let time do its work, give what was kept, speak, and look after the silence."""
        if not self._is_over and self._is_started:
            self._tick()
            self._give_kept()
            self._maybe_hang_up()
            self._guard()
            self._watch_synthesis()
            self._pump()
            self._arm()
        commands, self._commands = self._commands, []
        return commands

    def _tick(self) -> None:
        for heard in self._playout.tick(self._now):
            if heard.is_assumed:
                self._problem("E-MEDIA-MARK", prompt_id=heard.prompt_id)
        self._listen(self._ear.tick(self._now))
        last_key_ms = self._keypad.pressed_ms
        if (entry := self._keypad.tick(self._now)) is not None:
            self._on_entry(entry, last_key_ms)
        for request_id in self._requests.take_overdue(self._now):
            self._problem("E-BACKOFFICE-LATE", request_id=request_id)
            self._advance(Refused(request_id, "timeout"))
        if self._playout.is_idle:
            for request_id in self._requests.take_late(self._now):
                self._advance(Late(request_id))
        self._step_transfer(Woken())

    def _give_kept(self) -> None:
        while (
            not self._is_over
            and self._is_listening
            and not self._requests.is_pending
            and (
                kept := self._kept.take(
                    must_be_heard=self._playout.must_be_heard, is_idle=self._playout.is_idle
                )
            )
        ):
            self._give(kept)

    def _maybe_hang_up(self) -> None:
        if self._finish is not None and self._playout.is_idle and not self._requests.is_pending:
            self._hang_up(self._finish.reason)

    def _guard(self) -> None:
        """What should never be needed, so that no mistake above can leave the caller in silence."""
        if self._is_over or self._is_bridged:
            return
        if self._playout.is_held and not self._ear.is_busy:
            self._playout.resume()
        if self._now >= self._ends_at:
            self._on_too_long()
        if self._dead_since is not None and self._now >= self._dead_since + self.config.dead_air_ms:
            self._dead_since = None
            self._dead_airs += 1
            self._problem("E-CALL-DEAD-AIR", times=self._dead_airs)
            if self._dead_airs >= MOST_DEAD_AIR:
                self._hang_up("trouble")
            else:
                self._advance(Broken("E-CALL-DEAD-AIR"))

    def _on_too_long(self) -> None:
        self._ends_at = self._now + LAST_MINUTE_MS
        if self._is_transferring:
            return
        if self._is_last_minute:
            self._hang_up("trouble")
            return
        self._is_last_minute = True
        self._problem("E-CALL-LONG")
        self._advance(Broken("E-CALL-LONG"))

    def _watch_synthesis(self) -> None:
        prompt_id = self._playout.waiting_for()
        if prompt_id is None or self._playout.is_held or self._playout.is_sounding(self._now):
            self._starving = None
        elif self._starving is None or self._starving[0] != prompt_id:
            self._starving = (prompt_id, self._now)
        elif self._now >= self._starving[1] + self.config.synthesis_timeout_ms:
            self._problem("E-TTS-LATE", prompt_id=prompt_id)
            self._playout.fail(prompt_id)
            self._starving = None

    def _pump(self) -> None:
        """Send audio, unless a new prompt would begin while the caller is speaking."""
        if self._is_over or not self._is_stream_open:
            return
        is_beginning = not self._playout.is_idle and not self._playout.is_sounding(self._now)
        if is_beginning and not self._playout.is_held and self._ear.is_holding_forth(self._now):
            if self._giving_way_since is None:
                self._giving_way_since = self._now
            if self._now < self._giving_way_since + self.config.give_way_ms:
                return
        self._giving_way_since = None
        for command in self._playout.pump(self._now):
            clock = self._clock
            if isinstance(command, SendAudio) and clock is not None and clock.decided_ms is not None:
                self._emit(Journal("turn", clock.record(self._now)))
                self._clock = None
            self._emit(command)

    def _arm(self) -> None:
        """Start the caller's patience once the question has been heard; watch over dead air."""
        if self._is_over:
            return
        is_quiet, turns = self._is_quiet, self._ear.turns
        if not is_quiet:
            turns.expect_by(None)
        elif self._question is not None and not self._ear.is_busy and not turns.is_expecting:
            turns.expect_by(self._now + self._question.no_input_ms)
        is_dead = (
            is_quiet
            and not turns.is_expecting
            and not self._ear.is_busy
            and self._finish is None
            and not self._is_transferring
        )
        if not is_dead:
            self._dead_since = None
        elif self._dead_since is None:
            self._dead_since = self._now

    @property
    def _is_quiet(self) -> bool:
        """Nothing is said, and nothing but the caller's voice is awaited."""
        return (
            self._playout.is_idle
            and not self._requests.is_pending
            and not self._keypad.entry
            and not self._kept
            and not self._is_moving
        )

    # --- small things ---

    def _clear(self) -> None:
        for command in self._playout.clear(self._now):
            self._emit(command)

    def _hang_up(self, reason: str) -> None:
        if self._is_transferring:
            self._step_transfer(StreamEnded("server_stopping"))
        if not self._is_over:
            self._emit(HangUp(reason))
            self._end(reason)

    def _end(self, reason: str) -> None:
        if self._is_over:
            return
        self._ear.abandon()
        self._journal("outcome", ended=reason, for_ms=self._now)
        self._is_over = True

    def _emit(self, command: Command) -> None:
        self._commands.append(command)

    def _journal(self, kind: str, **data: Value) -> None:
        self._emit(Journal(kind, data))

    def _problem(self, code: str, **data: Value) -> None:
        self._journal("problem", code=code, **data)

    def _masked(self, text: str) -> str:
        return MASK if self._question is not None and self._question.is_secret else text

    def _note_input(self, kept: Kept, *, taken: str) -> None:
        if isinstance(kept.given, CallerKeyed):
            self._journal(
                "caller_says", turn=kept.clock.turn, keys=self._masked(kept.given.keys), taken=taken
            )
        else:
            self._note_caller(kept.clock.turn, kept.given.hearing, kept.given.manner, taken=taken)

    def _note_caller(self, turn: int, hearing: Hearing, manner: Manner | None = None, *, taken: str) -> None:
        data: dict[str, Value] = {
            "turn": turn,
            "text": self._masked(hearing.text),
            "language": hearing.language,
            "confidence": round(hearing.confidence, 3),
            "took_ms": hearing.took_ms,
            "taken": taken,
        }
        if manner is not None:
            data |= {"interrupted": manner.interrupted, "heard_share": round(manner.heard_share, 2)}
            data |= {"speech_ms": manner.speech_ms, "loudness_db": manner.loudness_db}
        self._emit(Journal("caller_says", data))


def _place_of(error: BaseException) -> str:
    """File and line where an error arose; its message may quote the caller, so it is left out."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    name = trace.tb_frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{name}:{trace.tb_lineno}"
