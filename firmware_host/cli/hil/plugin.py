"""The pytest plugin ``righting``: one suite for lock-step, virtual ports and hardware.

pytest loads it by its entry point, and with every run: until a test asks for ``stand``, nothing else is imported here.
``docs/conformance.md`` says what the options mean.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from firmware_host.cli.hil.stand import Opened, Stand
    from firmware_host.cli.simulator import SimulatorProcess
    from firmware_host.files.tables import Table

_SIM: Final = "sim"
_PTY: Final = "pty"
SOAK_S: Final = 40.0
"""Without ``--righting-soak``."""
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_KEY: Final = "righting"
_HIDDEN: Final = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the options and the setting of this plugin."""
    group = parser.getgroup(_KEY, "righting: conformance of a table or drive")
    group.addoption(
        "--righting-target",
        metavar="sim|pty|file|URL|ENVIRONMENT.yaml",
        help="what to test: a simulated table in lock-step (sim, the default) or on a virtual port in real time (pty); "
        "hardware on the ports that the table file names (file), on URL (several in quotes, the drive's first), "
        "or on those of a labgrid environment file",
    )
    group.addoption(
        "--righting-table",
        metavar="FILE",
        action="append",
        help="a table file, repeatable; without it all of righting_tables",
    )
    group.addoption(
        "--righting-limit-deg",
        metavar="DEG",
        type=float,
        help="never turn the table farther; without it as its file allows",
    )
    group.addoption(
        "--righting-soak",
        metavar="TIME",
        type=soak_s,
        default=SOAK_S,
        help=f"length of the soak, as 30m or 24h [{SOAK_S:g}s]",
    )
    group.addoption(
        "--righting-report",
        metavar="FOLDER",
        type=Path,
        help="write an acceptance protocol for each table; build/conformance with --righting-target, else none",
    )
    parser.addini("righting_tables", "table files to test without --righting-table: paths and patterns", type="args")


def soak_s(text: str) -> float:
    """Read a time such as ``90``, ``30m`` or ``24h``, in seconds. Raises ``ValueError``."""
    unit = _UNITS.get(text[-1:].lower())
    seconds = float(text if unit is None else text[:-1]) * (1.0 if unit is None else unit)
    if not 0.0 < seconds < 1e7:
        raise ValueError(f"{text} is no time")
    return seconds


def _target(config: pytest.Config) -> str:
    return config.getoption("righting_target") or _SIM


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be, before anything is opened."""
    if _target(config) not in (_SIM, _PTY) and (
        config.getoption("numprocesses", None) or hasattr(config, "workerinput")
    ):
        raise pytest.UsageError("one table is tested by one process: leave -n out with --righting-target on hardware")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reports(), "righting-reports")


# ------------------------------------------------------------------------------------------------------- which tables


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test on the stand every table."""
    if "stand" in metafunc.fixturenames:
        paths = _tables(metafunc.config)
        metafunc.parametrize("righting_table", paths, indirect=True, ids=[path.stem for path in paths], scope="session")


def _tables(config: pytest.Config) -> list[Path]:
    named = config.getoption("righting_table")
    if named:
        return [Path(name) for name in named]
    root = config.rootpath
    found = [path for pattern in config.getini("righting_tables") for path in sorted(root.glob(pattern))]
    if not found:
        raise pytest.UsageError("no table to test: name one with --righting-table FILE")
    if _target(config) not in (_SIM, _PTY):
        raise pytest.UsageError("hardware is one table: name its file with --righting-table FILE")
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A real table is moved a little first, then farther, in the order of the files. In lock-step any order does."""
    if _target(config) != _SIM:
        items.sort(key=lambda item: (*_place(item), item.nodeid) if "stand" in _fixtures(item) else ("", 0, ""))


def _place(item: pytest.Item) -> tuple[str, int]:
    path, line, _ = item.location
    return path, line or 0


def _fixtures(item: pytest.Item) -> list[str]:
    return list(getattr(item, "fixturenames", ()))


# -------------------------------------------------------------------------------------------------------- the fixtures


@pytest.fixture(scope="session")
def righting_table(request: pytest.FixtureRequest) -> Path:
    """The table file that is tested."""
    path: Path = request.param
    return path


@pytest.fixture(scope="session")
def righting_simulator(request: pytest.FixtureRequest, righting_table: Path) -> Iterator[SimulatorProcess | None]:
    """The process of the simulated table, with the target pty; it lives as long as its table is tested."""
    if _target(request.config) != _PTY:
        yield None
        return
    from firmware_host.cli.hil.targets import virtual_table

    with virtual_table(righting_table) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def righting_consent(request: pytest.FixtureRequest, righting_table: Path) -> None:
    """On hardware: a person has seen what will move, and says that it may."""
    config = request.config
    if _target(config) in (_SIM, _PTY):
        return
    from firmware_host.cli.hil.consent import question
    from firmware_host.cli.hil.stand import StandError
    from firmware_host.files.tables import load_table

    table = load_table(righting_table)
    try:
        opened = _opened(config, table, None)
    except Exception as error:
        pytest.exit(f"{error}: nothing was moved", returncode=2)
    with contextlib.closing(opened.line):
        try:
            asked = question(opened)
        except StandError as error:
            pytest.exit(f"{error}: nothing was moved", returncode=2)
    if _ask(config, asked).strip().lower() != "yes":
        pytest.exit("nobody said yes: nothing was moved", returncode=2)


@pytest.fixture
def stand(
    request: pytest.FixtureRequest,
    righting_table: Path,
    righting_simulator: SimulatorProcess | None,
    righting_consent: None,  # noqa: ARG001 - asked for before anything moves
) -> Iterator[Stand]:
    """A table on the test stand: upright, in a new session, with nobody commanding it."""
    from firmware_host.cli.hil.stand import Stand
    from firmware_host.cli.hil.targets import EMPTY, SIMULATED_LOAD
    from firmware_host.files.tables import load_table

    opened = _opened(request.config, load_table(righting_table), righting_simulator)
    with contextlib.closing(opened.line):
        made = Stand(opened, SIMULATED_LOAD if opened.simulated else EMPTY)
        request.node.stash[_HIDDEN] = {"file": righting_table.stem, "stand": made}
        with contextlib.nullcontext() if _target(request.config) == _SIM else _on_the_wall_clock(made):
            made.connect()
            yield made


@contextlib.contextmanager
def _on_the_wall_clock(made: Stand) -> Iterator[None]:
    """Bring the table upright before and after a test, and let nothing else keep the host waiting."""
    from firmware_host.cli.hil.ride import bring_upright
    from firmware_host.control.real_time import real_time

    gc.collect()
    gc.freeze()  # what pytest holds is looked through no more: that takes longer than a link may be silent
    try:
        with real_time() as refused:
            made.evidence.notes += [f"The system refused this host {what}." for what in refused]
            bring_upright(made)
            yield
            made.plug()
            made.hands.end_all()
            bring_upright(made)
    finally:
        gc.unfreeze()


def _opened(config: pytest.Config, table: Table, simulator: SimulatorProcess | None) -> Opened:
    from firmware_host.cli.hil import targets

    limit_deg = targets.allowed_deg(table, config.getoption("righting_limit_deg"))
    soak = config.getoption("righting_soak")
    if simulator is not None:
        return targets.open_virtual(table, simulator, limit_deg, soak)
    if _target(config) == _SIM:
        return targets.open_lockstep(table, limit_deg, soak)
    return targets.open_hardware(table, _target(config), limit_deg, soak, lambda text: _say(config, text))


@contextlib.contextmanager
def _terminal(config: pytest.Config) -> Iterator[None]:
    """The terminal as it is without pytest, for talking to a person."""
    manager = config.pluginmanager.getplugin("capturemanager")
    if manager is None:
        yield
        return
    manager.suspend(in_=True)
    try:
        yield
    finally:
        manager.resume()


def _say(config: pytest.Config, text: str) -> None:
    with _terminal(config):
        print(f"\n>>> {text}", file=sys.stderr, flush=True)


def _ask(config: pytest.Config, text: str) -> str:
    with _terminal(config):
        print(f"\n{text} ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline()


# ---------------------------------------------------------------------------------------------------------- the report


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Skip, with its reason, what a device does not promise."""
    if _HIDDEN not in pyfuncitem.stash:
        return (yield)
    from firmware_host.cli.hil.stand import NotPromisedError

    try:
        return (yield)
    except NotPromisedError as missing:
        pytest.skip(str(missing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a test on the stand found, so that it reaches the process that writes the report."""
    report = yield
    hidden = item.stash.get(_HIDDEN, None)
    if hidden is not None and (call.when == "call" or report.outcome != "passed"):
        function = getattr(item, "function", None)
        report.righting = {  # type: ignore[attr-defined]  # a report carries what plugins add
            "file": hidden["file"],
            "test": item.name.partition("[")[0].removeprefix("test_").replace("_", " "),
            "case": getattr(getattr(item, "callspec", None), "id", ""),
            "shows": (getattr(function, "__doc__", None) or "").strip(),
            "evidence": hidden["stand"].evidence.as_dict(),
        }
    return report


class _Reports:
    """Collects what the tests found, from all workers, and writes it down."""

    def __init__(self) -> None:
        self._found: dict[str, list[dict[str, Any]]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a test's report, with how it ended."""
        found: dict[str, Any] | None = getattr(report, _KEY, None)
        if found is not None:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            ended = {"outcome": report.outcome, "reason": reason.removeprefix("Skipped: ")}
            self._found.setdefault(found["file"], []).append({**found, **ended})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Write an acceptance protocol for each table."""
        folder = config.getoption("righting_report")
        if folder is None and config.getoption("righting_target"):
            folder = config.rootpath / "build" / "conformance"
        if folder is None or not self._found:
            return
        from firmware_host.cli.hil.report import write_report

        folder.mkdir(parents=True, exist_ok=True)
        for table, tests in sorted(self._found.items()):
            target = folder / f"{table}.html"
            write_report(target, tests)
            terminalreporter.write_line(f"righting: acceptance protocol written to {target}")
