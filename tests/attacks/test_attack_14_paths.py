"""Attack 14: no id, no file name of a runbook and nothing that a host or a person says leads out of its folder."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeys.command_line import Person
from journeys.machines import steps
from runbook_engine.cli.projects import Files
from runbook_engine.loading import load_estate, load_runbook
from runbook_engine.model.commands import Download
from runbook_engine.model.errors import NotValid, TransportFault
from runbook_engine.model.events import Outcome
from runbook_engine.model.text import plain
from runbook_engine.model.words import Status, TaskId
from runbook_engine.transports import Links
from runbook_engine.transports import target_requests as requests
from runbook_engine.workers import Logs
from workers.scripted import attempt

OFTEN = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OUT = [
    "..",
    "../x",
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../x",
    "./../x",
    "a/b",
    "..%2fx",
    "%2e%2e/x",
    "..\\x",
    "~/x",
    "~root/x",
    "\0",
]
PARTS = st.lists(
    st.sampled_from(["..", ".", "", "a", "b.log", "~", "%2e%2e", "\\", " ", "-", "é", "x" * 300, "\n"]), min_size=1, max_size=6
)
PATHS = PARTS.map("/".join)


def everything(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its content, and every link with its aim."""
    found = sorted(p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    return {str(p): os.readlink(p).encode() if p.is_symlink() else p.read_bytes() for p in found}


@pytest.mark.parametrize("word", OUT)
@pytest.mark.parametrize("place", ["runbook: quick", "- id: work", "id: one"])
def test_attack_14_ids_are_names(tmp_path: Path, place: str, word: str) -> None:
    """The id of a runbook, a phase or a step holds no slash and does not begin with a dot: refused with its line."""
    file = tmp_path / "r.yml"
    text = steps("id: one, title: One, run: 'true'")
    assert place in text
    file.write_text(text.replace(place, place.partition(":")[0] + ": " + json.dumps(word)))
    with pytest.raises(NotValid):
        load_runbook(file)


@pytest.mark.parametrize("word", [w for w in OUT if w != "\0"])
def test_attack_14_files_of_a_runbook_are_in_its_project(person: Person, word: str) -> None:
    """Scripts, templates, uploads and includes that lie outside are refused when they are read, by name or through a link."""
    outside = person.writes("../outside.txt", "secret of somebody else\n")
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    (person.folder / "runbooks").mkdir()
    (person.folder / "runbooks" / "link").symlink_to(outside.resolve())
    (person.folder / "runbooks" / "folder").symlink_to(outside.resolve().parent)
    read = Files(person.folder / "runbooks")
    for name in (word, "link", "folder/outside.txt", "../../outside.txt", str(outside.resolve())):
        for how in (read, read.checksum):
            with pytest.raises((OSError, ValueError)):
                how(name)


def test_attack_14_a_plan_of_such_files_is_not_made(person: Person) -> None:
    """The command line tells each of them with its place, and none of their content."""
    person.writes("../outside.txt", "secret of somebody else\n")
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    out = "../../outside.txt"
    lines = ("script: {file: %s}", "upload: {from: %s, to: /x}", "template: {from: %s, to: /x}")
    for number, line in enumerate(lines):
        person.writes("runbooks/r.yml", steps(f"id: s{number}, title: S, {line % out}"))
        said = person.types("plan", "runbooks/r.yml", code=3)
        assert "outside the project folder" in said.err
        assert "runbooks/r.yml:" in said.err
    person.writes("runbooks/r.yml", steps("id: s, title: S, run: 'true'") + f"  - include: {out}\n")
    said = person.types("plan", "runbooks/r.yml", code=3)
    assert "is outside the project folder" in said.err
    assert "secret of somebody else" not in "".join(person.said)


@OFTEN
@given(path=PATHS)
def test_attack_14_a_download_stays_in_the_folder_of_its_run(
    new_links: Callable[..., Links], tmp_path: Path, path: str
) -> None:
    """Whatever a runbook calls the file: it is refused, or it is under downloads/HOST of the run; nothing else changes."""
    outside = tmp_path / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "kept").write_text("kept")
    run = tmp_path / "run"
    own = run / "downloads" / "controller"
    own.mkdir(parents=True, exist_ok=True)
    if not (own / "a").exists():
        (own / "a").symlink_to(outside)
    source = tmp_path / "source"
    source.write_text("content")
    before = everything(outside)
    command = Download(source=plain(str(source)), target=plain(path))
    with suppress(TransportFault):
        assert new_links(run_folder=run)(None).perform(command, lambda _stream, _data: None).exit_code == 0
        assert (own / path).resolve().is_relative_to(own.resolve())
    assert everything(outside) == before
    assert {p.name for p in tmp_path.iterdir()} == {"outside", "run", "source"}


@OFTEN
@given(phase=PATHS, rest=PATHS)
def test_attack_14_a_log_stays_in_the_folder_of_its_run(tmp_path: Path, phase: str, rest: str) -> None:
    """Whatever a phase, a step or a host is called."""
    logs = Logs(tmp_path / "logs")
    log = logs.log(attempt(task=TaskId(f"{phase}/{rest}")))
    log.begin()
    log.output(1, b"x\n")
    log.end(Outcome(status=Status.OK))
    assert not log.fault
    assert {p.name for p in tmp_path.iterdir()} == {"logs"}
    assert all(len(p.relative_to(tmp_path / "logs").parts) <= 2 for p in (tmp_path / "logs").rglob("*"))


@OFTEN
@given(word=PATHS | st.text(max_size=20))
def test_attack_14_what_a_host_is_asked_for_is_an_id(word: str) -> None:
    """An id of an attempt that could be a path, an option or a command is not sent."""
    if requests.ATTEMPT.fullmatch(word):
        assert "/" not in requests.ask("0123456789abcdef", word).decode().removeprefix("{ ")
    else:
        with pytest.raises(ValueError, match="cannot be part"):
            requests.ask("0123456789abcdef", word)


def test_attack_14_the_command_line_takes_no_path_for_a_run(person: Person) -> None:
    """Names of runs and tasks are looked up and never become part of a path; evidence is kept under its checksum."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    ask = "id: look, title: Look, manual: Take a photo, evidence: {photo: photo}"
    person.writes("runbooks/quick.yml", steps(ask))
    person.types("run", "runbooks/quick.yml", code=5)
    before = everything(person.folder.parent)
    for words in (("status", "../x"), ("log", "/etc/passwd"), ("why", "..%2fx", "x"), ("log", "last", "--step", "../../x")):
        assert person.types(*words).code in (0, 2)
    changed = {p for p, data in everything(person.folder.parent).items() if before.get(p) != data}
    assert [p for p in changed if not p.startswith(str(person.state))] == []
    photo = person.writes("../a photo;$(id).jpg", "pixels")
    person.types("done", "last", "work/look@box", "--evidence", f"photo={photo}")
    kept = list((person.state / "runs").rglob("evidence/*"))
    assert [p.suffix for p in kept] == [".jpg"]
    assert len(kept[0].stem) == 64


@pytest.mark.parametrize("word", [w for w in OUT if "\0" not in w and "~" not in w])
def test_attack_14_hosts_are_names(tmp_path: Path, word: str) -> None:
    """No host and no group is called like a path."""
    (tmp_path / "inventory").mkdir()
    file = tmp_path / "inventory" / "hosts.yml"
    for text in (f"format: 1\nhosts: {{{json.dumps(word)}: {{}}}}\n", f"format: 1\ngroups: {{{json.dumps(word)}: {{}}}}\n"):
        file.write_text(text)
        with pytest.raises(NotValid):
            load_estate(tmp_path / "inventory")
