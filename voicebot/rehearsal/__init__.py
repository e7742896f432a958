"""Calls without sound: typed by hand, or played from the examples of a dialplan."""
