"""The hunt: a plugin of pytest that collects the tests once and lets them loose on every mutant.

First all tests run on healthy code under coverage.py, a share of them in each of several processes. This tells how long
each of them takes, and which lines it runs. Then a process is forked for each mutant. It runs the tests that reach the
changed lines until one fails: first those that have killed a mutant of this function before, then those that run the
fewest lines besides, which are the ones written for it.
"""

import json
import math
import os
import signal
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from coverage import Coverage

from tests.mutation.mutants import Mutant, StillbornError, infect

PATIENCE_S: Final = 5.0
PATIENCE: Final = 5.0
"""A test may take so long, and so many times its time on healthy code; after that the mutant hangs, and is killed."""

BROKEN: Final = 2
"""The process of a mutant ends so if the hunt itself failed in it."""
TESTS_S: Final = 10.0
"""So much time of tests, as under coverage.py, a mutant gets, ..."""
TESTS_SHARE: Final = 0.05
"""... or this part of the time of all of them, where the machine is slow: what only the last ones find lacks a test of
its own."""


@dataclass
class Hunt:
    """What is hunted, and what came of it."""

    mutants: Sequence[Mutant]
    workers: int
    end_s: float = math.inf
    """No mutant is let loose after this moment of ``time.monotonic``."""
    untried: list[Mutant] = field(default_factory=list)
    survivors: list[Mutant] = field(default_factory=list)
    done: int = 0
    failed: list[str] = field(default_factory=list)
    """Tests that failed on healthy code, or, in the process of a mutant, on it."""
    _tests: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    _took_s: dict[str, float] = field(default_factory=dict)
    _runs: Counter[str] = field(default_factory=Counter)
    """How many lines each test runs, of the files that are tried."""
    _kills: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _at_work: dict[int, tuple[Mutant, int, list[str]]] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure, in whatever part of the test."""
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own loop."""
        self._study(session.items)
        items = {item.nodeid: item for item in session.items}
        for mutant in [] if self.failed else self.mutants:
            if time.monotonic() > self.end_s:
                self.untried.append(mutant)
                continue
            if len(self._at_work) == self.workers:
                self._await()
            self._release(mutant, items)
        while self._at_work:
            self._await()
        return True

    def _study(self, items: Sequence[pytest.Item]) -> None:
        """Run the tests on healthy code, a share of them in each of the processes."""
        shares = [self._fork(items[first :: self.workers]) for first in range(self.workers)]
        for child, told in shares:
            with os.fdopen(told) as pipe:
                text = pipe.read()
            os.waitpid(child, 0)
            if not text:
                raise RuntimeError("a process that ran the tests on healthy code ended before it told what it saw")
            self._learn(json.loads(text))

    def _fork(self, items: Sequence[pytest.Item]) -> tuple[int, int]:
        """Begin a share; gives the process, and the pipe that tells what it saw."""
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                seen = self._watch(items)
                with os.fdopen(tell, "w") as pipe:
                    json.dump(seen, pipe)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(tell)
        return child, told

    def _watch(self, items: Sequence[pytest.Item]) -> dict[str, Any]:
        """In the process of a share: what fails, the time of each test, and by file and line the tests that run it."""
        files = sorted({one.path for one in self.mutants})
        took_s = {}
        watch = Coverage(data_file=None, config_file=False, include=files)
        watch.start()
        for item, after in zip(items, [*items[1:], None], strict=True):
            watch.switch_context(item.nodeid)
            start_s = time.process_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            took_s[item.nodeid] = time.process_time() - start_s
        watch.stop()
        data = watch.get_data()
        lines = {path: list(data.contexts_by_lineno(str(Path(path).resolve())).items()) for path in files}
        return {"failed": self.failed, "took_s": took_s, "lines": lines}

    def _learn(self, seen: dict[str, Any]) -> None:
        """Take in what a share told."""
        self.failed += seen["failed"]
        self._took_s |= seen["took_s"]
        for path, lines in seen["lines"].items():
            for line, tests in lines:
                self._tests[path, line] |= set(tests) & self._took_s.keys()
                self._runs.update(tests)

    def _release(self, mutant: Mutant, items: dict[str, pytest.Item]) -> None:
        reaching = set().union(*(self._tests.get((mutant.path, line), set()) for line in mutant.lines))
        kills = self._kills[mutant.function]
        order = sorted(reaching, key=lambda test: (-kills[test], self._runs[test], self._took_s[test]))
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                os._exit(self._judge(mutant, [items[test] for test in order], tell))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(BROKEN)
        os.close(tell)
        self._at_work[child] = mutant, told, order

    def _judge(self, mutant: Mutant, items: Sequence[pytest.Item], tell: int) -> bool:
        """In the process of a mutant: whether it dies. Before each test the number of the test is told."""
        try:
            infect(mutant)
        except StillbornError:
            return True
        left_s = max(TESTS_S, TESTS_SHARE * sum(self._took_s.values()))
        for number, item in enumerate(items):
            left_s -= self._took_s[item.nodeid]
            if left_s < 0.0:
                return False
            os.write(tell, f"{number}\n".encode())
            signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S + PATIENCE * self._took_s[item.nodeid])
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                return True
        return False

    def _await(self) -> None:
        """Take in what one of the processes at work found."""
        child, status = os.wait()
        mutant, told, order = self._at_work.pop(child)
        with os.fdopen(told) as pipe:
            tried = pipe.read().split()
        self.done += 1
        if status == 0:
            self.survivors.append(mutant)
        elif tried:
            self._kills[mutant.function][order[int(tried[-1])]] += 1
        elif os.waitstatus_to_exitcode(status) == BROKEN:
            raise RuntimeError(f"{mutant.function}: cannot be given the change {mutant.change!r}")
        if self.done % 100 == 0:
            print(f"\n{self.done} of {len(self.mutants)} mutants, {len(self.survivors)} alive", flush=True)
