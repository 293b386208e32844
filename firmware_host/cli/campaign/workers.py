"""Who does the work: this process, processes beside it, or a Dask cluster. The results are the same on all of them."""

import importlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")

_UNDER_WAY: Final = 64
"""Most tasks handed out at once, so that memory stays flat however many there are."""


class WorkersError(Exception):
    """The workers that were asked for cannot be had."""


class Workers:
    """Does tasks, in whatever order they end."""

    def __init__(self, executor: Executor | None) -> None:
        self._executor = executor
        """None: this process does the work."""

    def do(
        self, work: Callable[[ArgumentT], ResultT], tasks: Iterable[ArgumentT]
    ) -> Iterator[tuple[ArgumentT, ResultT]]:
        """Give each task with its result, as they end. An exception of ``work`` ends it all."""
        if self._executor is None:
            for task in tasks:
                yield task, work(task)
            return
        left = iter(tasks)
        under_way: dict[Future[ResultT], ArgumentT] = {}
        while True:
            for task in islice(left, _UNDER_WAY - len(under_way)):
                under_way[self._executor.submit(work, task)] = task
            if not under_way:
                return
            for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield under_way.pop(done), done.result()


@contextmanager
def workers(count: int, dask: str | None) -> Iterator[Workers]:
    """Open ``count`` processes, or the cluster at ``dask``. Raises ``WorkersError``."""
    if dask is not None:
        with _cluster(dask) as cluster:
            yield Workers(cluster)
    elif count == 1:
        yield Workers(None)
    else:
        # Forked processes would inherit the progress bar's thread half-way through whatever it does.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(count, mp_context=context) as executor:
            try:
                yield Workers(executor)
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise WorkersError(
            "--dask needs the package distributed, which is not installed; install it here and on the cluster, "
            "or use --workers for processes on this machine"
        ) from None
    try:
        client = distributed.Client(address)
    except (OSError, TimeoutError, ValueError) as error:
        raise WorkersError(f"no Dask scheduler answers at {address} ({error}); check the address") from error
    with client, client.get_executor() as executor:
        yield executor
