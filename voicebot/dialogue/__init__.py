"""The conversation: what the caller means, what the script wants, what is said next.

api.py         inputs, actions, questions            state.py      what is remembered
engine.py      advance(state, input)                 steps.py      follow the script
hearing.py     decide what to do with what was said  asking.py     put a question
answering.py   read and believe an answer            understand.py what a sentence may mean
wording.py     choose and fill a prompt              recap.py      what the agent is told
"""

from voicebot.dialogue.engine import Dialogue

__all__ = ["Dialogue"]
