"""One lab of three hosts for the tests that do not end it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.labs import RunningLab


@pytest.fixture(scope="session")
def lab_folder() -> Iterator[Path]:
    """A folder that an unprivileged user can reach, unlike pytest's own when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="runbook-lab-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def lab(lab_folder: Path) -> Iterator[RunningLab]:
    """r12-u01 fails its first installation; web-01 and db-01 are well."""
    running = RunningLab(lab_folder / "shared", "r12-u01", "web-01,db-01", arguments=("--fault", "r12-u01:fwtool=fail-first"))
    yield running
    assert running.stop() == 0
