"""Attack 15: what somebody else has planted beforehand, as a link or under a name that can be guessed, is not used."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from attacks.test_attack_14_paths import everything
from journeys.command_line import Person
from journeys.machines import steps
from runbook_engine.cli.projects import write_output
from runbook_engine.model.commands import Shell, Upload
from runbook_engine.model.errors import TransportFault, Usage
from runbook_engine.model.events import Outcome
from runbook_engine.model.plan import Target
from runbook_engine.model.text import plain, shell
from runbook_engine.model.words import Cause, Status, TaskId
from runbook_engine.transports import Link, Links
from runbook_engine.workers import Logs
from transports.conftest import Log
from workers.scripted import attempt

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")


@pytest.mark.sshd
@pytest.mark.parametrize(
    "how", ["link", "link that leads nowhere", "file", "open to all", "open to the group", "of somebody else"]
)
def test_attack_15_a_planted_folder_on_the_host_is_refused(
    new_server: Callable[..., Target], new_links: Callable[..., Links], tmp_path: Path, how: str
) -> None:
    """~/.runbook must be a folder that only its user can write to, or the host is not worked on; nothing is put there."""
    if how == "of somebody else" and os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    there = new_server()
    base, aim = tmp_path / "sshd0" / ".runbook", tmp_path / "aim"
    aim.mkdir()
    if "link" in how:
        base.symlink_to(aim if how == "link" else tmp_path / "nowhere")
    elif how == "file":
        base.touch()
    else:
        base.mkdir()
        base.chmod({"open to all": 0o777, "open to the group": 0o770}.get(how, 0o700))
        if how == "of somebody else":
            os.chown(base, 65534, 65534)
    with pytest.raises(TransportFault, match="only this user can write to") as caught:
        new_links()(there).greet()
    assert (caught.value.cause, caught.value.started) == (Cause.CONFIGURATION, False)
    assert caught.value.next_command
    assert everything(aim) == {}
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.sshd
def test_attack_15_an_upload_follows_no_planted_part(link: Link, log: Log, tmp_path: Path) -> None:
    """Every name beside the target that a part could have is a link: none is followed, and the file arrives."""
    folder, aim = tmp_path / "folder", tmp_path / "aim"
    folder.mkdir(mode=0o1777)
    aim.write_text("mine")
    for name in (".file.runbook", ".file.part", ".file.tmp", "file.tmp", ".file.", "file.before-runbook-a1", "file~"):
        (folder / name).symlink_to(aim)
    before = everything(folder)
    assert link.perform(Upload(target=plain(f"{folder}/file"), content=plain("new")), log).exit_code == 0
    assert (folder / "file").read_text() == "new"
    assert aim.read_text() == "mine"
    assert {p: data for p, data in everything(folder).items() if p != f"{folder}/file"} == before
    assert stat.S_IMODE((folder / "file").stat().st_mode) == 0o600


def test_attack_15_a_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    """Neither through a file nor through a folder of a phase that leads elsewhere without being ours."""
    aim = tmp_path / "aim"
    folder = tmp_path / "logs" / "firmware"
    folder.mkdir(parents=True)
    (folder / "flash.log").symlink_to(aim)
    log = Logs(tmp_path / "logs").log(attempt(task=TaskId("firmware/flash")))
    with pytest.raises(TransportFault) as caught:
        log.begin()
    assert not caught.value.started
    log.end(Outcome(status=Status.OK))
    assert not aim.exists()


def test_attack_15_what_is_printed_into_a_file_follows_no_link(tmp_path: Path) -> None:
    """A saved plan replaces what has its name, and is written under a name that nobody can guess."""
    aim = tmp_path / "aim"
    aim.write_text("mine")
    for name in ("my.plan", ".my.plan.part", "my.plan.tmp"):
        (tmp_path / name).symlink_to(aim)
    write_output(b"plan", str(tmp_path / "my.plan"))
    assert (aim.read_text(), (tmp_path / "my.plan").read_text()) == ("mine", "plan")
    assert not (tmp_path / "my.plan").is_symlink()
    assert stat.S_IMODE((tmp_path / "my.plan").stat().st_mode) == 0o600
    with pytest.raises(Usage):
        write_output(b"plan", str(tmp_path / "nowhere" / "my.plan"))


@ROOT_ONLY
@pytest.mark.parametrize("what", ["state", "runbook.toml", "inventory", "journal.db"])
def test_attack_15_what_somebody_else_put_into_a_shared_folder_is_refused(person: Person, what: str) -> None:
    """As in /tmp: everybody can make files, and one of another user has the name that is looked for."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbook.toml", "parallel = 2\n")
    person.writes("runbooks/quick.yml", steps("id: one, title: One, local: 'true'", hosts="all"))
    place = person.state if what == "state" else person.folder / what
    journal = ("--journal", str(place)) if what == "journal.db" else ()
    person.types("run", "runbooks/quick.yml", *journal, code=0)
    place.parent.chmod(0o1777)
    person.types("run", "runbooks/quick.yml", *journal, code=0)
    os.chown(place, 65534, 65534)
    said = person.types("run", "runbooks/quick.yml", *journal, code=4)
    assert f"{place} lies in a folder that everybody may write to" in said.err
    assert "chmod o-w" in said.err


@pytest.mark.sshd
def test_attack_15_a_step_leaves_nothing_that_can_be_guessed(link: Link, log: Log, tmp_path: Path) -> None:
    """Quick steps make no file at all on the host; what they are is in no temporary folder."""
    before = set(os.listdir("/tmp"))
    assert link.perform(Shell(script=shell(f"ls -A '{tmp_path}'")), log).exit_code == 0
    new = {name for name in set(os.listdir("/tmp")) - before if "runbook" in name or "rb" in name}
    assert new == set()
