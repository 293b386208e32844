"""The conformance suite: what every table has to show, simulated or of steel (``docs/conformance.md``)."""
