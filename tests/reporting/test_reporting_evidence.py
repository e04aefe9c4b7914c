"""An evidence file: what it shows, and that nothing in it can be changed, removed or moved without being found and named."""

import base64
import json
import random
import re
import subprocess
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting import made_evidence as made
from reporting.made_runs import cabled
from runbook_engine.model import events as ev
from runbook_engine.model import turns
from runbook_engine.model.approvals import NAMESPACE, Head, Say, Sealed
from runbook_engine.model.words import Digest, PersonId, PhaseId, Purpose, TaskId
from runbook_engine.reporting.evidence_checks import Outside
from runbook_engine.reporting.evidence_file import Evidence, write
from runbook_engine.reporting.evidence_page import POLICY, STYLE, evidence_page
from runbook_engine.reporting.evidence_reading import NotEvidence, read
from runbook_engine.reporting.evidence_story import fingerprint, told
from runbook_engine.reporting.evidence_words import limits_lines

LAST = len(made.evidence().records)
RECORDS = range(1, LAST + 1)
FILE = made.file_of(made.evidence())
NOTHING = Outside()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key of eva.koster's."""
    from conftest import new_key

    return new_key(tmp_path_factory.mktemp("keys") / "eva")


@pytest.fixture(scope="module")
def approved(key: Path) -> Evidence:
    """The same run with a signed approval, an unsigned one, and the key."""
    seen = Head(run=made.RUN, seq=40, hash=made.evidence().records[39].hash)
    statements = (made.signed(made.statement(seen=seen), key), made.on_word(made.statement("tom.li")))
    return replace(made.evidence(), statements=statements, keys={PersonId("eva.koster"): (made.key_line("eva.koster", key),)})


def flipped(text: str, at: int) -> str:
    """One letter or digit is another; what is around it stays JSON."""
    places = [n for n, c in enumerate(text) if c.isalnum()]
    place = places[at % len(places)]
    return text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]


@pytest.mark.law(11)
def test_what_was_exported_is_found_to_be_fine() -> None:
    """Nothing is wrong; what was not compared is said, and so is what cannot be proved without it."""
    found = made.checks(FILE)

    assert [check.wrong for check in found if check.wrong] == []
    assert {check.part for check in found if not check.looked} == {"head", "seal"}
    assert "made the whole file anew would not be found" in " ".join(limits_lines(made.evidence(), found, trusted=True))
    assert read(FILE).evidence == made.evidence()


@pytest.mark.law(11)
@pytest.mark.parametrize("field", ["body", "hash"])
def test_each_record_that_is_changed_is_named(field: str) -> None:
    """A letter of any record's text, or a digit of its hash: that record is named, whatever else follows from it."""
    for seq in RECORDS:

        def change(lines: list[bytes], seq: int = seq) -> list[bytes]:
            at = made.numbered(lines)[seq]
            data = json.loads(lines[at])
            data[field] = flipped(data[field], 31 * seq)
            return [*lines[:at], json.dumps(data).encode() + b"\n", *lines[at + 1 :]]

        assert f"record {seq} is not what was recorded there: it was changed, inserted or moved" in made.faults(
            made.with_lines(FILE, change)
        )


@pytest.mark.law(11)
def test_each_record_that_is_removed_is_named() -> None:
    """Any one of them, the first and the last included."""
    for seq in RECORDS:

        def change(lines: list[bytes], seq: int = seq) -> list[bytes]:
            at = made.numbered(lines)[seq]
            return lines[:at] + lines[at + 1 :]

        assert any(f.startswith(f"record {seq} is missing") for f in made.faults(made.with_lines(FILE, change)))


@pytest.mark.law(11)
def test_each_pair_of_neighbours_that_is_swapped_is_named() -> None:
    """The later stands before the earlier."""
    for seq in RECORDS[:-1]:

        def change(lines: list[bytes], seq: int = seq) -> list[bytes]:
            a = made.numbered(lines)[seq]
            return [*lines[:a], lines[a + 1], lines[a], *lines[a + 2 :]]

        said = made.faults(made.with_lines(FILE, change))
        assert f"record {seq} stands after record {seq + 1}: it was moved, or stands twice" in said


@pytest.mark.law(11)
def test_a_record_that_stands_twice_or_is_added_is_named() -> None:
    """A copy of one in the middle, and one behind the end that fits into the chain."""

    def twice(lines: list[bytes]) -> list[bytes]:
        at = made.numbered(lines)[20]
        return [*lines[: at + 1], lines[at], *lines[at + 1 :]]

    assert "record 20 stands after record 20: it was moved, or stands twice" in made.faults(made.with_lines(FILE, twice))
    longer = made.entries([*made.story().events, made.story().events[-1]])

    def added(lines: list[bytes]) -> list[bytes]:
        at = made.numbered(lines)[LAST]
        new = {"kind": "record", "seq": longer[-1].seq, "hash": longer[-1].hash, "body": longer[-1].body.decode()}
        return [*lines[: at + 1], json.dumps(new).encode() + b"\n", *lines[at + 1 :]]

    assert any("does not end with record" in fault for fault in made.faults(made.with_lines(FILE, added)))


@pytest.mark.law(11)
def test_a_tail_that_is_cut_off_is_named() -> None:
    """Whatever is left of the journal."""
    for last in range(1, LAST):

        def change(lines: list[bytes], last: int = last) -> list[bytes]:
            place = made.numbered(lines)
            return [line for n, line in enumerate(lines) if n not in {place[seq] for seq in range(last + 1, LAST + 1)}]

        missing = f"record {LAST} is missing" if last + 1 == LAST else f"records {last + 1} to {LAST} are missing"
        assert any(missing in fault for fault in made.faults(made.with_lines(FILE, change)))


@pytest.mark.law(11)
@pytest.mark.parametrize("kind", ["plan", "output", "attachment"])
def test_each_plan_output_and_file_that_is_changed_is_named(kind: str) -> None:
    """A letter of what a line holds."""
    lines = made.records_of(FILE)[1]
    for at, line in enumerate(lines):
        data = json.loads(line)
        if data["kind"] != kind:
            continue
        held = next(name for name in ("text", "base64", "body") if name in data)
        for place in range(3, 2000, 333):
            data = json.loads(line) | {held: flipped(json.loads(line)[held], place)}
            other = [*lines[:at], json.dumps(data).encode() + b"\n", *lines[at + 1 :]]
            said = made.faults(made.with_lines(FILE, lambda _, other=other: other))
            name = data["digest"][:12] if kind == "plan" else data["name"]
            assert any(f"the {kind} {name} is not what was exported" in fault for fault in said)


@pytest.mark.law(11)
def test_a_photo_that_is_changed_is_named() -> None:
    """A byte of the picture on the page, and a picture that is taken away."""
    encoded = base64.b64encode(made.PHOTO)
    for at in range(0, len(made.PHOTO), 97):
        data = bytearray(made.PHOTO)
        data[at] ^= 1
        said = made.faults(FILE.replace(encoded, base64.b64encode(data)))
        assert f"the attachment {made.PHOTO_DIGEST}.png is not what was exported: its SHA-256 is another" in said
    gone = made.faults(re.sub(rb"<img [^>]*>", b"", FILE))
    assert f"the attachment {made.PHOTO_DIGEST}.png is missing" in gone


@pytest.mark.law(11)
def test_each_statement_that_is_changed_or_removed_is_named(approved: Evidence) -> None:
    """What it says, how it is sealed, who typed it, when it came."""
    file = made.file_of(approved)
    assert made.faults(file) == []
    lines = made.records_of(file)[1]
    for at, line in enumerate(lines):
        data = json.loads(line)
        if data["kind"] != "statement":
            continue
        changes = [
            data | {"body": data["body"].replace('"approve"', '"reject"').replace('"title"', '"title"')},
            data | {"body": data["body"].replace("2026-12-08", "2027-12-08")},
            data | {"typed_by": "somebody.else"},
            data | {"received": "2026-11-30T21:00:00+00:00"},
            data | {"sealing": "logged in" if data["sealing"] != "logged in" else "signed"},
        ]
        for change in changes:
            other = [*lines[:at], json.dumps(change).encode() + b"\n", *lines[at + 1 :]]
            said = made.faults(made.with_lines(file, lambda _, other=other: other))
            by = json.loads(data["body"])["by"]
            assert any(f"of {by} " in fault and "is not one that was exported" in fault for fault in said)
        said = made.faults(made.with_lines(file, lambda _, at=at: lines[:at] + lines[at + 1 :]))
        assert "1 statement missing" in said


@pytest.mark.law(11)
def test_a_page_that_says_something_else_is_found_even_when_its_hash_is_made_to_fit() -> None:
    """People read the page and not the records: it is made anew from them and compared."""
    assert b"FAILED exit 1" in FILE
    careless = FILE.replace(b"FAILED exit 1", b"ok, no errors", 1)
    assert any("the page, which people read, was changed" in fault for fault in made.faults(careless))
    page = evidence_page(made.evidence()).replace("FAILED exit 1", "ok, no errors")
    careful = write(made.evidence(), page)[0]
    assert any("does not say what the records say" in fault for fault in made.faults(careful))


@pytest.mark.law(11)
def test_every_byte_of_the_manifest_counts() -> None:
    """Whichever is changed, the file is refused or found to differ."""
    begin = FILE.index(b'<template id="runbook-evidence">\n') + len(b'<template id="runbook-evidence">\n')
    end = FILE.index(b"\n", FILE.index(b"\n", begin) + 1)
    for at in range(begin, end, 29):
        assert _found(FILE[:at] + bytes([FILE[at] ^ 1]) + FILE[at + 1 :])


def _found(data: bytes) -> bool:
    try:
        return bool(made.faults(data))
    except NotEvidence:
        return True


@pytest.mark.law(11)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7), how=st.sampled_from(["flip", "drop", "double"]))
def test_any_byte_anywhere_counts(at: int, bit: int, how: str) -> None:
    """One bit turned round, one byte dropped or doubled, in page, manifest or records."""
    middle = {"flip": bytes([FILE[at] ^ 1 << bit]), "drop": b"", "double": FILE[at : at + 1] * 2}[how]
    assert _found(FILE[:at] + middle + FILE[at + 1 :])


@pytest.mark.law(11)
@pytest.mark.parametrize("cut", [1, 7, 30])
def test_a_careful_person_is_found_by_what_is_held_outside(cut: int) -> None:
    """The whole file made anew, an end cut off or an event changed: a newer head and the seal show it, nothing else does."""
    events = made.story().events
    shorter = replace(made.evidence(), records=made.entries(events[:-cut]))
    last = made.evidence().records[-1]
    head = Head(run=made.RUN, seq=last.seq, hash=last.hash)
    said = made.faults(made.file_of(shorter), heads=[head], seals=[f"sha256:{read(FILE).seal}"])
    assert any("its end was cut off, or it comes from an older backup" in fault for fault in said)
    assert any(fault.startswith("the seal is sha256:") for fault in said)

    rewritten = replace(made.evidence(), records=made.entries([*events[:-1], replace(events[-1], by="somebody.else")]))  # type: ignore[call-arg, type-var]
    said = made.faults(made.file_of(rewritten), heads=[head])
    assert any(f"record {LAST} is not the one that the change board has seen" in fault for fault in said)
    assert made.faults(made.file_of(rewritten)) == []  # and that is what the page and verify say in words


@pytest.mark.law(11)
def test_a_head_in_a_statement_is_one_that_is_held_outside(approved: Evidence) -> None:
    """A journal that was rewritten before the record that somebody saw when they signed."""
    events = made.story().events
    first = next(n for n, event in enumerate(events) if hasattr(event, "evidence"))
    events[first] = replace(events[first], by="somebody.else")  # type: ignore[call-arg, type-var]
    rewritten = replace(approved, records=made.entries(events))
    said = made.faults(made.file_of(rewritten))
    assert any("eva.koster in the statement s-eva.koster-approve (signed) has seen" in fault for fault in said)


@pytest.mark.law(11)
def test_a_careful_person_cannot_change_what_the_journal_names() -> None:
    """An output and a photo with their hashes made to fit: the records know better."""
    first, *others = made.evidence().outputs
    output = made.kept(first.name, (first.data or b"").replace(b"image not valid", b"all is well!!!!"))
    said = made.faults(made.file_of(replace(made.evidence(), outputs=(output, *others))))
    assert any(f"the output {first.name} is not what record" in fault for fault in said)
    said = made.faults(made.file_of(replace(made.evidence(), outputs=tuple(others))))
    assert any("it is not in the evidence" in fault for fault in said)
    photo = made.kept("other.png", made.png(25))
    said = made.faults(made.file_of(replace(made.evidence(), attachments=(photo,))))
    assert any("names photo=rack.png" in fault for fault in said)


def test_a_line_that_a_killed_engine_left_unfinished_is_no_fault() -> None:
    """The next attempt begins in the middle of it, and is still the one that the journal names."""
    first, *others = made.evidence().outputs
    torn = b"2026-12-01T20:59:00.000Z == attempt 1, to do, a-0\n2026-12-01T20:59:00.000Z out half a li"
    whole = replace(made.evidence(), outputs=(made.kept(first.name, torn + (first.data or b"")), *others))
    assert made.faults(made.file_of(whole)) == []


def test_a_digest_that_a_person_types_as_text_is_text() -> None:
    """No file is looked for."""
    events = made.story().events
    first = next(n for n, event in enumerate(events) if hasattr(event, "evidence"))
    proof = {"photo": f"rack.png sha256:{made.PHOTO_DIGEST}", "serial_number": f"sha256:{'0' * 64}"}
    events[first] = replace(events[first], evidence=proof)  # type: ignore[call-arg, type-var]
    assert made.faults(made.file_of(replace(made.evidence(), records=made.entries(events)))) == []


@pytest.mark.law(11)
def test_a_plan_that_was_changed_with_everything_around_it_is_named() -> None:
    """Its digest, and the leaf of the phase, are computed anew."""
    ((digest, body),) = made.evidence().plans.items()
    other = body.replace(b"fwtool --install 2.19.1", b"fwtool --install 2.19.0")
    assert other != body
    said = made.faults(made.file_of(replace(made.evidence(), plans={digest: other})))
    assert f"the plan {digest[:12]} was changed in phase firmware: its digest is another" in said
    named = Digest("0" * 64)
    with pytest.raises(ValueError, match="KeyError"):
        made.file_of(replace(made.evidence(), plans={named: body}))


def test_what_is_no_evidence_is_not_taken_for_it() -> None:
    """Anything else, and a part of a file."""
    for data in (b"", b"<!doctype html>\n<p>hello", FILE[:-20], FILE[20:], FILE.replace(b'"format":1', b'"format":2', 1)):
        with pytest.raises(NotEvidence):
            read(data)


def test_no_tool_of_ours_is_needed_to_check_it(approved: Evidence, key: Path, tmp_path: Path) -> None:
    """As the page on evidence says: JSON, SHA-256 and ssh-keygen."""
    lines = [json.loads(line) for line in made.records_of(made.file_of(approved))[1]]
    previous = bytes(32)
    for data in (data for data in lines if data["kind"] == "record"):
        text = f'["{made.RUN}",{data["seq"]},{data["body"]}]'
        previous = sha256(previous + text.encode()).digest()
        assert previous.hex() == data["hash"]
    statement = next(data for data in lines if data["kind"] == "statement" and data["signature"])
    (tmp_path / "signature").write_text(statement["signature"])
    (tmp_path / "allowed").write_text("\n".join(next(data["keys"] for data in lines if data["kind"] == "keys")))
    by = json.loads(statement["body"])["by"]
    words = ["-Y", "verify", "-n", NAMESPACE, "-I", by, "-f", str(tmp_path / "allowed"), "-s", str(tmp_path / "signature")]
    subprocess.run(["ssh-keygen", *words], input=statement["body"].encode(), check=True, capture_output=True)


class Seen(HTMLParser):
    """The elements and attributes that a browser makes of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)


ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "section", "h1", "h2", "p", "b", "div", "dl", "dt", "dd", "nav", "a"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre", "img", "template"),
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></details><svg onload=alert(1)>",
    "</template></body><script src=//evil.example/x.js></script>",
    "<!-- --><style>*{display:none}</style>",
    "' onmouseover='alert(1)",
    "&lt;script&gt;&#60;script&#62;",
    "javascript:alert(1)",
    "]]><iframe src='http://evil.example'></iframe>",
    "\x1b]0;title\x07\x1b[2J\x9b31m",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200bhidden",
    "\ud800 lone \ufffe",
    '<template id="runbook-evidence">\n{}\n</template>\n</body></html>\n',
    '<img class="proof" id="sha256-' + "0" * 64 + '" alt="" src="data:image/png;base64,AAAA">',
]


def hostile() -> Evidence:
    """The same run, in which everybody who can write anything writes something evil."""
    chance = random.Random(7)
    lines = [chance.choice(HOSTILE) + chance.choice(HOSTILE) for _ in range(200)]
    told_ = made.story()
    plan = replace(
        told_.plan, title=HOSTILE[0], why=HOSTILE[1], impact=HOSTILE[2], owner=HOSTILE[3], params={HOSTILE[4]: HOSTILE[5]}
    )
    from runbook_engine.planning.digests import sealed
    from runbook_engine.recording.plans import body_of

    plan = sealed(plan)
    events = [_evil(event, plan.digest, lines[n % 200]) for n, event in enumerate(told_.events)]
    outputs = tuple(
        made.kept(f"work/{n}{line[:30]}.log", line.encode("utf-8", "surrogatepass")) for n, line in enumerate(lines)
    )
    attachment = made.kept("f" * 64 + lines[0], b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    return replace(
        made.evidence(),
        by=HOSTILE[6],
        records=made.entries(events),
        plans={plan.digest: body_of(plan)},
        outputs=(*made.evidence().outputs, *outputs),
        attachments=(*made.evidence().attachments, attachment),
        statements=(made.on_word(made.statement(HOSTILE[8], Say.ASK, reason=HOSTILE[12])), Sealed(**_odd())),
    )


def _odd() -> dict[str, object]:
    sealed = made.on_word(made.statement())
    return {"body": b"<script>", "sealing": sealed.sealing, "typed_by": HOSTILE[0], "received": sealed.received}


def _evil(event: object, digest: str, line: str) -> object:
    changes: dict[str, object] = {
        name: line for name in ("by", "reason", "text", "prompt", "machine", "title") if hasattr(event, name)
    }
    if hasattr(event, "digest"):
        changes["digest"] = digest
    if hasattr(event, "outcome"):
        changes["outcome"] = replace(event.outcome, message=line)
    if getattr(event, "evidence", None):
        changes["evidence"] = {line: line, **event.evidence}  # type: ignore[attr-defined]
    return replace(event, **changes)  # type: ignore[type-var]


def test_nothing_that_hosts_or_people_wrote_becomes_markup() -> None:
    """200 hostile outputs, and hostile names, titles, reasons and serial numbers: only our own elements are there."""
    file = made.file_of(hostile())
    page = Seen()
    page.feed(file.decode())

    assert page.elements <= ALLOWED
    assert {name for _, name in page.attributes} <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "id",
        "class",
        "href",
        "scope",
        "src",
        "alt",
    }
    assert all(link.startswith(("#", "data:image/")) for link in page.links)
    assert made.faults(file) == []
    shown = file[: file.index(b"<template")].decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)


def test_the_page_takes_nothing_from_elsewhere() -> None:
    """A policy that forbids all but the one style sheet and pictures inside the page; the machine's part is ASCII."""
    text = FILE.decode()
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    assert style[1] == STYLE
    assert f"'sha256-{base64.b64encode(sha256(style[1].encode()).digest()).decode()}'" in POLICY
    assert f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' in text
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    block = FILE[FILE.index(b"<template") : FILE.index(b"</template>")].partition(b"\n")[2]
    assert block.isascii()
    assert not set(b"<>&") & set(block)


def test_the_page_says_what_a_reader_wants_to_know(approved: Evidence) -> None:
    """Who approved and how it is sealed, what failed and how it ended, what was decided, the photo, planned against actual."""
    text = evidence_page(
        replace(approved, statements=(*approved.statements, made.on_word(made.statement(say=Say.BREAK_GLASS, reason="storm"))))
    )
    seen = Seen()
    seen.feed(text)
    words = " ".join(seen.text)
    blob = base64.b64decode(approved.keys[PersonId("eva.koster")][0].split()[-1])
    for expected in (
        "NOT OVER",
        "BREAK-GLASS",
        "What was planned, and what came of it",
        "Bring the firmware to 2.19.1 (firmware)",
        f"signed with {fingerprint(blob)}, a key of the person",
        "NOT SIGNED: on the word of tom.li, typed by ana.duarte",
        "serial_number",
        "CZ1234",
        "the card answered",
        "retried",
        "doubt",
        "the card is from another batch",
        "runbook verify THIS-FILE",
    ):
        assert expected in words
    assert f'src="data:image/png;base64,{base64.b64encode(made.PHOTO).decode()}"' in text


def test_practice_is_marked_first_and_last() -> None:
    """Nobody takes a demonstration for the real night."""
    events = made.story().events
    demo = replace(made.evidence(), records=made.entries([replace(events[0], demo=True), *events[1:]]))  # type: ignore[call-arg, type-var]
    assert evidence_page(demo).count("PRACTICE RUN") == 2


def test_a_page_of_another_version_is_not_called_false() -> None:
    """Then it is said that it was not compared."""
    other = replace(made.evidence(), version="0.0.9")
    page = next(check for check in made.checks(made.file_of(other)) if check.part == "page")
    assert (page.wrong, page.looked) == ((), False)


def test_files_that_are_only_named_are_said_to_be() -> None:
    """What was left out because of its size: no fault, but no silence either."""
    named = replace(made.evidence().attachments[1], data=None, note="left out because of its size")
    small = replace(made.evidence(), attachments=(made.evidence().attachments[0], named))
    file = made.file_of(small)
    assert made.faults(file) == []
    assert "NOT COMPLETE: 1 file is only named here" in file.decode()
    assert "1 only named: left out because of its size" in next(c.said for c in made.checks(file) if c.part == "attachments")


def test_a_story_has_every_number_of_the_journal() -> None:
    """Each row leads back to its record (L10)."""
    page = evidence_page(made.evidence())
    assert set(map(int, re.findall(r"(?m)(?:^|<pre>|<td>)#(\d+)", page))) == set(RECORDS)
    assert len(told(made.evidence()).events) == LAST


def test_a_way_back_is_told_with_its_end() -> None:
    """On whose word, what was undone, and how each task stands in the end."""
    story = cabled(made.plan())
    story.answer("cabling/go", choice="go", by="eva.koster")
    story.note(ev.HostsTaken(at=story.later(), hosts=story.plan.phases[1].hosts))
    task = TaskId("firmware/flash@r12-u01")
    story.do("firmware/before@r12-u01", task)
    began = turns.RollBackBegan(
        at=story.later(), phases=(PhaseId("firmware"),), hosts=(), tasks=(task,), by="eva.koster", reason="the card is wrong"
    )
    story.note(began)
    story.start(task, purpose=Purpose.ROLL_BACK)
    story.end(task)
    seen = Seen()
    seen.feed(evidence_page(replace(made.evidence(), records=made.entries(story.events), outputs=(), attachments=())))
    words = " ".join(seen.text)
    assert "ROLLING BACK firmware: 1 task, says eva.koster: the card is wrong" in words
    assert "firmware/flash@r12-u01 rolled back" in words
