"""The contract tests of the log and the watcher, once more on Motor."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import InvalidSettings
from gateway.mongo.client import connect
from gateway.settings import load_settings

CONTRACTS = ("tests/eventlog",)


@pytest.mark.anyio
async def test_the_driver_is_a_setting() -> None:
    for driver in ("pymongo", "motor"):
        mongo = connect("mongodb://127.0.0.1:1", load_settings(driver=driver))
        assert type(mongo.client).__module__.split(".")[0] == driver
        await mongo.close()


def test_another_driver_is_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidSettings, match="driver"):
        load_settings(driver="mongojet")


@pytest.mark.timeout(300)
def test_the_log_and_the_watcher_keep_their_contracts_on_motor() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CONTRACTS]
    ran = subprocess.run(
        command,
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"TIDEGATE_DRIVER": "motor"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-5_000:] + ran.stderr[-2_000:]
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed is not None
    assert int(passed[1]) > 50
