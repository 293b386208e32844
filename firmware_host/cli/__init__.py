"""The command line. It alone may import the simulator."""


def main() -> None:
    """Be the command ``righting``; imported here, so that whoever needs another part of this package does without."""
    from firmware_host.cli.app import main as run

    run()
