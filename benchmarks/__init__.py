"""The project's figures: ``python -m benchmarks`` measures them all and compares each with its target."""
