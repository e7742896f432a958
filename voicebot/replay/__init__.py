"""Runs recorded calls again, faster than life, and tells what is different now.

`recording` reads what the recorder wrote, `outcome` says what of a call is compared and how,
`run` plays a recording through the heart in virtual time.
"""
