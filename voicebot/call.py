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

from typing import Any

from voicebot.call_clock import TurnClock
from voicebot.call_config import CallConfig
from voicebot.call_dialogue import Conversation, Dialogue
from voicebot.call_ear import Began, Ear, EarEvent, Partly, Silent, Spoken, WantsFloor
from voicebot.call_floor import Context, means_something
from voicebot.call_guard import Alarm, Guard
from voicebot.call_handover import HandOvers
from voicebot.call_journal import CallJournal
from voicebot.call_kept import Kept, KeptInputs
from voicebot.call_requests import Requests
from voicebot.call_voice import Voice
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
    HandOverEnded,
    Input,
    Late,
    Manner,
    Note,
    Question,
    Refused,
    SayAction,
)
from voicebot.events import (
    AgentLegChanged,
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
    RecognitionFailed,
    Request,
    RequestAnswered,
    RequestFailed,
    SendAudio,
    SpeechReady,
    StreamEnded,
    SynthesisFailed,
    TextTyped,
    Woken,
)
from voicebot.keypad import AGENT_KEY, Keypad

__all__ = ["Call", "CallConfig", "Dialogue"]

MOST_FALSE_STOPS = 2
"""then noise no longer stops the bot, only words do"""


class Call:
    """One phone call, from the first ring to the last word."""

    def __init__(self, dialogue: Dialogue, config: CallConfig | None = None) -> None:
        self.config = config or CallConfig()
        self._commands: list[Command] = []
        self._now = 0
        self._is_started = False
        self._is_over = False
        self._ear = Ear(self.config, self._emit)
        self._keypad = Keypad()
        self._journal = CallJournal(self._emit)
        self._conversation = Conversation(dialogue, self._journal.problem)
        self._guard = Guard(self.config)
        self._voice = Voice(self.config, self._emit, self._journal.problem)
        self._playout = self._voice.playout
        self._requests = Requests(self.config.request_grace_ms)
        self._kept = KeptInputs()
        self._question: Question | None = None
        self._finish: Finish | None = None
        self._hand_overs = HandOvers(self.config.queues, self._emit, self._journal.problem)
        self._is_stream_open = True
        self._contexts: dict[int, Context] = {}
        self._clock: TurnClock | None = None
        self._first_level_db: float | None = None
        self._false_stops = 0
        """times in a row a prompt was stopped for nothing"""

    # --- the driver's side ---

    @property
    def is_over(self) -> bool:
        """Nothing will be done any more, whatever happens."""
        return self._is_over

    @property
    def is_bridged(self) -> bool:
        """Caller and agent are talking: only the end of the stream or of their talk is awaited."""
        return self._hand_overs.is_bridged

    @property
    def is_waiting(self) -> bool:
        """The bot has said its say: only the caller, or his silence, brings the call on."""
        return self._is_quiet and not self._ear.is_busy and self._finish is None

    @property
    def state(self) -> Any:
        """The dialogue's state, to be stored or compared."""
        return self._conversation.state

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
        self._journal.problem(code)
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
        if self._is_over or not self._is_started or self._hand_overs.is_bridged:
            return None
        due = [
            self._guard.due_ms(),
            self._ear.due_ms(),
            self._keypad.due_ms(),
            self._requests.due_ms(counts_late=self._playout.is_idle),
            self._hand_overs.due_ms(),
            self._voice.due_ms(self._now),
        ]
        return max(self._now, min(at_ms for at_ms in due if at_ms is not None))

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
                self._voice.ready(event)
            case SynthesisFailed():
                self._voice.failed(event)
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
                if self._hand_overs.is_bridged:
                    self._end("conversation_ended")
            case _:
                pass

    @property
    def _is_listening(self) -> bool:
        """May the caller say something to the bot?"""
        return self._is_stream_open and self._finish is None and not self._hand_overs.is_moving

    def _on_stream_ended(self, event: StreamEnded) -> None:
        self._is_stream_open = False
        self._ear.abandon()
        if event.reason == "moved" and self._hand_overs.is_bridged:
            self._end("transferred")
        elif event.reason == "moved" and self._hand_overs.is_running:
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

    def _context(self) -> Context:
        heard_share = self._playout.heard_share(self._now)
        is_over_prompt = self._playout.is_sounding(self._now) or (
            not self._playout.is_idle and heard_share < 1
        )
        return Context(
            is_over_prompt=is_over_prompt,
            heard_share=heard_share,
            last_prompt=self._voice.last_prompt,
            is_during_request=self._requests.is_pending,
        )

    def _on_wants_floor(self, turn: int) -> None:
        if self._playout.is_held or not self._playout.is_interruptible():
            return
        if self._false_stops >= MOST_FALSE_STOPS:
            return
        self._stop_prompt(turn)

    def _stop_prompt(self, turn: int) -> None:
        context = self._contexts.setdefault(turn, Context(is_over_prompt=True, heard_share=0.0))
        context.heard_share = self._playout.heard_share(self._now)
        context.has_stopped_prompt = context.is_over_prompt = True
        self._journal.write("barge_in", turn=turn, heard_share=round(context.heard_share, 2))
        self._voice.stop(self._now)

    def _on_partly(self, event: Partly) -> None:
        if not event.hearing.text:
            return
        judgement = self._conversation.judge(event.hearing)
        is_sounding = self._playout.is_sounding(self._now)
        if judgement.is_urgent and is_sounding and not self._playout.is_held:
            self._stop_prompt(event.turn)
        if judgement.is_unfinished:
            self._ear.hold_off()
        elif judgement.is_complete or judgement.is_urgent:
            self._listen(self._ear.complete(self._now))

    def _on_spoken(self, spoken: Spoken) -> None:
        context = self._contexts.get(spoken.turn) or Context()
        self._contexts = {turn: kept for turn, kept in self._contexts.items() if turn > spoken.turn}
        if spoken.problem:
            self._journal.problem(spoken.problem, turn=spoken.turn)
        judgement = self._conversation.judge(spoken.hearing)
        if not means_something(spoken, context, judgement, self._question, self.config):
            self._journal.caller_text(spoken.turn, spoken.hearing, taken="no")
            self._ignore()
            return
        utterance = spoken.utterance
        if self._first_level_db is None:
            self._first_level_db = utterance.level_db
        loudness_db = round(utterance.level_db - self._first_level_db, 1)
        manner = self._manner(context, speech_ms=utterance.speech_ms, loudness_db=loudness_db)
        clock = TurnClock(
            spoken.turn, "speech", utterance.last_sound_ms, spoken.ended_ms, spoken.recognised_ms
        )
        self._take(Kept(CallerSaid(spoken.hearing, manner), clock, judgement.is_urgent, context))

    def _manner(self, context: Context, *, speech_ms: int = 0, loudness_db: float = 0.0) -> Manner:
        is_over_prompt = context.is_over_prompt
        heard_share = context.heard_share if is_over_prompt else self._playout.heard_share(self._now)
        return Manner(speech_ms, loudness_db, is_over_prompt, heard_share)

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
        said = CallerSaid(hearing, self._manner(context))
        self._take(Kept(said, clock, self._conversation.judge(hearing).is_urgent, context))

    def _on_silent(self) -> None:
        if self._question is None or self._requests.is_pending or not self._playout.is_idle:
            return
        self._journal.write("no_input", question=self._question.name)
        self._clock = None
        self._advance(CallerSilent())

    # --- keys ---

    def _on_key(self, key: str) -> None:
        is_agent = self._keypad.means_agent(key)
        self._journal.pressed(key)
        self._ear.abandon()
        self._ear.turns.expect_by(None)
        self._contexts.clear()
        self._kept.drop_speech()
        if not self._playout.is_idle and (is_agent or self._playout.is_interruptible()):
            self._voice.stop(self._now)
            self._playout.drop(with_must_hear=is_agent)
        elif self._playout.is_held:
            self._playout.resume()
        entry = self._keypad.press(key, self._now)
        if entry is not None:
            self._on_entry(entry, self._now)

    def _on_entry(self, entry: str, last_key_ms: int) -> None:
        turn = self._ear.next_turn()
        clock = TurnClock(turn, "keys", last_key_ms, self._now, self._now)
        is_urgent = entry == AGENT_KEY and self._is_agent_entry()
        self._take(Kept(CallerKeyed(entry), clock, is_urgent, self._context()))

    def _is_agent_entry(self) -> bool:
        keys = self._question.keys if self._question is not None else None
        return keys is None or AGENT_KEY not in keys.choices

    # --- giving inputs to the dialogue ---

    def _take(self, kept: Kept) -> None:
        """Give an input to the dialogue now, or keep it until it may be given."""
        is_answer_unheard = kept.context.is_during_request and not self._playout.is_idle
        must_wait = self._requests.is_pending or self._playout.must_be_heard or is_answer_unheard
        if kept.is_urgent:
            must_wait = self._requests.is_writing
        self._journal.caller(kept.clock.turn, kept.given, taken="kept" if must_wait else "yes")
        if not must_wait:
            self._give(kept)
            return
        kept.waits_for_silence = self._requests.is_pending or is_answer_unheard
        self._kept.add(kept)
        if self._playout.is_held:
            self._playout.drop(up_to=kept.context.last_prompt)

    def _give(self, kept: Kept) -> None:
        if not self._playout.is_idle:
            self._voice.stop(self._now)
            self._playout.drop(with_must_hear=kept.is_urgent)
        self._clock = kept.clock
        self._false_stops = 0
        self._keypad.drop()
        self._advance(kept.given)

    def _advance(self, given: Input) -> None:
        self._ear.turns.expect_by(None)
        actions = self._conversation.advance(given)
        if actions is None:
            self._hang_up("trouble")
            return
        for action in actions:
            if not self._is_over:
                self._carry_out(action)

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
        if not self._is_stream_open or self._hand_overs.is_moving:
            return
        if self._clock is not None and self._clock.decided_ms is None:
            self._clock.decided_ms = self._now
        self._journal.bot_says(say, self._voice.say(say))

    def _open(self, question: Question) -> None:
        self._question = question
        self._guard.asked()
        self._ear.ask(question.expectation, question.silence_ms, question.language)
        self._keypad.open(question.keys)
        self._journal.opened(question)
        for text in question.prepare:
            self._voice.prepare(text)

    def _fetch(self, fetch: Fetch) -> None:
        self._requests.add(fetch, self._now)
        self._emit(
            Request(
                fetch.request_id, fetch.operation, fetch.arguments, fetch.timeout_ms, fetch.idempotency_key
            )
        )

    # --- transfer ---

    def _hand_over(self, action: HandOver) -> None:
        self._hand_over_ended(self._hand_overs.begin(action, self._now))

    def _step_transfer(self, event: Event) -> None:
        was_moving = self._hand_overs.is_moving
        ended = self._hand_overs.step(event, self._now)
        if self._hand_overs.is_moving and not was_moving:
            self._fall_silent()
        self._hand_over_ended(ended)

    def _hand_over_ended(self, ended: HandOverEnded | None) -> None:
        if ended is None:
            return
        self._advance(ended)
        if not self._is_stream_open and ended.outcome != "caller_left":
            self._end("transferred" if ended.outcome == "connected" else "stream_lost")

    def _fall_silent(self) -> None:
        """A human takes over: stop speaking and listening."""
        self._voice.fall_silent(self._now)
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
            self._look_after()
            self._pump()
            self._arm()
        commands, self._commands = self._commands, []
        return commands

    def _tick(self) -> None:
        self._voice.tick(self._now)
        self._listen(self._ear.tick(self._now))
        last_key_ms = self._keypad.pressed_ms
        if (entry := self._keypad.tick(self._now)) is not None:
            self._on_entry(entry, last_key_ms)
        for request_id in self._requests.take_overdue(self._now):
            self._journal.problem("E-BACKOFFICE-LATE", request_id=request_id)
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

    def _look_after(self) -> None:
        """What should never be needed, so that no mistake above can leave the caller in silence."""
        if self._is_over or self._hand_overs.is_bridged:
            return
        if self._playout.is_held and not self._ear.is_busy:
            self._playout.resume()
        alarm = self._guard.alarm(self._now, is_transferring=self._hand_overs.is_running)
        if alarm is Alarm.BEYOND_HELP:
            self._hang_up("trouble")
        elif alarm is not None:
            self._journal.problem(alarm.value)
            self._advance(Broken(alarm.value))

    def _pump(self) -> None:
        if self._is_over or not self._is_stream_open:
            return
        is_caller_speaking = self._ear.is_holding_forth(self._now)
        for command in self._voice.pump(self._now, is_caller_speaking=is_caller_speaking):
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
            and not self._hand_overs.is_running
        )
        self._guard.look(self._now, is_dead=is_dead)

    @property
    def _is_quiet(self) -> bool:
        """Nothing is said, and nothing but the caller's voice is awaited."""
        return (
            self._playout.is_idle
            and not self._requests.is_pending
            and not self._keypad.entry
            and not self._kept
            and not self._hand_overs.is_moving
        )

    # --- small things ---

    def _hang_up(self, reason: str) -> None:
        if self._hand_overs.is_running:
            self._step_transfer(StreamEnded("server_stopping"))
        if not self._is_over:
            self._emit(HangUp(reason))
            self._end(reason)

    def _end(self, reason: str) -> None:
        if self._is_over:
            return
        self._ear.abandon()
        self._journal.write("outcome", ended=reason, for_ms=self._now)
        self._is_over = True

    def _emit(self, command: Command) -> None:
        self._commands.append(command)
