"""A telephone without a telephone company: rings the hotline as the carrier would.

`line` is the carrier's end of a media stream, `caller` the person holding the receiver, `script`
what that person does, `turntimes` the ear that measures answers. None of them does I/O. `sounds`,
`journal` and `dial` do.
"""
