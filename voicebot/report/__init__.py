"""A page about calls that anybody can open: who said what, how long it took, how it ended.

`facts` turns the rows of a recording into what is shown, `waveform` draws sound, `page` makes one
HTML file that needs nothing else: style, script and audio are inside.
"""
