"""A secret in a variable is nowhere: not in a plan, a journal, a log, an answer, an error or a list of processes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps

CANARY = "kanarie-7f3a9c51e2"
TOKEN = "{{ host.vars.token }}"


@contextmanager
def watched_processes() -> Iterator[list[bytes]]:
    """The argument lists of this machine, which is also the host's, that show the canary."""
    seen: list[bytes] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.03):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes()
                except OSError:
                    continue
                if CANARY.encode() in line:
                    seen.append(line)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def files_with_it(*folders: Path) -> list[str]:
    """The files below these folders that hold the canary."""
    found = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    return [str(p) for p in found if CANARY.encode() in p.read_bytes()]


@pytest.mark.law(5)
def test_a_secret_is_never_shown(engineer: Person, sshd: Any, tmp_path: Path) -> None:
    """L5: the host gets it, and uses it; nothing that is printed, written or listed has it."""
    hosts = box_inventory(sshd).rstrip().removesuffix("}") + ', vars: {token: {secret: "env:CANARY_TOKEN"}}}\n'
    engineer.writes("inventory/hosts.yml", hosts)
    arrived = tmp_path / "arrived"
    use = f"printf %s {TOKEN} | sha256sum >{arrived}; echo it is {TOKEN}; echo err {TOKEN} >&2; sleep 0.3"
    told = step("use", use, "save_as: said")
    again = step("again", "echo {{ said.stdout }}; test x = {{ host.vars.token }}")
    engineer.writes("runbooks/quick.yml", steps(told, again))
    secret = {"CANARY_TOKEN": CANARY}

    with watched_processes() as seen:
        for words in (
            ("validate",),
            ("inventory", "show", "box", "--json"),
            ("plan", "runbooks/quick.yml", "-vv", "-o", "quick.plan"),
            ("plan", "quick.plan", "--json"),
            ("graph", "quick.plan", "--as", "mermaid"),
        ):
            engineer.types(*words, code=0, **secret)
        failed = engineer.types("run", "quick.plan", "-vv", code=1, **secret)
        for words in (
            ("status", "--json"),
            ("why", "last", "again@box"),
            ("log", "last", "--json"),
            ("log", "last", "--step", "*"),
        ):
            engineer.types(*words, **secret)
        time.sleep(0.05)

    from hashlib import sha256

    assert arrived.read_text().startswith(sha256(CANARY.encode()).hexdigest())
    assert "[secret env:CANARY_TOKEN]" in engineer.types("log", "last", "--step", "use", **secret).out
    assert "work/again@box FAILED" in failed.err
    assert CANARY not in "".join(engineer.said)
    assert files_with_it(engineer.folder) == []
    assert seen == []


@pytest.mark.law(5)
def test_a_secret_that_is_missing_is_named_and_one_written_out_is_hidden(engineer: Person, sshd: Any) -> None:
    """What is not there is told by its name; a password in clear text is refused without repeating it."""
    hosts = box_inventory(sshd).rstrip().removesuffix("}") + ', vars: {token: {secret: "env:NOT_THERE"}}}\n'
    engineer.writes("inventory/hosts.yml", hosts)
    engineer.writes("runbooks/quick.yml", steps(step("use", f"echo {TOKEN}")))

    said = engineer.types("run", "runbooks/quick.yml", code=1)
    assert "secret not available" in said.err
    assert "NOT_THERE" in said.err

    become = f"become: {{user: root, password: {{secret: {CANARY}}}}}"
    engineer.writes("runbooks/quick.yml", steps(step("use", "true", become)))
    refused = engineer.types("validate", "runbooks/quick.yml", code=3)
    assert "env:NAME, file:PATH, cmd:COMMAND, keyring:SERVICE/USER or vault:MOUNT/PATH#FIELD" in refused.err
    assert CANARY not in refused.all
