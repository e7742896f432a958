"""The dialogue engine: `advance(state, input) -> (state, actions)`.

Nothing happens here that the script, the caller's words or the business systems did not
cause; the same state and input always give the same answer.
"""

from __future__ import annotations

import copy
from dataclasses import replace

from voicebot.dialogue import answering, api, asking, hearing, steps, understand
from voicebot.dialogue.state import Frame, State
from voicebot.dialogue.turn import Turn
from voicebot.dialogue.understand import CERTAIN, Meaning
from voicebot.dialplan import model as m
from voicebot.dialplan.model import Dialplan
from voicebot.events import Hearing

MOST_BREAKDOWNS = 2
MOST_PREPARED = 3
"""likely answers whose consequences are made ahead"""


class Dialogue:
    """One hotline's conversation. Shared by all calls of a line: it holds no call."""

    def __init__(self, dialplan: Dialplan, meaning: Meaning | None = None) -> None:
        """meaning: sentence to unit vector; without it, understanding goes by words and sounds."""
        self.dialplan = dialplan
        self.meaning = meaning
        understand.learn(dialplan, meaning)

    def start(self) -> State:
        """The state before anything has happened."""
        return State(language=self.dialplan.languages[0])

    def advance(self, state: State, given: api.Input) -> tuple[State, tuple[api.Action, ...]]:
        """Take one input; the state given is left as it was."""
        turn = Turn(self.dialplan, copy.deepcopy(state), self.meaning)
        turn.state.saying = []
        if turn.state.is_over and not isinstance(given, api.HandOverEnded):
            return turn.state, ()
        if isinstance(given, api.CallerSaid | api.CallerKeyed):
            turn.state.call["turns"] = turn.state.call.get("turns", 0) + 1
        self._take(turn, given)
        if not turn.state.is_over:
            self._keep_limits(turn)
            steps.run(turn)
        if turn.state.saying and not turn.has_repeated:
            turn.state.last_said = list(turn.state.saying)
            turn.state.repeats = 0
        return turn.state, self._with_preparation(
            turn.state, _questions_last(turn.actions, turn.state.language)
        )

    def _with_preparation(self, state: State, actions: tuple[api.Action, ...]) -> tuple[api.Action, ...]:
        """Find out what will be said next, by trying the likeliest answers on a copy.

        The wording depends on nothing but the state, so what is made ahead is what will be said.
        """
        if not actions or not isinstance(actions[-1], api.Question) or state.is_handing_over:
            return actions
        texts: list[str] = []
        for candidate in actions[-1].expectation.candidates[:MOST_PREPARED]:
            heard = Hearing(candidate.sayings[0], best_expected=candidate.value, confidence=1.0)
            ahead = Turn(self.dialplan, copy.deepcopy(state), None)
            ahead.state.saying = []
            hearing.hear(ahead, api.CallerSaid(heard))
            steps.run(ahead)
            texts += [action.spoken for action in ahead.actions if isinstance(action, api.SayAction)]
        return (*actions[:-1], replace(actions[-1], prepare=tuple(dict.fromkeys(texts))))

    def _take(self, turn: Turn, given: api.Input) -> None:
        match given:
            case api.Begin():
                _begin(turn, given)
            case api.CallerSaid():
                hearing.hear(turn, given)
            case api.CallerKeyed():
                _keyed(turn, given.keys)
            case api.CallerSilent():
                hearing.silent(turn)
            case api.Answered():
                steps.answered(turn, given.request_id, given.result)
            case api.Refused():
                steps.refused(turn, given.request_id, given.code)
            case api.Late():
                steps.late(turn, given.request_id)
            case api.HandOverEnded():
                _hand_over_ended(turn, given)
            case api.Broken():
                _broken(turn, given)

    def _keep_limits(self, turn: Turn) -> None:
        """A call that goes on for ever is fetched by a human."""
        state = turn.state
        if state.call.get("turns", 0) == self.dialplan.limits.turns and not state.is_handing_over:
            turn.note("problem", code="E-CALL-LONG", turns=state.call["turns"])
            steps.start_flow(turn, "agent")

    def judge(self, state: State, heard: Hearing) -> api.Judgement:
        """What a partial hearing tells, without changing anything."""
        turn = Turn(self.dialplan, state, self.meaning)
        read = understand.read(self.dialplan, state.language, heard, None, fillers=False)
        words = turn.phrases.words
        text = read.text
        backchannel = not text or understand.is_only(text, words.get("backchannel", ()))
        urgent = any(
            guess.score >= CERTAIN and turn.dialplan.flows[name].is_urgent
            for guess in read.guesses[:3]
            if guess.kind == "intent" and (name := hearing.flow_for(turn, guess.name))
        )
        endings = tuple(words.get("unfinished", ()))
        unfinished = bool(text) and bool(endings) and text.replace(" ", "").endswith(endings)
        return api.Judgement(
            is_backchannel=backchannel,
            is_complete=bool(text) and not unfinished and _is_complete(turn, text, heard),
            is_unfinished=unfinished,
            is_urgent=urgent,
        )


def _is_complete(turn: Turn, text: str, heard: Hearing) -> bool:
    """Does this answer the open question in full?"""
    opened = turn.state.open
    if opened is None or len(text.replace(" ", "")) > 12:
        return False
    slot = turn.dialplan.slots.get(opened.name)
    if opened.kind in ("confirm", "confirm_slot"):
        answer = answering.read_yes_no(turn, text, heard)
        # A bare "no" is often followed by what is meant instead.
        return answer.value is True and answer.confidence >= answering.SURE
    if slot is None or opened.kind not in ("slot", "offer"):
        return False
    if slot.type in ("digits", "phone", "account"):
        answer = answering.read_slot(turn, slot, text, heard)
        return (
            bool(slot.max_digits) and isinstance(answer.value, str) and len(answer.value) == slot.max_digits
        )
    if slot.type in ("choice", "yes_no", "record"):
        answer = answering.read_slot(turn, slot, text, heard)
        return answer.value is not None and answer.confidence >= answering.SURE and not answer.is_correction
    return False


def _begin(turn: Turn, begin: api.Begin) -> None:
    state, dialplan = turn.state, turn.dialplan
    state.seed = begin.seed
    state.language = begin.language if begin.language in dialplan.languages else dialplan.languages[0]
    state.call = {
        "id": begin.call_id,
        "ani": begin.ani,
        "dnis": begin.dnis,
        "started_at": begin.started_at,
        "today": begin.started_at.date(),
        "hour": begin.started_at.hour,
        "turns": 0,
        "resume": begin.resume,
    }
    flow = dialplan.flows[dialplan.opening]
    state.stack = [Frame(flow.name, flow.start)]
    if dialplan.record_calls and dialplan.recording_notice:
        turn.say(dialplan.recording_notice)
    turn.note("flow", flow=flow.name, event="begun")


def _questions_last(actions: list[api.Action], language: str) -> tuple[api.Action, ...]:
    """Only the last question counts, and it follows everything that is said."""
    questions = [replace(action, language=language) for action in actions if isinstance(action, api.Question)]
    others = [action for action in actions if not isinstance(action, api.Question)]
    return (*others, *questions[-1:])


def _keyed(turn: Turn, keys: str) -> None:
    """A finished entry. Keys win over half-heard speech, and 0 fetches an agent."""
    state, opened = turn.state, turn.state.open
    slot = turn.dialplan.slots.get(opened.name) if opened is not None else None
    state.transcript.append(("caller", "[***]" if slot is not None and slot.is_secret else f"[{keys}]"))
    if keys == "0" and not (slot is not None and slot.type in ("number", "money")):
        if not state.is_handing_over:
            state.pending = None
            steps.start_flow(turn, "agent")
        return
    if opened is None or state.is_handing_over:
        return
    if opened.kind in ("confirm", "confirm_slot"):
        flag = {"1": True, "2": False}.get(keys)
        if flag is None:
            _wrong_key(turn)
        elif opened.kind == "confirm":
            step = turn.step
            assert isinstance(step, m.Confirm)
            if flag or step.no != step.yes:
                turn.state.open = None
                turn.frame.step = step.yes if flag else step.no
                turn.frame.attempts = 0
            else:
                turn.say("what_to_change")
                asking.put_quietly(turn)
        elif flag and slot is not None:
            answering.fill(turn, slot, opened.value, 1.0, is_confirmed=True)
        elif slot is not None:
            state.open = None
            state.slots.pop(slot.name, None)
            turn.frame.refused_guesses.append(slot.name)
        return
    if opened.kind in ("offer", "which_intent"):
        at = int(keys) - 1 if keys.isdigit() else -1
        if not 0 <= at < len(opened.options):
            _wrong_key(turn)
        elif opened.kind == "which_intent":
            steps.start_flow(turn, opened.options[at])
        elif slot is not None:
            answering.fill(turn, slot, opened.options[at], 1.0, is_confirmed=True)
        return
    step = turn.step
    if opened.kind == "listen" and isinstance(step, m.Listen):
        flow = step.keys.get(keys)
        if flow is None:
            _wrong_key(turn)
        else:
            steps.start_flow(turn, flow)
        return
    if slot is not None:
        answer = answering.read_key(turn, slot, keys)
        if answer.is_given:
            answering.settle(turn, slot, replace(answer, confidence=1.0), by_key=True)
        else:
            _wrong_key(turn)


def _wrong_key(turn: Turn) -> None:
    turn.note("no_match", reason="wrong_key")
    hearing.not_understood(turn, "wrong_key" if turn.has_prompt("wrong_key") else "sorry_not_understood")


def _hand_over_ended(turn: Turn, ended: api.HandOverEnded) -> None:
    state = turn.state
    if ended.outcome == "failed":
        state.is_handing_over = False
        state.open = None
        return
    state.is_over = True
    state.is_handing_over = False
    turn.note("outcome", outcome="transferred" if ended.outcome == "connected" else ended.outcome)


def _broken(turn: Turn, broken: api.Broken) -> None:
    """Something unknown went wrong: say a prepared sentence; the second time fetch a human."""
    state = turn.state
    state.breakdowns += 1
    turn.note("problem", code=broken.code, breakdowns=state.breakdowns)
    state.pending = None
    if state.is_handing_over:
        return
    turn.say("trouble")
    if state.breakdowns >= MOST_BREAKDOWNS:
        steps.start_flow(turn, "agent")
        return
    if state.open is not None:
        asking.put_again(turn, state.open)
    elif isinstance(turn.step, m.Do):
        turn.frame.step = ""
        steps.start_flow(turn, "trouble")
