"""A stand-in for the phone provider: rings, answers, declines, fails, and calls back, signed.

For tests, the demo and the simulated phone. It talks to the bot over HTTP only and shares no
code with it: what it believes about the provider is written down here a second time, so that a
misunderstanding on one side shows.
"""
