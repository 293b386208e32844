"""What can be wrong with records; ``str()`` of each says what to do."""


class RecordsError(Exception):
    """Records cannot be opened, read or written."""


class RecordsBusyError(RecordsError):
    """Somebody else writes for too long; trying again may help."""


class RecordsAwaitedError(RecordsBusyError):
    """They could not be opened yet; somebody tries again."""


class NotThereError(RecordsError):
    """What was named does not exist (any more)."""


class TakenError(RecordsError):
    """A name is in use already."""


class ChangedMeanwhileError(RecordsError):
    """Somebody else changed it since it was read; ``version`` is the present one."""

    def __init__(self, what: str, version: int) -> None:
        super().__init__(f"{what} was changed by somebody else meanwhile: load it again, then make your change")
        self.version = version
