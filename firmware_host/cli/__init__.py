"""The command line. It alone may import the simulator."""

from firmware_host.cli.app import main

__all__ = ["main"]
