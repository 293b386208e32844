"""What may stand in a name: something that can be seen, and nothing that changes how what follows is read."""

import unicodedata
from typing import Final

JOINERS: Final = frozenset("\u200c\u200d")
"""They hide nothing: Persian needs the one, and letters and pictures are joined by the other."""
BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that show nothing."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, marks of direction and other formatting, half letters, breaks of lines."""
_SEEN: Final = frozenset("LNPS")


def expect_seen(name: str) -> str:
    """Give the name back. Raises ``ValueError`` for one with signs that cannot be seen, or with nothing else."""
    for sign in name:
        if unicodedata.category(sign) in _HIDDEN and sign not in JOINERS:
            raise ValueError(f"a sign that cannot be seen (U+{ord(sign):04X}) is in this name; write it without")
    if not any(unicodedata.category(sign)[0] in _SEEN and sign not in BLANK for sign in name):
        raise ValueError("this name shows nothing; write one that can be read")
    return name
