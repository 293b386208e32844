"""Black boxes are taken up for as long as the panel runs, whatever befalls a try."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from firmware_host.panel.take_up import TakingUp
from firmware_host.records import default_url, open_records


def test_a_folder_that_cannot_be_read_now_is_looked_at_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "loop"
    folder.symlink_to(folder)

    async def goes_on() -> bool:
        task = asyncio.create_task(TakingUp(records, folder).run())
        while not caplog.records and not task.done():
            await asyncio.sleep(0.01)
        alive = not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return alive

    # In a thread of its own: a browser's loop may run in this one.
    with open_records(default_url(tmp_path)) as records, ThreadPoolExecutor() as beside:
        assert beside.submit(asyncio.run, goes_on()).result()
    assert "not taken up" in caplog.text
