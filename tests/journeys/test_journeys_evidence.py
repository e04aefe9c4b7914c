"""A real small run, its evidence, an auditor on another machine, and a browser that opens it."""

import base64
import html
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import new_key
from journeys.command_line import Person, Terminal
from journeys.machines import HEAD
from journeys.test_journeys_canaries import made_values, shown
from journeys.warm import Warm
from reporting.made_evidence import PHOTO, records_of, signed, with_lines
from runbook_engine.model.approvals import Head, Say, Statement
from runbook_engine.model.words import PersonId
from runbook_engine.recording import open_store
from runbook_engine.reporting.evidence_reading import read

CHROMIUM = shutil.which("chromium")
STEPS = """phases:
  - id: work
    title: Work here
    steps:
      - {id: one, title: Say something, local: 'echo it is done', takes: 1m}
      - {id: mount, title: Mount it, manual: Mount the server, evidence: {photo: photo, serial: text}, takes: 5m}
      - {id: two, title: Fail once, local: 'test -e tried || { touch tried; echo no >&2; exit 3; }', repeat: safe, retries: 1}
"""
PEOPLE = "format: 1\npeople:\n  eva.koster: {{name: Eva Koster, ssh_keys: [{key}]}}\n  ana.duarte: {{name: Ana Duarte}}\n"


@dataclass(frozen=True)
class Night:
    """A run that is over, with what was kept elsewhere."""

    person: Person
    file: Path
    seal: str
    head: str
    anchor: Path
    key: Path

    @property
    def data(self) -> bytes:
        """The evidence."""
        return self.file.read_bytes()


def approve(person: Person, key: Path) -> None:
    """Eva signs the plan of the run, and what she has seen of its journal."""
    with open_store(str(person.state / "journal.db")) as store:
        row = store.runs()[-1]
        plan, (seq, digest) = store.plan(row.digest), store.head(row.run)
        now = datetime.now(UTC)
        said = Statement(
            id="s-0123456789",
            say=Say.APPROVE,
            plan=plan.digest,
            runbook=plan.runbook,
            title=plan.title,
            by=PersonId("eva.koster"),
            at=now,
            until=now + timedelta(days=3),
            phases={phase.id: phase.leaf for phase in plan.phases},
            seen=Head(run=row.run, seq=seq, hash=digest),
        )
        assert store.add_statement(said, signed(said, key))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Night:
    """Automatic work, work by hand with a photo, a retry, an approval, an anchor, the evidence."""
    folder = tmp_path_factory.mktemp("night")
    person, key = Person.new(folder / "project"), new_key(folder / "eva")
    person.warm = warm
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("inventory/people.yml", PEOPLE.format(key=Path(f"{key}.pub").read_text().strip()))
    person.writes("runbooks/quick.yml", HEAD.format(name="quick") + STEPS)
    (person.folder / "rack.png").write_bytes(PHOTO)
    person.types("run", "runbooks/quick.yml", "--yes", "--no-input", code=5)
    approve(person, key)
    proof = ("--evidence", "photo=rack.png", "--evidence", "serial=CZ1234")
    person.types("done", "last", "mount", *proof, "--note", "two people", code=0)
    person.types("resume", "last", "--no-input", code=0)
    said = person.types("verify", "last", "--anchor", str(folder / "heads.txt"), code=0)
    made = person.types("evidence", "last", "-o", "night.html", "--json", code=0).json()
    assert (made["kind"], made["only_named"]) == ("evidence", [])
    return Night(
        person=person,
        file=person.folder / "night.html",
        seal=made["seal"],
        head=re.findall(r"\d+:[0-9a-f]{64}", said.out)[-1],
        anchor=folder / "heads.txt",
        key=key,
    )


@pytest.fixture
def auditor(tmp_path: Path, warm: Warm) -> Person:
    """Somebody on another machine: no journal, no inventory, no logs."""
    made = Person.new(tmp_path / "elsewhere")
    made.warm = warm
    return made


@pytest.mark.law(11)
def test_an_auditor_without_our_database_finds_everything_in_order(night: Night, auditor: Person) -> None:
    """The file alone, then with all that was kept elsewhere; what is not proved is said."""
    (auditor.folder / "night.html").write_bytes(night.data)
    alone = auditor.types("verify", "night.html", code=0)
    assert "Signatures were checked with the keys in the file itself" in alone.out
    people = str(night.person.folder / "inventory" / "people.yml")
    outside = ("--seal", night.seal, "--head", night.head, "--anchor", str(night.anchor), "--signers", people)
    said = auditor.types("verify", "night.html", *outside, code=0)
    assert "not compared" not in said.out
    assert "1 statement, 1 signature checked" in said.out
    assert "agrees with 3 heads held outside" in said.out  # the one typed, the anchor file's, the statement's
    assert "the whole file anew" not in said.out
    told = auditor.types("verify", "night.html", *outside, "--json", code=0).json()
    assert (told["format"], told["kind"], told["ok"]) == (1, "verify", True)
    assert not (auditor.state / "journal.db").exists()


def altered(kind: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[list[bytes]], list[bytes]]:
    """Change the first line of a kind."""

    def lines(old: list[bytes]) -> list[bytes]:
        at = next(n for n, line in enumerate(old) if json.loads(line)["kind"] == kind)
        return [*old[:at], json.dumps(change(json.loads(old[at]))).encode() + b"\n", *old[at + 1 :]]

    return lines


def lines_of(data: bytes, kind: str) -> list[int]:
    """Where the lines of a kind are."""
    return [n for n, line in enumerate(records_of(data)[1]) if json.loads(line)["kind"] == kind]


@pytest.mark.law(11)
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("record", "WRONG: journal: record 1 is not what was recorded there"),
        ("removed", "WRONG: journal: record 4 is missing"),
        ("swapped", "WRONG: journal: record 4 stands after record 5"),
        ("cut", "are missing: the file was made with"),
        ("output", "WRONG: outputs: the output work/mount.log"),
        ("photo", "is not what was exported: its SHA-256 is another"),
        ("plan", "WRONG: plans: the plan"),
        ("statement", "of eva.koster (approve) is not one that was exported"),
        ("signature", "WRONG: approvals: the signature of the statement s-0123456789 of eva.koster (approve)"),
        ("page", "WRONG: page: the page, which people read, was changed"),
    ],
)
def test_whatever_is_changed_is_named_and_the_exit_is_7(night: Night, auditor: Person, what: str, said: str) -> None:
    """The command says which record, output, plan or statement it is."""
    data = night.data
    at = lines_of(data, "record")
    changes: dict[str, Callable[[], bytes]] = {
        "record": lambda: with_lines(data, altered("record", lambda d: d | {"body": d["body"].replace("ana", "eva")})),
        "removed": lambda: with_lines(data, lambda old: old[: at[3]] + old[at[3] + 1 :]),
        "swapped": lambda: with_lines(data, lambda old: [*old[: at[3]], old[at[4]], old[at[3]], *old[at[5] :]]),
        "cut": lambda: with_lines(data, lambda old: old[: at[-3]] + old[at[-1] + 1 :]),
        "output": lambda: with_lines(data, altered("output", lambda d: d | {"text": d["text"] + "x"})),
        "photo": lambda: data.replace(base64.b64encode(PHOTO), base64.b64encode(PHOTO[:-1] + b"x")),
        "plan": lambda: with_lines(
            data, altered("plan", lambda d: d | {"body": d["body"].replace("it is done", "it is d0ne")})
        ),
        "statement": lambda: with_lines(data, altered("statement", lambda d: d | {"typed_by": "me"})),
        "signature": lambda: with_lines(data, altered("statement", lambda d: d | {"body": d["body"].replace("Two", "Ten")})),
        "page": lambda: data.replace(b"FAILED exit 3", b"ok", 1),
    }
    changed = changes[what]()
    assert changed != data
    (auditor.folder / "night.html").write_bytes(changed)
    answer = auditor.types("verify", "night.html", code=7)
    assert (said if what != "output" else "WRONG: outputs: the output work/") in answer.err


@pytest.mark.law(11)
def test_what_is_held_outside_and_differs_is_named(night: Night, auditor: Person) -> None:
    """Another seal, another hash, a newer head, a key that the auditor does not know; and what is no evidence is exit 3."""
    file = str(night.file)
    seq, _, digest = night.head.partition(":")
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    assert "the seal is" in auditor.types("verify", file, "--seal", "sha256:" + "0" * 64, code=7).err
    assert f"record {seq} is not the one" in auditor.types("verify", file, "--head", f"{seq}:{other}", code=7).err
    newer = auditor.types("verify", file, "--head", f"{int(seq) + 5}:{digest}", code=7).err
    assert "its end was cut off, or it comes from an older backup" in newer
    stranger = new_key(auditor.folder / "stranger")
    line = Path(f"{stranger}.pub").read_text()
    auditor.writes("trusted", f'eva.koster namespaces="approval@runbook-engine" {line}')
    said = auditor.types("verify", file, "--signers", "trusted", code=7).err
    assert "s-0123456789 of eva.koster" in said
    assert "is not among those that are trusted here" in said
    auditor.writes("page.html", "<!doctype html>\n<p>hello")
    assert "this file cannot be checked" in auditor.types("verify", "page.html", code=3).err
    auditor.types("verify", file, "--head", "12", code=2)
    auditor.types("verify", file, "--seal", "12", code=2)
    auditor.writes("heads.txt", "another-1 3 sha256:" + "0" * 64 + " 2026-12-01T21:00:00+00:00\n")
    assert "holds no head of quick-1" in auditor.types("verify", file, "--anchor", "heads.txt", code=2).err
    auditor.types("verify", file, "--signers", "nowhere", code=2)


def test_what_it_holds_can_be_taken_out(night: Night, auditor: Person) -> None:
    """The very bytes of outputs and photos."""
    auditor.types("verify", str(night.file), "--extract", "out", code=0)
    files = {path.name: path.read_bytes() for path in (auditor.folder / "out").iterdir()}
    assert PHOTO in files.values()
    logs = sorted((night.person.state / "runs" / "quick-1" / "logs").rglob("*.log"))
    assert {log.read_bytes() for log in logs} <= set(files.values())


def test_the_file_is_for_its_owner_alone_and_says_what_happened(night: Night) -> None:
    """Mode 0600; planned against actual, the retry, the photo, the serial number, the note, the approval."""
    assert stat.S_IMODE(night.file.stat().st_mode) == 0o600
    page = html.unescape(read(night.data).page.decode())
    for words in ("Mount it (work/mount)", "CZ1234", "done: two people", "retried", "FAILED exit 3: no", "signed with SHA256:"):
        assert words in page
    assert "a key of the person" in page


@pytest.mark.law(11)
def test_a_photo_that_was_exchanged_in_the_folder_of_the_run_is_found(night: Night, tmp_path: Path) -> None:
    """The journal knows its SHA-256: the export says so, and the file names it without holding it."""
    other = Person(night.person.folder, night.person.env | {"RUNBOOK_STATE": str(tmp_path / "state")}, warm=night.person.warm)
    shutil.copytree(night.person.state, tmp_path / "state")
    (kept,) = (tmp_path / "state" / "runs" / "quick-1" / "evidence").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_bytes(PHOTO[:-1] + b"x")
    said = other.types("evidence", "last", "-o", str(tmp_path / "other.html"), code=7)
    assert "what is in the folder of the run is not what was handed in" in said.err
    kept.unlink()
    assert "is not in the folder of the run any more" in other.types("evidence", "last", "-o", "-", code=7).err


def test_only_a_real_file_of_bearable_size_is_taken_as_evidence(person: Person) -> None:
    """A link is not followed, a pipe is not waited for, and the message says what to do."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbooks/quick.yml", HEAD.format(name="quick") + STEPS)
    person.types("run", "runbooks/quick.yml", "--yes", "--no-input", code=5)
    (person.folder / "link").symlink_to(person.writes("aim", "secret"))
    (person.folder / "folder").mkdir()
    os.mkfifo(person.folder / "pipe")
    with (person.folder / "large").open("wb") as file:
        file.truncate((50 << 20) + 1)
    words = {
        "link": "is a link",
        "folder": "is no file",
        "pipe": "is no file",
        "large": "larger than 50 MB",
        "none": "No such file",
    }
    for name, expected in words.items():
        said = person.types("done", "last", "mount", "--evidence", f"photo={name}", "--evidence", "serial=x", code=2).err
        assert expected in said
    assert not (person.state / "runs" / "quick-1" / "evidence").exists()


def test_a_photo_that_is_named_at_the_terminal_is_kept_like_any_other(person: Person) -> None:
    """A wrong path is told and asked for again; what is kept is bound to the journal."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbooks/quick.yml", HEAD.format(name="quick") + STEPS)
    (person.folder / "rack.png").write_bytes(PHOTO)
    terminal = Terminal(person, "run", "runbooks/quick.yml", "--yes")
    terminal.waits_for(r"Done\?")
    terminal.types("y\n")
    terminal.waits_for(r"photo \(photo\)")
    terminal.types("wrong.png\n")
    terminal.waits_for(r"wrong.png cannot be read")
    terminal.types("rack.png\n")
    terminal.waits_for("serial")
    terminal.types("CZ1\n")
    terminal.ends(0)
    (kept,) = (person.state / "runs" / "quick-1" / "evidence").iterdir()
    assert kept.read_bytes() == PHOTO
    assert f"photo=rack.png sha256:{kept.stem}" in person.types("log", "last", code=0).out


@pytest.mark.law(5)
def test_secrets_that_were_used_are_not_in_the_evidence(person: Person) -> None:
    """L5: printed on both streams and by a step that fails; raw, escaped, in JSON or in base64: nowhere in the file."""
    values = made_values()[:20]
    environment: dict[str, Any] = {f"CANARY_{n}": value for n, value in enumerate(values)}
    told = ", ".join(f's{n}: {{secret: "env:CANARY_{n}"}}' for n in range(len(values)))
    person.writes("inventory/hosts.yml", f"format: 1\nhosts: {{box: {{vars: {{{told}}}}}}}\n")
    every = " ".join(f"{{{{ host.vars.s{n} }}}}" for n in range(len(values)))
    use = f'printf "%s\\n" {every} | tee arrived; printf "%s\\n" {every} >&2; exit 3'
    work = "phases:\n  - id: work\n    title: Work\n    hosts: box\n    steps:\n"
    work += f"      - id: use\n        title: Use\n        per: host\n        local: |\n          {use}\n"
    person.writes("runbooks/quick.yml", HEAD.format(name="quick") + work)
    person.types("run", "runbooks/quick.yml", "--yes", "--no-input", code=1, **environment)
    assert (person.folder / "arrived").read_text().splitlines() == values
    person.types("evidence", "last", "-o", "night.html", code=0)
    data = (person.folder / "night.html").read_bytes()
    page = html.unescape(data.decode()).encode()
    assert b"[secret env:CANARY_7]" in data
    assert shown(values, data) == shown(values, page) == []


@pytest.mark.law(11)
def test_heads_are_kept_in_a_file_and_in_a_git_tag(person: Person, tmp_path: Path) -> None:
    """Anchors are added once, and compared ever after; a journal from an older backup is found, by each of them."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbooks/quick.yml", HEAD.format(name="quick") + STEPS)
    (person.folder / "rack.png").write_bytes(PHOTO)
    git = ["git", "-C", str(person.folder), "-c", "user.name=A", "-c", "user.email=a@example.net"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    person.env |= {f"GIT_{who}_{what}": "a@example.net" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    person.types("run", "runbooks/quick.yml", "--yes", "--no-input", code=5)
    heads = tmp_path / "heads.txt"
    person.types("verify", "last", "--anchor", str(heads), code=0)
    shutil.copytree(person.state, tmp_path / "backup")
    person.types("done", "last", "mount", "--evidence", "photo=rack.png", "--evidence", "serial=x", code=0)
    person.types("resume", "last", "--no-input", code=0)
    for _ in range(2):
        said = person.types("verify", "last", "--anchor", str(heads), "--git-tag", "night", code=0)
    assert "agrees with 3 heads" in said.out
    assert len(heads.read_text().splitlines()) == 2
    assert stat.S_IMODE(heads.stat().st_mode) == 0o600
    tag = subprocess.run([*git, "cat-file", "tag", "night"], check=True, capture_output=True, text=True).stdout
    assert heads.read_text().splitlines()[1].rpartition(" ")[0] in tag

    shutil.rmtree(person.state)
    shutil.copytree(tmp_path / "backup", person.state)
    person.types("verify", "last", code=0)
    by_file = person.types("verify", "last", "--anchor", str(heads), code=7).err
    by_tag = person.types("verify", "last", "--git-tag", "night", code=7).err
    assert "the anchor file" in by_file
    assert "the git tag night" in by_tag
    for said_ in (by_file, by_tag):
        assert "its end was cut off, or it comes from an older backup" in said_
    assert len(heads.read_text().splitlines()) == 2


PAYLOADS = (
    "<script>fetch('{url}/script')</script>",
    '<img src="{url}/img">',
    "</pre><script>document.title='owned'</script>",
    '"><svg/onload=document.title="owned">',
    "</template></body></html><script src={url}/x.js></script>",
    "\x1b]0;owned\x07\x1b[31m",
    "\u202egnp.exe\u202c\u2066",
    "<style>@import url({url}/css)</style><link rel=stylesheet href={url}/l.css>",
    "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    "<meta http-equiv=refresh content='0;url={url}/refresh'>",
)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """A port that notes whoever comes."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(200))

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)


def browse(file: Path, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Open a file in a real browser; what it says on its console is on stderr."""
    fixed = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", "--v=0"]
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        f"--user-data-dir={folder}/profile",
    ]
    words = [str(CHROMIUM), *fixed, *quiet, *options, file.as_uri()]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True, errors="replace")


@pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium")
def test_a_browser_runs_nothing_and_asks_nobody(person: Person, tmp_path: Path, listener: tuple[str, list[bytes]]) -> None:
    """200 hostile outputs, a hostile serial number and note, in real Chromium: no script, no request, no complaint."""
    url, heard = listener
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    lines = "".join(PAYLOADS[n % len(PAYLOADS)].format(url=url) + f" {n}\n" for n in range(200))
    person.writes("evil.txt", lines)
    person.writes(
        "runbooks/quick.yml", HEAD.format(name="quick") + STEPS.replace("echo it is done", f"cat {person.folder}/evil.txt")
    )
    (person.folder / "rack.png").write_bytes(PHOTO)
    person.types("run", "runbooks/quick.yml", "--yes", "--no-input", code=5)
    proof = ("--evidence", "photo=rack.png", "--evidence", f"serial={PAYLOADS[0].format(url=url)}")
    person.types("done", "last", "mount", *proof, "--note", PAYLOADS[3], code=0)
    person.types("resume", "last", "--no-input", code=0)
    person.types("evidence", "last", "-o", "night.html", code=0)
    netlog = tmp_path / "net.json"

    seen = browse(person.folder / "night.html", tmp_path, "--dump-dom", f"--log-net-log={netlog}", "--virtual-time-budget=500")

    assert "<title>quick-1: Two steps on one machine</title>" in seen.stdout
    assert "CONSOLE" not in seen.stderr
    assert heard == []
    assert "file:///" in netlog.read_text(errors="replace")
    assert "127.0.0.1" not in netlog.read_text(errors="replace")  # where every one of them leads
    picture = tmp_path / "page.png"
    browse(person.folder / "night.html", tmp_path, f"--screenshot={picture}", "--window-size=1100,3000")
    assert picture.read_bytes().startswith(b"\x89PNG")
