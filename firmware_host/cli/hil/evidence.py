"""What a test of the suite found: figures with their limits, and how the table moved. Plain data for a report."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from safety.signals import BoardConfig, Telemetry

ROW_S: Final = 0.1
MOST_ROWS: Final = 3000
"""A longer test keeps every second row, then every fourth, and so on."""


@dataclass
class Figure:
    """One measured number, and what it was held against."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is within its limits; a value that is no number is within none."""
        low = self.at_least is None or self.value >= self.at_least
        high = self.at_most is None or self.value <= self.at_most
        return low and high and self.value == self.value

    def __str__(self) -> str:
        """Give it with its limits."""
        sides = (("at least", self.at_least), ("at most", self.at_most))
        limits = [f"{word} {limit:g} {self.unit}" for word, limit in sides if limit is not None]
        told = f" ({' and '.join(limits)} asked for)" if limits else ""
        return f"{self.name}: {self.value:.4g} {self.unit}{told}"


@dataclass
class Evidence:
    """What one test found."""

    table: str
    """Name of the table."""
    target: str
    load: str
    """What lies on it."""
    limit_deg: float
    device: str = "unknown"
    serial: int | None = None
    firmware: str = "unknown"
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: list[tuple[float, float | None, float | None, float | None, float | None]] = field(default_factory=list)
    """Seconds from the first row on, motor's angle, table's angle, rate, current."""
    _stride: float = ROW_S
    _begun_s: float | None = None
    _next_s: float = 0.0

    def identify(self, device: str, config: BoardConfig) -> None:
        """Note who answered."""
        self.device, self.serial = device, config.serial
        self.firmware = ".".join(map(str, config.firmware))

    def see(self, t: Telemetry, now_s: float) -> None:
        """Keep a row now and then."""
        if self._begun_s is None:
            self._begun_s = now_s
        at_s = now_s - self._begun_s
        if at_s < self._next_s:
            return
        self._next_s = at_s + self._stride
        self.rows.append((round(at_s, 3), t.encoder_deg, t.inclinometer_deg, t.rate_dps, t.current_a))
        if len(self.rows) >= MOST_ROWS:
            self.rows, self._stride = self.rows[::2], self._stride * 2.0

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain lists, dictionaries, numbers and texts."""
        found = asdict(self)
        for figure, one in zip(found["figures"], self.figures, strict=True):
            figure["met"], figure["told"] = one.met, str(one)
        return {name: value for name, value in found.items() if not name.startswith("_")}
