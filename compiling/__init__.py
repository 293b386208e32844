"""The packages compiled to machine code, for campaigns: ``python -m compiling`` makes it and prints where it is.

What people install, test and measure coverage of is the source. A campaign runs the same source through mypyc, which
comes with mypy, and twice as many sessions in the same time. Whoever makes such a build sees that both give the same
sessions to the last bit (``compiling.sessions``); one that differs is thrown away.
"""
