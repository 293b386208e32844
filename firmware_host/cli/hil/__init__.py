"""Conformance: one suite for the simulated table in lock-step, on a virtual port, and for hardware.

``plugin`` is what pytest loads, and nothing else imports it. A test is given a ``stand.Stand`` and does not know which
of the three it is. ``tests/hil`` holds the suite, ``docs/conformance.md`` says how it is run.
"""
