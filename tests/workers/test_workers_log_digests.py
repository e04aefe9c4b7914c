"""The end of an attempt says what its log holds: the journal binds the outputs."""

import os
import re
from hashlib import sha256
from pathlib import Path

import pytest

from runbook_engine.model.attempts import Answer
from runbook_engine.model.words import Repeat, TaskId
from runbook_engine.workers.logs import Logs
from runbook_engine.workers.procedure import carry_out
from workers.scripted import Clock, ScriptedLink, attempt, outcome_of, package

FILE = "firmware/flash@r12-u01.log"


def parts(data: bytes) -> list[bytes]:
    """What each attempt wrote into a log."""
    begins = [found.start() for found in re.finditer(rb"(?m)^\S+ == attempt ", data)]
    return [data[a:b] for a, b in zip(begins, [*begins[1:], None], strict=True)]


@pytest.mark.law(11)
@pytest.mark.parametrize("repeat", [Repeat.ONCE, Repeat.SAFE])
def test_each_attempt_names_its_own_part_of_the_log(tmp_path: Path, repeat: Repeat) -> None:
    """Three attempts of one task, written as they come or held back; output that ends nowhere, binary, and much of it."""
    stdout = [b"a\n", os.urandom(70_000), b"no end"]
    link = ScriptedLink({"apply": [Answer(exit_code=1, stdout=data, stderr=b"\x1b[31m\n") for data in stdout]})
    logs, clock = Logs(tmp_path, Clock().now), Clock()
    named = []
    for number in (1, 2, 3):
        work = attempt(package(repeat=repeat), number=number)
        named.append(carry_out(work, link, logs.log(work), clock.now, clock.sleep).log)
        assert logs.write_out() == {}
    assert named == [sha256(part).hexdigest() for part in parts((tmp_path / FILE).read_bytes())]


def test_an_attempt_whose_log_cannot_be_written_names_nothing(tmp_path: Path) -> None:
    """A file where the folder of the phase belongs."""
    (tmp_path / "firmware").touch()
    work = attempt(package(), task=TaskId("firmware/flash"))
    assert outcome_of(work, ScriptedLink(), tmp_path).log == ""
