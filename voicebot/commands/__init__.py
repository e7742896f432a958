"""One module per command of the `voicebot` program; each has `register(app)`."""
