"""What people meet on the way to a host: each ends in what happened, where, why, and the next command."""

from pathlib import Path
from typing import Any

import pytest

from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps
from journeys.racks import Rack

ONE = steps(step("first", "echo hello"))
RUN = ("run", "runbooks/quick.yml")


@pytest.fixture(autouse=True)
def _quick(engineer: Person) -> None:
    engineer.writes("runbooks/quick.yml", ONE)


@pytest.mark.law(6)
def test_without_an_inventory_nothing_is_planned(engineer: Person) -> None:
    """The folder that is missing is named, and the command that makes one."""
    (engineer.folder / "inventory" / "hosts.yml").unlink()
    (engineer.folder / "inventory").rmdir()

    said = engineer.types("plan", "runbooks/quick.yml", code=3)

    assert f"{engineer.folder}/inventory" in said.err
    assert "runbook init" in said.err


@pytest.mark.law(6)
@pytest.mark.parametrize(
    ("selector", "message"), [("bix", "there is no group or host 'bix'"), ("box - box", "'box - box' matches no host")]
)
def test_a_selector_that_means_nothing_stops_everything(engineer: Person, selector: str, message: str) -> None:
    """Its place is shown, with what was probably meant; nothing is connected to."""
    engineer.writes("runbooks/quick.yml", ONE.replace("hosts: box", f"hosts: {selector}"))

    said = engineer.types(*RUN, code=3)

    assert f"runbooks/quick.yml:11:12: error: {message}" in said.err
    assert f"hosts: {selector}\n" in said.err
    assert ("did you mean 'box'?" in said.err) == (selector == "bix")
    assert not engineer.state.exists()


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"port": 1}, ("connection refused", "127.0.0.1 port 1")),
        ({"user": "nobody-here"}, ("authentication failed", "nobody-here")),
        ({"key": "other"}, ("authentication failed", "other")),
        ({"key": "missing"}, ("authentication failed", "missing")),
    ],
    ids=["host down", "wrong user", "wrong key", "no such key"],
)
def test_a_host_that_does_not_let_us_in_is_unreachable(engineer: Person, sshd: Any, changes: Any, words: Any) -> None:
    """UNREACHABLE, with its cause in words, what was tried, and how to try again; never failed, never success."""
    if "key" in changes:
        changes = {"key": engineer.folder / changes["key"]}
    if changes.get("key", Path()).name == "other":
        _new_key(changes["key"])
    engineer.writes("inventory/hosts.yml", box_inventory(sshd, **changes))

    said = engineer.types(*RUN, code=1)

    assert "work/first@box UNREACHABLE" in said.err
    assert [word for word in words if word not in said.err] == []
    assert "runbook resume quick-1 --retry work/first@box" in said.err
    assert '"unreachable": 1' in engineer.types("status", "--json", code=1).out


def _new_key(path: Path) -> None:
    import subprocess

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


def test_an_unknown_host_key_is_refused_until_a_person_trusts_it(engineer: Person, sshd: Any) -> None:
    """The fingerprint is shown, and the command that accepts it; without a person it accepts nothing; then the run works."""
    engineer.writes("inventory/hosts.yml", box_inventory(sshd, known_hosts=engineer.folder / "known"))

    said = engineer.types(*RUN, code=1)
    assert "host key unknown" in said.err
    assert "SHA256:" in said.err
    assert "runbook inventory trust box" in said.err

    asked = engineer.types("inventory", "trust", "box", code=4)
    assert "nobody is here to compare fingerprints" in asked.err
    assert not (engineer.folder / "known").exists()

    engineer.types("inventory", "trust", "box", "--yes", code=0)
    assert "box: ok" in engineer.types("inventory", "check", "box", code=0).out
    engineer.types("resume", "last", "--failed", code=0)


def test_a_changed_host_key_is_refused_by_its_name(engineer: Person, sshd: Any) -> None:
    """Both fingerprints are shown, why it matters, and the command for a host that was installed anew."""
    other = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    engineer.writes("known", f"[127.0.0.1]:{sshd.port} ssh-ed25519 {other}\n")
    engineer.writes("inventory/hosts.yml", box_inventory(sshd, known_hosts=engineer.folder / "known"))

    said = engineer.types(*RUN, code=1)

    assert "host key changed" in said.err
    assert said.err.count("SHA256:") >= 2
    assert "Someone may be answering in its place" in said.err
    assert "runbook inventory trust box" in said.err
    assert "hello" not in said.err


def test_a_wrong_sudo_password_runs_nothing(rack: Rack, planner: Person, tmp_path: Path) -> None:
    """The step is refused with sudo's reason; the password is asked for once, and shown nowhere."""
    (rack.disk("r12-u01") / "sudo-password").write_text("right-one\n", encoding="utf-8")
    become = 'become: {user: root, password: {secret: "env:SUDO_PASSWORD"}}'
    file = planner.folder / "runbooks" / "as-root.yml"
    file.write_text(steps(step("touch", "touch /root/was-here", become), name="as-root", hosts="r12-u01"), encoding="utf-8")

    said = planner.types("run", str(file), SUDO_PASSWORD="wrong-one", code=1)
    assert "sudo refused" in said.err
    assert "the password was not accepted" in said.err
    assert "wrong-one" not in "".join(planner.said)

    missing = planner.types("resume", "last", "--failed", code=1)
    assert "secret not available" in missing.err
    assert "SUDO_PASSWORD" in missing.err

    planner.types("resume", "last", "--failed", SUDO_PASSWORD="right-one", code=0)
    (rack.disk("r12-u01") / "sudo-password").unlink()
    file.unlink()
