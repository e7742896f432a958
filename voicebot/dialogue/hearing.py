"""Decide what to do with what the caller said.

Order of precedence: a human, whenever asked for; a better idea than the answer expected; the
answer; a change of something settled earlier; another request; a question we know the answer
to; and only then "not understood", each time differently.
"""

from __future__ import annotations

import re
from dataclasses import replace

from voicebot.dialogue import answering, asking, steps, understand
from voicebot.dialogue.answering import PROBABLE, SURE, WORTH_ASKING, Answer
from voicebot.dialogue.api import CallerSaid, Question
from voicebot.dialogue.state import Open
from voicebot.dialogue.turn import Turn
from voicebot.dialogue.understand import CERTAIN, LIKELY, NEAR_TIE, POSSIBLE, Guess, Understood
from voicebot.dialplan import model as m
from voicebot.dialplan.system import SYSTEM_FLOWS
from voicebot.events import Expectation, Hearing
from voicebot.language import mood, questions

PATIENT_REMINDERS = 4
MOST_PARTS = 4
SHORTEST_PART = 4
"""characters of a part that may mean something by itself"""
_PAUSE = re.compile(r"[，。！？；,.!?;]+\s*")


def hear(turn: Turn, said: CallerSaid) -> None:
    """One utterance of the caller."""
    state = turn.state
    leads: list[str] = []
    if state.open is not None and state.open.kind in ("confirm", "confirm_slot"):
        leads = [word for words in asking.options_of(turn, "yes_no").values() for word in words]
    read = understand.read(turn.dialplan, state.language, said.hearing, turn.meaning, leads=leads)
    read = _by_parts(turn, read, said.hearing)
    if not read.text and said.hearing.best_expected is None:
        not_understood(turn, "sorry_not_heard")
        return
    state.transcript.append(("caller", read.text))
    _feel(turn, read)
    if _urgent(turn, read):
        return
    if state.is_handing_over:
        _while_handing_over(turn)
        return
    if state.open is None:
        # Nothing is asked (a business system is working): a request is kept, the rest is courtesy.
        _keep_request(turn, read)
        return
    if state.open.patience_ms:
        state.open.patience_ms = 0
        is_yes_no = state.open.kind in ("confirm", "confirm_slot")
        if not is_yes_no and understand.is_only(read.text, turn.phrases.words.get("backchannel", ())):
            asking.put_quietly(turn)
            return
    _answer_or_else(turn, state.open, read, said.hearing)


def _by_parts(turn: Turn, read: Understood, heard: Hearing) -> Understood:
    """A sentence that means nothing as a whole may have a part that does: callers talk around a thing."""
    if read.best is not None and read.best.score >= LIKELY:
        return read
    parts = [part for part in _PAUSE.split(heard.text) if len(part.replace(" ", "")) >= SHORTEST_PART]
    if not parts or parts == [heard.text]:
        return read
    best = read
    for part in parts[:MOST_PARTS]:
        alone = understand.read(
            turn.dialplan, turn.state.language, replace(heard, text=part, vector=None), turn.meaning
        )
        if alone.best is None or alone.best.score < LIKELY or alone.out_of_scope > alone.best.score:
            continue
        if best is read or best.best is None or alone.best.score > best.best.score:
            best = alone
    if best is read:
        return read
    return replace(read, guesses=best.guesses, out_of_scope=best.out_of_scope)


def _feel(turn: Turn, read: Understood) -> None:
    """Mood goes up at once and comes down slowly; empathy is shown once."""
    state = turn.state
    tone = mood.tone_of_text(read.text, turn.phrases.words)
    state.is_urgent = state.is_urgent or tone.is_urgent
    ranks = {name: at for at, name in enumerate(m.MOODS)}
    if ranks[tone.mood] > ranks[state.mood]:
        state.mood = tone.mood
        turn.note("mood", mood=tone.mood)
    if state.mood != "calm" and tone.mood != "calm" and not state.has_shown_empathy:
        state.has_shown_empathy = True
        turn.say(f"empathy_{state.mood}")


def flow_for(turn: Turn, intent: str) -> str:
    """The flow an intent starts, or ""."""
    for flow in turn.dialplan.flows.values():
        if intent in (flow.starts_on or (flow.name,)):
            return flow.name
    return ""


def _urgent(turn: Turn, read: Understood) -> bool:
    for guess in read.guesses[:3]:
        name = flow_for(turn, guess.name) if guess.kind == "intent" else ""
        if not name or not turn.dialplan.flows[name].is_urgent:
            continue
        is_best = guess is read.best
        if guess.score >= CERTAIN or (is_best and guess.score >= LIKELY + 0.08):
            if turn.state.is_handing_over:
                return False
            turn.note("intent", intent=guess.name, score=round(guess.score, 2), why=guess.why)
            turn.state.pending = None
            steps.start_flow(turn, name, heard=read.text)
            return True
    return False


def _while_handing_over(turn: Turn) -> None:
    turn.say("still_ringing")
    turn.actions.append(Question(Expectation("free"), 800, steps.HOLD_REMINDER_MS, None, name="hold:"))


def _keep_request(turn: Turn, read: Understood) -> None:
    best = read.best
    name = flow_for(turn, best.name) if best is not None and best.kind == "intent" else ""
    if not name or best is None or best.score < CERTAIN or turn.dialplan.flows[name].is_side:
        return
    if name not in turn.state.waiting_intents and name != turn.state.wants:
        turn.state.waiting_intents.append(name)


# --- The open question --------------------------------------------------------------------


def _answer_or_else(turn: Turn, opened: Open, read: Understood, heard: Hearing) -> None:
    slot = turn.dialplan.slots.get(opened.name)
    answer = answering.NO_ANSWER
    if opened.kind == "slot" and slot is not None:
        answer = answering.read_slot(turn, slot, read.text, heard)
    elif opened.kind == "offer" and slot is not None:
        answer = answering.answer_offer(turn, opened, slot, read.text, heard)
    elif opened.kind in ("confirm", "confirm_slot"):
        answer = answering.read_yes_no(turn, read.text, heard)
    elif opened.kind == "which_intent":
        answer = _chosen_intent(turn, opened, read, heard)

    if _prefers_request(turn, opened, answer, read):
        _begin_request(turn, read)
        return
    if opened.kind == "confirm_slot" and slot is not None:
        _close_confirm_slot(turn, opened, slot, answer, read, heard)
        return
    if opened.kind == "confirm":
        _close_confirm(turn, answer, read, heard)
        return
    if opened.kind == "listen":
        _close_listen(turn, read)
        return
    if opened.kind == "which_intent" and answer.value is not None:
        turn.state.open = None
        steps.start_flow(turn, answer.value, heard=turn.frame.heard)
        return
    if slot is not None and answer.is_given and answer.confidence >= PROBABLE:
        _remember_rest(turn, read)
        answering.settle(turn, slot, answer)
        return
    if _correct_earlier(turn, read, heard) or _begin_request(turn, read):
        return
    if slot is not None and answer.is_given and answer.confidence >= WORTH_ASKING:
        answering.settle(turn, slot, replace(answer, confidence=min(answer.confidence, PROBABLE - 0.01)))
        return
    _out_of_scope_or_not_understood(turn, read)


def _prefers_request(turn: Turn, opened: Open, answer: Answer, read: Understood) -> bool:
    """Does the sentence ask for something else, more plainly than it answers?"""
    best = read.best
    if best is None or opened.kind in ("listen", "which_intent"):
        return False
    name = flow_for(turn, best.name) if best.kind == "intent" else ""
    if best.kind == "intent" and not name:
        return False
    if name and any(frame.flow == name for frame in turn.state.stack):
        return False
    if not answer.is_given:
        return False
    asks = best.kind == "knowledge" and questions.asks(read.text)
    if best.kind == "knowledge" and not asks:
        # Who says which way, or which order, does not ask what the way means.
        return False
    if opened.kind in ("confirm", "confirm_slot"):
        # "No, I want my money back": the no is answered by the request itself.
        extra = len(read.text.replace(" ", "")) > 4
        if answer.value is True and name and turn.dialplan.flows[name].is_side and best.why != "phrase":
            return False
        return extra and best.score >= (LIKELY if answer.value is False else CERTAIN)
    if asks and best.score >= LIKELY:
        return True
    is_side = bool(name) and turn.dialplan.flows[name].is_side
    return best.score >= CERTAIN and (answer.confidence < SURE or (is_side and best.why == "phrase"))


def _chosen_intent(turn: Turn, opened: Open, read: Understood, heard: Hearing) -> Answer:
    options = {name: (turn.title(name), *_examples(turn, name)) for name in opened.options}
    ranked = sorted(
        ((understand.likeness_to(read.text, sayings), name) for name, sayings in options.items()),
        reverse=True,
    )
    by_intent = {flow_for(turn, guess.name): guess.score for guess in read.guesses}
    if ranked[0][0] >= PROBABLE and ranked[0][0] - ranked[1][0] > 0.1:
        return Answer(ranked[0][1], ranked[0][0])
    scores = sorted(((by_intent.get(name, 0.0), name) for name in opened.options), reverse=True)
    if scores[0][0] >= POSSIBLE and scores[0][0] - scores[1][0] > NEAR_TIE:
        return Answer(scores[0][1], scores[0][0])
    if heard.best_expected in opened.options and heard.confidence >= PROBABLE:
        return Answer(heard.best_expected, heard.confidence)
    found = understand.nth(read.text, len(opened.options))
    return Answer(opened.options[found], SURE) if found is not None else answering.NO_ANSWER


def _examples(turn: Turn, flow: str) -> tuple[str, ...]:
    names = turn.dialplan.flows[flow].starts_on or (flow,)
    return tuple(
        example
        for name in names
        if name in turn.phrases.intents
        for example in turn.phrases.intents[name].examples
    )


def _close_confirm_slot(
    turn: Turn, opened: Open, slot: m.Slot, answer: Answer, read: Understood, heard: Hearing
) -> None:
    """A read-back value: yes takes it, another value replaces it, no asks openly."""
    other = answering.read_slot(turn, slot, read.text, replace(heard, best_expected=None))
    if other.is_given and other.value != opened.value and other.confidence >= PROBABLE:
        if len(other.several) > 1 and opened.value in other.several and answer.value is not False:
            other = Answer(opened.value, SURE)
        answering.settle(turn, slot, replace(other, confidence=max(other.confidence, PROBABLE)))
        return
    if answer.value is True or (
        other.value is not None and other.value == opened.value and answer.value is None
    ):
        _remember_rest(turn, read)
        answering.fill(turn, slot, opened.value, 1.0, is_confirmed=True)
        return
    if answer.value is False:
        turn.state.open = None
        turn.state.slots.pop(slot.name, None)
        turn.frame.refused_guesses.append(slot.name)
        if not opened.is_guess:
            turn.frame.attempts += 1
            turn.state.failures += 1
            if _is_exhausted(turn, len(slot.ask)):
                return
        return
    if _correct_earlier(turn, read, heard) or _begin_request(turn, read):
        return
    _out_of_scope_or_not_understood(turn, read)


def _close_confirm(turn: Turn, answer: Answer, read: Understood, heard: Hearing) -> None:
    step = turn.step
    assert isinstance(step, m.Confirm)
    if answer.value is not True and _correct_earlier(turn, read, heard):
        return
    if answer.value is True and answer.confidence >= PROBABLE:
        _go(turn, step.yes, read)
        return
    if answer.value is False and answer.confidence >= PROBABLE:
        if step.no == step.yes:
            turn.say("what_to_change")
            asking.put_quietly(turn)
            return
        _go(turn, step.no, read)
        return
    is_plain_request = read.best is not None and read.best.score >= CERTAIN
    asked = [said.text for said in turn.state.last_said]
    if not step.is_summary and not is_plain_request and answering.echoes(read.text, asked):
        _go(turn, step.yes, read)
        return
    if _begin_request(turn, read):
        return
    _out_of_scope_or_not_understood(turn, read)


def _go(turn: Turn, step_id: str, read: Understood) -> None:
    turn.state.open = None
    turn.frame.step = step_id
    turn.frame.attempts = turn.frame.silences = 0
    turn.state.failures_in_a_row = 0
    _remember_rest(turn, read)


def _close_listen(turn: Turn, read: Understood) -> None:
    step = turn.step
    assert isinstance(step, m.Listen)
    nothing = turn.phrases.words.get("nothing", ())
    if step.nothing and understand.is_only(read.text, nothing):
        _go(turn, step.nothing, read)
        return
    if _begin_request(turn, read):
        return
    flag = answering.read_yes_no(turn, read.text, steps.EMPTY)
    if step.nothing and (
        understand.says(read.text, nothing) or (flag.value is False and flag.confidence >= SURE)
    ):
        _go(turn, step.nothing, read)
        return
    if flag.value is True and flag.confidence >= PROBABLE and turn.has_prompt("please_go_on"):
        turn.say("please_go_on")
        asking.put_quietly(turn)
        return
    if understand.is_only(read.text, turn.phrases.words.get("greeting", ())):
        turn.say("please_go_on")
        asking.put_quietly(turn)
        return
    _out_of_scope_or_not_understood(turn, read)


def _remember_rest(turn: Turn, read: Understood) -> None:
    """What was said beyond the answer may fill the next questions, or name the next task."""
    frame = turn.frame
    frame.heard = f"{frame.heard} {read.text}".strip()
    for _, guesses in read.clauses[1:]:
        name = flow_for(turn, guesses[0].name) if guesses and guesses[0].kind == "intent" else ""
        if not name or guesses[0].score < CERTAIN or turn.dialplan.flows[name].is_side:
            continue
        if name not in turn.state.waiting_intents and all(name != one.flow for one in turn.state.stack):
            turn.state.waiting_intents.append(name)


# --- Something else -----------------------------------------------------------------------


def _correct_earlier(turn: Turn, read: Understood, heard: Hearing) -> bool:
    """The caller changes something settled before: go back to where it was asked."""
    state = turn.state
    for depth in range(len(state.stack) - 1, -1, -1):
        flow = turn.dialplan.flows[state.stack[depth].flow]
        for step in flow.steps.values():
            if not isinstance(step, m.Ask) or step.slot not in state.slots:
                continue
            slot = turn.dialplan.slots[step.slot]
            if state.open is not None and state.open.name == slot.name:
                continue
            answer = answering.mentioned(turn, slot, read.text)
            if not answer.is_given or answer.value == state.slots[slot.name].value:
                continue
            if answer.several and state.slots[slot.name].value in answer.several:
                continue
            del state.stack[depth + 1 :]
            state.open = None
            state.stack[-1].step = step.id
            state.stack[-1].attempts = 0
            turn.note("correction", slot=slot.name)
            turn.say("acknowledge_correction")
            if answer.value is not None:
                answering.fill(turn, slot, answer.value, answer.confidence, is_confirmed=True)
            else:
                answering.settle(turn, slot, answer)
            return True
    return False


def _begin_request(turn: Turn, read: Understood) -> bool:
    """Start what the caller asked for; several requests are taken one after the other."""
    wanted = _requests_in(turn, read)
    if wanted:
        first, *more = wanted
        name = flow_for(turn, first.name)
        turn.note("intent", intent=first.name, score=round(first.score, 2), why=first.why)
        fresh = [flow_for(turn, guess.name) for guess in more]
        fresh = [one for one in fresh if one not in turn.state.waiting_intents]
        if fresh:
            turn.say("multi_intent", {"first": turn.title(name), "second": turn.title(fresh[0])})
            turn.state.waiting_intents.extend(fresh)
        turn.state.failures_in_a_row = 0
        already = any(frame.flow == name for frame in turn.state.stack)
        if already and name == turn.frame.flow:
            return _same_task_again(turn)
        steps.start_flow(turn, name, heard=read.text)
        return True
    return _near_tie(turn, read) or _know(turn, read)


def _same_task_again(turn: Turn) -> bool:
    """They repeat what we are already doing: the question is simply put again."""
    opened = turn.state.open
    if opened is None:
        return False
    turn.frame.returning = "side"
    turn.frame.attempts += 1
    turn.state.open = None
    asking.put_again(turn, opened)
    return True


def _requests_in(turn: Turn, read: Understood) -> list[Guess]:
    """Intents asked for, in the order they were said."""
    found: list[Guess] = []
    for _, guesses in read.clauses:
        top = guesses[0] if guesses else None
        if top is None or top.kind != "intent" or top.score < LIKELY:
            continue
        name = flow_for(turn, top.name)
        if (
            name
            and not turn.dialplan.flows[name].is_side
            and all(flow_for(turn, g.name) != name for g in found)
        ):
            found.append(top)
    if len(found) >= 2:
        return found
    best = read.best
    if best is not None and best.kind == "knowledge" and best.score < CERTAIN:
        # Who asks nothing wants something done: the likeliest request comes before an answer.
        task = next((guess for guess in read.guesses if guess.kind == "intent"), None)
        if task is not None and task.score >= POSSIBLE and not questions.asks(read.text):
            return [task] if flow_for(turn, task.name) and read.out_of_scope <= task.score else []
    if best is None or best.kind != "intent" or best.score < LIKELY or not flow_for(turn, best.name):
        return []
    return [] if read.out_of_scope > best.score else [best]


def _near_tie(turn: Turn, read: Understood) -> bool:
    ranked = [guess for guess in read.guesses if guess.kind == "intent" and flow_for(turn, guess.name)]
    if len(ranked) < 2 or ranked[0].score < POSSIBLE or ranked[0].score - ranked[1].score > NEAR_TIE:
        return False
    if ranked[1].score < POSSIBLE or read.out_of_scope > ranked[0].score:
        return False
    first, second = flow_for(turn, ranked[0].name), flow_for(turn, ranked[1].name)
    # "Cancel or goodbye?" helps nobody: only tasks are put to the caller.
    if first == second or any(
        turn.dialplan.flows[name].is_side or name in SYSTEM_FLOWS for name in (first, second)
    ):
        return False
    if turn.state.open is not None and turn.state.open.kind == "which_intent":
        return False
    turn.frame.heard = read.text
    asking.put_which_intent(turn, first, second)
    return True


def _know(turn: Turn, read: Understood) -> bool:
    """Answer from the knowledge file, then come back to the open question."""
    best = read.best
    if best is None or best.kind != "knowledge" or best.score < LIKELY or read.out_of_scope > best.score:
        return False
    entries = turn.dialplan.knowledge.get(turn.phrases.language, ())
    entry = next(one for one in entries if one.name == best.name)
    turn.note("knowledge", entry=entry.name, score=round(best.score, 2))
    turn.say(entry.answer)
    turn.state.knowledge_asked[entry.name] = turn.state.knowledge_asked.get(entry.name, 0) + 1
    turn.frame.returning = "side"
    if turn.state.open is not None:
        asking.put_again(turn, turn.state.open)
    return True


def _out_of_scope_or_not_understood(turn: Turn, read: Understood) -> None:
    if read.out_of_scope >= 0.8 and turn.state.open is not None and turn.state.failures_in_a_row == 0:
        turn.note("no_match", reason="out_of_scope")
        turn.state.failures += 1
        turn.state.failures_in_a_row += 1
        turn.say("out_of_scope")
        turn.frame.returning = "side"
        asking.put_again(turn, turn.state.open)
        return
    turn.note("no_match", reason="not_understood")
    not_understood(turn, "sorry_not_understood")


# --- The ladder ---------------------------------------------------------------------------


def not_understood(turn: Turn, apology: str) -> None:
    """Ask again, differently and more narrowly; in the end take another way."""
    state, opened = turn.state, turn.state.open
    if state.is_handing_over or opened is None:
        return
    if state.pending is not None:
        return
    state.failures += 1
    state.failures_in_a_row += 1
    turn.frame.attempts += 1
    if _is_exhausted(turn, _tries(turn, opened)):
        return
    turn.say(apology)
    slot = turn.dialplan.slots.get(opened.name)
    state.open = None
    if opened.kind in ("confirm_slot", "offer") and slot is not None and turn.frame.attempts >= 2:
        turn.frame.refused_guesses.append(slot.name)
        asking.put_slot(turn, slot)
        return
    asking.put_again(turn, opened)


def _tries(turn: Turn, opened: Open) -> int:
    step = turn.step
    slot = turn.dialplan.slots.get(opened.name)
    if slot is not None:
        return max(len(slot.ask), 2) + (1 if opened.kind != "slot" else 0)
    if opened.kind in ("confirm", "listen") and isinstance(step, m.Confirm | m.Listen):
        return max(2, len(step.prompts))
    return 2


def _is_exhausted(turn: Turn, tries: int) -> bool:
    """True when another way was taken because patience is at its end."""
    state, opened = turn.state, turn.state.open
    slot = turn.dialplan.slots.get(opened.name) if opened is not None else None
    if slot is None and isinstance(turn.step, m.Ask):
        slot = turn.dialplan.slots[turn.step.slot]
    is_tired = state.failures > turn.dialplan.limits.failures
    if turn.frame.attempts < tries and not is_tired:
        return False
    way = slot.on_fail if slot is not None and not is_tired else "agent"
    turn.note("no_match", reason="patience_ended", way=way)
    turn.frame.attempts = 0
    state.failures = 0
    state.failures_in_a_row = 0
    if turn.frame.flow != turn.dialplan.opening:
        turn.frame.step = ""
    steps.start_flow(turn, way)
    return True


def silent(turn: Turn) -> None:
    """Nothing came: remind, then ask otherwise, then take it that nobody is there."""
    state, opened = turn.state, turn.state.open
    if state.is_handing_over:
        _while_handing_over(turn)
        return
    if opened is None:
        return
    if opened.patience_ms and opened.reminders < PATIENT_REMINDERS:
        opened.reminders += 1
        turn.say(opened.reminder or "still_there")
        asking.put_quietly(turn, patience_ms=opened.patience_ms, reminder=opened.reminder)
        return
    opened.patience_ms = 0
    turn.frame.silences += 1
    if turn.frame.silences >= 3:
        turn.frame.silences = 0
        state.failures += 1
        state.open = None
        steps.start_flow(turn, "no_input" if "no_input" in turn.dialplan.flows else "agent")
        return
    if turn.frame.silences == 1:
        turn.say("still_there")
        asking.put_quietly(turn)
        return
    not_understood(turn, "sorry_not_heard")
