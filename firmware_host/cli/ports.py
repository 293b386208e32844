"""``righting ports``: the serial ports of this machine."""

from drivers.port import list_ports


def ports_command() -> int:
    """List serial ports."""
    found = list_ports()
    for device, description in found:
        print(f"{device}  {description}")
    if not found:
        print("no serial port found; plug the table in, or try: righting run, with the simulated table")
    return 0
