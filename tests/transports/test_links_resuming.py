"""Transfers whose link is cut or held in the middle: gone on with, right in every byte, never spoiled by who came before."""

import os
import stat
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from runbook_engine.model.commands import Download, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Cause, Fate
from runbook_engine.transports import Secrets
from transports.cutting import cutting

pytestmark = [pytest.mark.sshd, pytest.mark.law(2)]
CONTENT = os.urandom(1 << 20) * 8
HALF = len(CONTENT) // 2


def nowhere(_stream, _data):
    """A sink that keeps nothing."""


@pytest.fixture
def proxy(target):
    """Something between us and the host."""
    with cutting(target.ssh.port) as cuts:
        yield cuts


@pytest.fixture
def host(proxy, target, new_links, tmp_path):
    """The link to a host behind the proxy."""
    keys = Path(target.ssh.known_hosts).read_text().replace(f":{target.ssh.port} ", f":{proxy.port} ")
    known = tmp_path / "known behind the proxy"
    known.write_text(keys)
    behind = replace(target, ssh=replace(target.ssh, port=proxy.port, known_hosts=str(known)))
    return new_links(secrets=Secrets({"TOKEN": "t0ken-value"}))(behind)


@pytest.fixture
def folder(tmp_path):
    """A folder on the host."""
    path = tmp_path / "on the 'host'"
    path.mkdir()
    return path


@pytest.fixture
def put(tmp_path, folder):
    """An upload of a big file over an old one, with all that can be wished for."""
    (tmp_path / "source").write_bytes(CONTENT)
    (folder / "f").write_text("old")
    (folder / "f").chmod(0o600)
    where, source = plain(str(folder / "f")), plain(str(tmp_path / "source"))
    return Upload(target=where, source=source, mode="0640", backup=True)


def parts(folder):
    """What is under way."""
    return [p for p in folder.iterdir() if ".runbook-" in p.name]


def soon(what):
    """Wait until it is so: the host notices a cut in its own time."""
    until = time.monotonic() + 20
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    assert what()


def received(folder):
    """Whether no receiver of a part is left: each names its own mark on its command line."""
    marks = [part.name.rpartition("-")[2].encode() for part in parts(folder)]
    running = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            running.append(line.read_bytes())
    return not any(mark in line for mark in marks for line in running)


def cut(host, proxy, put, folder, after=HALF):
    """An upload that is lost in the middle; the host has noticed it."""
    host.probe_ssh()
    proxy.after(after)
    with pytest.raises(TransportFault) as caught:
        host.perform(put, nowhere, attempt="a1")
    assert (caught.value.cause, caught.value.started) == (Cause.LOST, True)
    soon(lambda: received(folder))


def right(folder, backup="f.before-runbook-a1"):
    """Everything is as it was wished for, and nothing else is there."""
    assert sorted(os.listdir(folder)) == ["f", backup]
    assert (folder / "f").read_bytes() == CONTENT
    assert stat.S_IMODE((folder / "f").stat().st_mode) == 0o640
    assert (folder / backup).read_text() == "old"


def test_an_upload_goes_on_where_it_was_cut(host, proxy, put, folder):
    """What has arrived is not sent again; content, mode and backup are right, and nothing is left behind."""
    cut(host, proxy, put, folder)
    [part] = parts(folder)
    assert (folder / "f").read_text() == "old"
    assert stat.S_IMODE(part.stat().st_mode) == 0o600
    proxy.after(1 << 40)
    answer = host.perform(put, nowhere, attempt="a1")
    assert answer.exit_code == 0
    assert "were there already" in answer.detail
    assert proxy.passed < len(CONTENT) * 3 // 4
    right(folder)
    assert host.perform(put, nowhere, attempt="a1").detail == "unchanged"
    right(folder)


def test_a_spoiled_part_is_not_gone_on_with(host, proxy, put, folder):
    """Its checksum on the host is not that of our first bytes: everything is sent anew."""
    cut(host, proxy, put, folder)
    [part] = parts(folder)
    with part.open("r+b") as file:
        file.write(bytes([CONTENT[0] ^ 1]))
    answer = host.perform(put, nowhere, attempt="a1")
    assert (answer.exit_code, answer.detail) == (0, f"{len(CONTENT)} bytes")
    right(folder)


@pytest.mark.parametrize("kind", ["longer", "link", "pipe", "nothing"])
def test_what_looks_like_a_part_and_is_none(host, proxy, put, folder, tmp_path, kind):
    """A part that is longer than the whole, a link to elsewhere, a pipe that nobody writes to, an empty file."""
    cut(host, proxy, put, folder)
    [part] = parts(folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(CONTENT)
    if kind == "longer":
        part.write_bytes(CONTENT + bytes(1 << 20))
    else:
        part.unlink()
        {"link": lambda: part.symlink_to(elsewhere), "pipe": lambda: os.mkfifo(part), "nothing": part.touch}[kind]()
    assert host.perform(put, nowhere, attempt="a1").detail == f"{len(CONTENT)} bytes"
    assert elsewhere.read_bytes() == CONTENT
    for left in parts(folder):
        assert kind in ("link", "pipe")
        left.unlink()
    right(folder)


def test_leftovers_of_other_content_are_cleaned_away(host, proxy, put, folder, tmp_path):
    """The source has changed since: what came of the old one is of no use."""
    cut(host, proxy, put, folder)
    (tmp_path / "source").write_bytes(CONTENT[::-1])
    assert host.perform(put, nowhere, attempt="a1").detail == f"{len(CONTENT)} bytes"
    assert (folder / "f").read_bytes() == CONTENT[::-1]
    assert parts(folder) == []


@pytest.mark.law(5)
def test_a_short_secret_text_leaves_nothing(host, proxy, folder):
    """Less than a block is not worth keeping: when the link is cut, the host removes it."""
    secret = Upload(
        target=plain(str(folder / "f")), content=Text(("x" * 50_000, SecretRef("env:TOKEN"), "x" * 50_000)), mode="0644"
    )
    cut(host, proxy, secret, folder, after=30_000)
    soon(lambda: not parts(folder))
    assert os.listdir(folder) == []


def held(host, proxy, put, folder):
    """An upload whose link is held in the middle; its thread, and what became of it."""
    host.probe_ssh()
    proxy.after(HALF, hold=True)
    ends = []

    def carry():
        try:
            ends.append(host.perform(put, nowhere, attempt="a1"))
        except TransportFault as fault:
            ends.append(fault)

    thread = threading.Thread(target=carry)
    thread.start()
    soon(lambda: any(p.stat().st_size >= HALF // 2 for p in parts(folder)))
    return thread, ends


def test_who_is_told_that_it_is_not_there_can_rely_on_it(host, proxy, put, folder, new_links, target):
    """After that answer an upload that is still under way cannot finish; a new one goes on with what it has brought."""
    thread, ends = held(host, proxy, put, folder)
    other = new_links()(target)
    assert other.compare(put, nowhere, 30).fate is Fate.NOT_BEGUN
    proxy.let_go()
    thread.join(60)
    [answer] = ends
    assert answer.exit_code == 1
    assert (folder / "f").read_text() == "old"
    answer = other.perform(put, nowhere, attempt="a2")
    assert "were there already" in answer.detail
    right(folder, "f.before-runbook-a2")
    assert other.compare(put, nowhere, 30).fate is Fate.ENDED


def test_a_receiver_that_was_forgotten_spoils_nothing(host, proxy, put, folder, new_links, target):
    """A second upload finishes first: what still comes for the first one reaches no file that anybody uses."""
    thread, ends = held(host, proxy, put, folder)
    assert new_links()(target).perform(put, nowhere, attempt="a2").exit_code == 0
    right(folder, "f.before-runbook-a2")
    with (folder / "f").open("r+b") as file:
        file.truncate(5)  # a later step writes into it
    before = (folder / "f").stat()
    proxy.let_go()
    thread.join(60)
    assert [answer.exit_code for answer in ends] == [1]
    after = (folder / "f").stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, 5, before.st_mtime_ns)


def test_a_backup_is_made_once_for_an_attempt(host, put, folder):
    """Whatever is done again under the same name: the backup stays what was there before the attempt."""
    host.perform(put, nowhere, attempt="a1")
    (folder / "f").chmod(0o600)
    assert host.perform(put, nowhere, attempt="a1").detail == f"{len(CONTENT)} bytes"
    right(folder)


@pytest.mark.parametrize("what", ["nothing", "content", "mode", "folder"])
def test_whether_it_is_there_is_asked_of_the_file(host, put, folder, what):
    """Any difference in content or mode, a file or a folder that is missing: not done."""
    host.perform(put, nowhere, attempt="a1")
    if what == "content":
        (folder / "f").write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    if what == "mode":
        (folder / "f").chmod(0o600)
    if what == "folder":
        put = replace(put, target=plain(f"{folder}/none/f"))
    assert host.compare(put, nowhere, 30).fate is (Fate.ENDED if what == "nothing" else Fate.NOT_BEGUN)


@pytest.mark.parametrize("spoiled", [False, True])
def test_a_download_goes_on_where_it_was_cut(host, proxy, folder, tmp_path, spoiled):
    """What is here already is not sent again, if the host's file begins with it."""
    (folder / "f").write_bytes(CONTENT)
    fetch = Download(source=plain(str(folder / "f")), target=plain("logs/f"))
    host.probe_ssh()
    proxy.after(HALF, downwards=True)
    with pytest.raises(TransportFault):
        host.perform(fetch, nowhere)
    arrived = tmp_path / "run" / "downloads" / host.target.name / "logs"
    [part] = arrived.iterdir()
    assert part.stat().st_size >= HALF // 2
    if spoiled:
        part.write_bytes(bytes(part.stat().st_size))
    proxy.after(1 << 40, downwards=True)
    assert host.perform(fetch, nowhere).exit_code == 0
    assert (proxy.passed < len(CONTENT) * 3 // 4) is not spoiled
    assert (arrived / "f").read_bytes() == CONTENT
    assert os.listdir(arrived) == ["f"]
