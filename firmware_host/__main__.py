"""``python -m firmware_host`` is ``righting``."""

from firmware_host.cli import main

if __name__ == "__main__":
    main()
