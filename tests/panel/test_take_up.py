"""Black boxes are taken up for as long as the panel runs, whatever befalls a try."""

import asyncio
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

    with open_records(default_url(tmp_path)) as records:
        assert asyncio.run(goes_on())
    assert "not taken up" in caplog.text
