"""``righting campaign --dask``: the sessions of a cluster are those of processes on this machine.

No test of ``make test``, whose packages lack ``distributed``: ``make cluster`` installs it and runs this file.
"""

import json
from pathlib import Path
from typing import Any

from distributed import LocalCluster

from tests.end_to_end.commands import righting
from tests.end_to_end.test_campaign import SEED, lasting, results

SESSIONS = 4


def test_a_cluster_gives_the_sessions_that_processes_give(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        of_cluster = campaign(there, "--dask", cluster.scheduler_address)
        assert cluster.scheduler.transition_counter > 0, "the cluster did nothing"
    of_processes = campaign(here, "--workers", "2")
    assert len(results(there)) == SESSIONS
    assert results(there) == results(here)
    assert of_cluster == of_processes


def campaign(folder: Path, *workers: str) -> dict[str, Any]:
    """Run a campaign in a process of its own; gives what it tells of the sessions, wherever its folder is."""
    many = ("--sessions", str(SESSIONS), "--seed", str(SEED), "--resume", str(folder))
    done = righting("campaign", *many, "--json", "-", *workers)
    told: dict[str, Any] = json.loads(done.stdout.replace(str(folder), "FOLDER"))
    assert done.returncode == (1 if told["failures"] else 0), done.stderr
    return lasting(told)
