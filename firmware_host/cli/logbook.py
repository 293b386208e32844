"""What riders did on real tables since this command began: for the next session, and in the rider's file."""

from datetime import datetime
from pathlib import Path

from tomlkit.exceptions import TOMLKitError

from firmware_host.cli.rider_file import write_ridden
from firmware_host.control.choosing import Choice
from firmware_host.files.riders import Rider, ridden_by, with_ridden
from firmware_host.files.toml_source import FileError
from firmware_host.files.validation import prepare_again
from safety.ridden import Ridden, ridden_after, stricter

Who = tuple[str, str, float, float]
"""Name, sex, mass in kg and height in m: whoever agrees in all of them is taken for the same."""


class Logbook:
    """Remembers riders. A choice is checked in another thread meanwhile: it sees an account whole, or not yet."""

    def __init__(self, file: Path | None, rider: Rider) -> None:
        """Make it.

        Args:
            file: the rider's that the command line named; None if it named none.
            rider: whose file that is.
        """
        self._file, self._owner = file, _who(rider)
        self._accounts: dict[Who, Ridden] = {}

    def known(self, rider: Rider) -> Rider:
        """Give a rider with what is remembered, where that is stricter than what was told."""
        return with_ridden(rider, stricter(ridden_by(rider), self._accounts.get(_who(rider))))

    def again(self, choice: Choice, now: datetime) -> Choice:
        """Make a choice ready with what its rider has done meanwhile. ``now`` is aware."""
        session = choice.session
        return choice._replace(session=prepare_again(session, self.known(session.rider), now))

    def note(self, rider: Rider, ended: datetime, inverted_s: float) -> str:
        """Remember a session on a real table; says what the rider's file has to do without, and is empty if nothing.

        Args:
            rider: who rode.
            ended: when the session did; aware.
            inverted_s: how long the rider was inverted.
        """
        account = ridden_after(ridden_by(self.known(rider)), ended, inverted_s)
        self._accounts[_who(rider)] = account
        if self._file is None or _who(rider) != self._owner:
            return ""
        try:
            write_ridden(self._file, account)
        except (FileError, OSError, ValueError, TOMLKitError) as error:
            return f"{error}; the file does not know of this session, so keep the rest and the day's total yourself"
        return ""


def _who(rider: Rider) -> Who:
    section = rider.file.rider
    return section.name, section.sex, section.mass_kg, section.height_m
