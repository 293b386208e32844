"""Who does the work: this process, processes beside it, or a Dask cluster. The results are the same on all of them."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from joblib import Parallel, delayed, parallel_config  # type: ignore[import-untyped]  # joblib ships no types

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")

ANSWERS_WITHIN_S: Final = 10.0


class WorkersError(Exception):
    """The workers that were asked for cannot be had."""


class Workers:
    """Does tasks, in whatever order they end."""

    def __init__(self, count: int, dask: str | None = None) -> None:
        """Take ``count`` processes (1: this one), or the cluster at the address ``dask``. Raises ``WorkersError``."""
        self._config: dict[str, Any] = {"backend": "loky", "n_jobs": count}
        if dask is not None:
            _look_for_cluster(dask)
            self._config = {"backend": "dask", "scheduler_host": dask}

    def do(
        self, work: Callable[[ArgumentT], ResultT], tasks: Iterable[ArgumentT]
    ) -> Iterator[tuple[ArgumentT, ResultT]]:
        """Give each task with its result, as they end. An exception of ``work`` ends it all."""
        with parallel_config(**self._config):
            done: Iterator[tuple[ArgumentT, ResultT]] = Parallel(return_as="generator_unordered")(
                delayed(_with_its_task)(work, task) for task in tasks
            )
        yield from done


def _with_its_task(work: Callable[[ArgumentT], ResultT], task: ArgumentT) -> tuple[ArgumentT, ResultT]:
    return task, work(task)


def _look_for_cluster(address: str) -> None:
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise WorkersError(
            "--dask needs the package distributed, which is not installed; install it here and on the cluster, "
            "or use --workers for processes on this machine"
        ) from None
    try:
        distributed.Client(address, timeout=ANSWERS_WITHIN_S).close()
    except (OSError, ValueError) as error:
        raise WorkersError(f"no Dask scheduler answers at {address} ({error}); check the address") from error
