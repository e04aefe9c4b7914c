"""Files to and from a host: whole or not at all, unchanged when they are right, never outside their folder."""

import hashlib
import os
import signal
import stat
import threading
import time
from pathlib import Path

import pytest

from runbook_engine.model.commands import Download, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Cause
from runbook_engine.transports import Secrets

pytestmark = pytest.mark.sshd
CONTENT = bytes(range(256)) * 40_000  # 10 MB


@pytest.fixture(params=["ssh", "local"])
def place(request, new_links, target):
    """A host, and the control machine."""
    links = new_links(secrets=Secrets({"TOKEN": "t0ken-value"}))
    return links(target if request.param == "ssh" else None)


@pytest.fixture
def folder(tmp_path):
    """A folder on the host."""
    path = tmp_path / "on the 'host'"
    path.mkdir()
    return path


@pytest.fixture
def source(tmp_path):
    """A file here."""
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


def sha(content):
    """A checksum as the plan holds it."""
    return plain(hashlib.sha256(content).hexdigest())


def mode_of(path):
    """Permissions, octal."""
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_new_file_arrives_whole_with_its_mode(place, folder, source, log):
    """Content, mode and checksum are as planned, and nothing else is left in the folder."""
    target = folder / "-a file"
    command = Upload(target=plain(str(target)), source=plain(str(source)), checksum=sha(CONTENT), mode="0640")
    answer = place.perform(command, log)
    assert (answer.exit_code, answer.detail) == (0, f"{len(CONTENT)} bytes")
    assert target.read_bytes() == CONTENT
    assert mode_of(target) == "0o640"
    assert os.listdir(folder) == ["-a file"]


def test_the_same_file_is_left_alone(place, folder, source, log):
    """Same content, mode and owner: unchanged, and not even touched; another mode is put right."""
    target = folder / "file"
    command = Upload(target=plain(str(target)), source=plain(str(source)), mode="600")
    place.perform(command, log)
    before = target.stat()
    assert place.perform(command, log).detail == "unchanged"
    assert (target.stat().st_ino, target.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)
    target.chmod(0o644)
    assert place.perform(command, log).detail != "unchanged"
    assert mode_of(target) == "0o600"


def test_mode_is_kept_backup_is_made_and_links_are_followed(place, folder, log):
    """Without a mode the present one stays; the old content is kept by the attempt's name; a link stays a link."""
    real, link = folder / "real", folder / "link"
    real.write_text("old")
    real.chmod(0o751)
    link.symlink_to(real)
    command = Upload(target=plain(str(link)), content=plain("new"), backup=True)
    assert place.perform(command, log, attempt="a7").exit_code == 0
    assert link.is_symlink()
    assert (real.read_text(), mode_of(real)) == ("new", "0o751")
    assert (folder / "real.before-runbook-a7").read_text() == "old"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_the_owner_is_set(place, folder, log):
    """user:group, before the file has its name."""
    answer = place.perform(Upload(target=plain(str(folder / "f")), content=plain("x"), owner="nobody:daemon"), log)
    assert answer.exit_code == 0
    assert ((folder / "f").owner(), (folder / "f").group()) == ("nobody", "daemon")
    answer = place.perform(Upload(target=plain(str(folder / "f")), content=plain("y"), owner="no-such-user"), log)
    assert answer.exit_code != 0
    assert (folder / "f").read_text() == "x"
    assert os.listdir(folder) == ["f"]


def test_a_source_that_changed_since_planning_is_not_sent(place, folder, source, log):
    """Another checksum than the plan's: the control machine's fault, and nothing was started."""
    command = Upload(target=plain(str(folder / "f")), source=plain(str(source)), checksum=sha(b"other"))
    with pytest.raises(TransportFault) as caught:
        place.perform(command, log)
    assert (caught.value.cause, caught.value.started) == (Cause.LOCAL, False)
    assert os.listdir(folder) == []
    with pytest.raises(TransportFault) as caught:
        place.perform(Upload(target=plain(str(folder / "f")), source=plain("/no/such/file")), log)
    assert (caught.value.cause, caught.value.started) == (Cause.LOCAL, False)


@pytest.mark.parametrize(("name", "words"), [("no/folder/f", "does not exist"), ("", "is a folder")])
def test_where_a_file_cannot_be_is_said(place, folder, log, name, words):
    """A missing folder, or a folder in its place: exit code and the reason."""
    answer = place.perform(Upload(target=plain(f"{folder}/{name}"), content=plain("x")), log)
    assert answer.exit_code == 1
    assert words in answer.detail
    assert os.listdir(folder) == []


@pytest.mark.law(5)
def test_secrets_in_content_and_path(place, folder, log):
    """They arrive in the file; the log and the answer hold their names."""
    command = Upload(target=Text((f"{folder}/", SecretRef("env:TOKEN"))), content=Text(("token=", SecretRef("env:TOKEN"))))
    answer = place.perform(command, log)
    assert (folder / "t0ken-value").read_text() == "token=t0ken-value"
    assert b"t0ken" not in answer.stdout + answer.stderr + answer.detail.encode() + log.text(1) + log.text(2)


def test_an_upload_that_breaks_off_leaves_what_was_there(new_links, target, sh, folder, tmp_path, log):
    """The connection dies in the middle: lost, the old file is untouched, and what has arrived is for its user alone."""
    link = new_links()(target)
    (folder / "f").write_text("old")
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(256 << 20)
    pid = int(link.perform(sh("echo $PPID"), log).stdout)

    def content_flows():
        while not any(p.name.startswith(".f.") and p.stat().st_size for p in folder.iterdir()):
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=content_flows)
    killer.start()
    with pytest.raises(TransportFault) as caught:
        link.perform(Upload(target=plain(str(folder / "f")), source=plain(str(big))), log)
    killer.join()
    assert (caught.value.cause, caught.value.started) == (Cause.LOST, True)
    assert (folder / "f").read_text() == "old"
    [part] = [p for p in folder.iterdir() if p.name != "f"]
    assert mode_of(part) == "0o600"


def test_a_download_arrives_in_the_runs_folder(place, folder, tmp_path, log):
    """Under the host's name, whole, mode 0600, and again over itself."""
    (folder / "f").write_bytes(CONTENT)
    command = Download(source=plain(str(folder / "f")), target=plain("logs/f"))
    for _ in range(2):
        answer = place.perform(command, log)
        assert answer.exit_code == 0
        assert hashlib.sha256(CONTENT).hexdigest() in answer.detail
    host = place.target.name if place.target else "controller"
    arrived = tmp_path / "run" / "downloads" / host / "logs" / "f"
    assert arrived.read_bytes() == CONTENT
    assert mode_of(arrived) == "0o600"
    assert os.listdir(arrived.parent) == ["f"]
    assert log.text(1) == b""


def test_a_download_that_fails_leaves_nothing(place, folder, tmp_path, log):
    """A file that is not there: exit code 1 and the reason."""
    answer = place.perform(Download(source=plain(str(folder / "f")), target=plain("f")), log)
    assert answer.exit_code == 1
    assert "does not exist" in answer.detail
    assert not [p for p in Path(tmp_path / "run").rglob("*") if p.is_file()]


@pytest.mark.parametrize("name", ["../f", "/etc/f", "a/../../f", "", ".", "a\0b"])
def test_a_download_stays_in_its_folder(place, folder, log, name):
    """A path that leads out is refused before anything is read."""
    (folder / "f").write_text("x")
    with pytest.raises(TransportFault) as caught:
        place.perform(Download(source=plain(str(folder / "f")), target=plain(name)), log)
    assert (caught.value.cause, caught.value.started) == (Cause.CONFIGURATION, False)


def test_a_link_in_the_runs_folder_does_not_lead_out(place, folder, tmp_path, log):
    """A folder of the downloads that is a link to elsewhere is not followed."""
    (folder / "f").write_text("x")
    host = place.target.name if place.target else "controller"
    downloads = tmp_path / "run" / "downloads" / host
    downloads.mkdir(parents=True)
    (downloads / "out").symlink_to(tmp_path)
    with pytest.raises(TransportFault) as caught:
        place.perform(Download(source=plain(str(folder / "f")), target=plain("out/f")), log)
    assert caught.value.cause is Cause.CONFIGURATION
