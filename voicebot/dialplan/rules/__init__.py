"""The rules a dialplan is held against, one function each; see `base.py`."""
