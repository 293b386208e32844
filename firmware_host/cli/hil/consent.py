"""What a person is asked before hardware moves."""

from firmware_host.cli.hil.stand import Opened, Stand
from firmware_host.cli.hil.targets import EMPTY


def question(opened: Opened) -> str:
    """Find out what answers, without moving it, and ask. Raises ``StandError`` if nothing does."""
    stand = Stand(opened, EMPTY)
    stand.connect()
    limits, found = opened.table.limits, stand.evidence
    board = stand.link.capabilities.returns_by_itself
    dead = (
        "it comes back upright by itself" if board else "it stops and stays where it is: know the manual brake release"
    )
    return (
        f"{found.table}: {found.device}, serial number {found.serial}, firmware {found.firmware}, on {found.target}\n"
        f"This suite turns the table from {limits.upright_deg:g} to {opened.limit_deg:g} deg and back, many times, "
        f"at up to {limits.emergency_rate_dps:g} deg/s.\nIt lets the host fall silent on purpose: {dead}.\n"
        "It asks for the emergency stop and for the hand switch, which somebody holds from beside the table.\n"
        "  - NOBODY lies on the table, and the ankle latch is locked.\n"
        "  - Nobody and nothing is in its way.\n"
        "  - The emergency stop was tried, and a hand is beside it all the time.\n"
        "Is all of that so? Write yes, and the table will move:"
    )
