"""Whose keys count: lines that are refused, each with its place and its reason, and how the two sources join."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from approving.sign_offs import ANA, EVA, NOW, TOM, Office, a_plan, estate, key_of, rule, signed, statement
from approving.soft_keys import new, string
from runbook_engine.approving import signers
from runbook_engine.model.approvals import NAMESPACE
from runbook_engine.model.errors import NotValid

NS = f'namespaces="{NAMESPACE}"'
KEY = new()
PUBLIC = KEY.line


def mistakes(allowed: str = "", revoked: str = "", people=None) -> list[str]:
    """`file:line: message` of every mistake."""
    try:
        signers(people or estate(), allowed, revoked)
    except NotValid as error:
        return [f"{m.place.file.rpartition('/')[2]}:{m.place.line}: {m.message}" for m in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{EVA} {PUBLIC}", "it is not for approval@runbook-engine"),
        (f'{EVA} namespaces="git" {PUBLIC}', "it is not for approval@runbook-engine"),
        (f'{EVA} namespaces="*" {PUBLIC}', "namespaces has a pattern in it"),
        (f'{EVA} namespaces="!git,{NAMESPACE}" {PUBLIC}', "namespaces has a pattern in it"),
        (f"* {NS} {PUBLIC}", "* is a pattern"),
        (f"eva.* {NS} {PUBLIC}", "eva.* is a pattern"),
        (f"!{EVA} {NS} {PUBLIC}", f"!{EVA} is a pattern"),
        (f"{EVA},{TOM} {NS} {PUBLIC}", "it names several people"),
        (f'"" {NS} {PUBLIC}', "it names no person"),
        (f"stranger {NS} {PUBLIC}", "stranger is nobody in the inventory"),
        (f"{EVA} cert-authority,{NS} {PUBLIC}", "certificates do not count here"),
        (f"{EVA} {NS},verify-required {PUBLIC}", "there is no option verify-required"),
        (f"{EVA} {NS},{NS} {PUBLIC}", "namespaces is there twice"),
        (f"{EVA} namespaces={NAMESPACE} {PUBLIC}", "cannot read the options at"),
        (f"{EVA} namespaces {PUBLIC}", "namespaces has no value"),
        (f'{EVA} {NS},valid-after="20261130" {PUBLIC}', "valid-after has no time zone"),
        (f'{EVA} {NS},valid-before="20261340Z" {PUBLIC}', "valid-before is no date"),
        (f'{EVA} {NS},valid-before="+20261Z" {PUBLIC}', "valid-before is no date"),
        (f"{EVA}\r{NS} {PUBLIC}", "it has an end of line in its middle"),
        (f"{EVA} {NS} ssh-ed25519", "there is no public key"),
        (f"{EVA} {NS} ssh-ed25519 AAAA", "the key is cut short"),
        (f"{EVA} {NS} ssh-rsa {PUBLIC.split()[1]}", "it says ssh-rsa and is ssh-ed25519"),
        (f"{EVA}", "expected PERSON OPTIONS KEY"),
        (f"{EVA} {NS} {new('ssh-rsa', bits=1024).line}", "the RSA key has 1024 bits; it must have 2048 to 16384"),
        (f"{EVA} {NS} {PUBLIC} {'x' * 20_000}", "the line is longer than 20,000 characters"),
        (f"{EVA} {NS} {key_of(TOM).line}", f"this key of {EVA} is {TOM}'s already (?:1:1)"),
    ],
    ids=map(str, count()),
)
def test_lines_of_allowed_signers_that_are_refused(line, reason):
    """With the line, and the reason in words."""
    found = mistakes(allowed=f"# people of the project\n\n{line}\n")

    assert len(found) == 1
    assert found[0].startswith(f"allowed_signers:3: {reason}")


def test_lines_that_count():
    """Comments, tabs, quotes, other namespaces beside ours, a mail address, times, a comment after the key."""
    text = (
        f"# keys\r\n\n  {EVA}\t{NS.upper().replace(NAMESPACE.upper(), NAMESPACE)}  {PUBLIC} eva's own\n"
        f'"{TOM}@example.net" namespaces="git,{NAMESPACE}",valid-after="20260101Z",valid-before="202701010130Z" {new().line}\n'
    )
    known = signers(estate(), text, "")
    toms = next(s for s in known.keys.values() if s.after)

    assert len(known.keys) == 7
    assert (toms.person, toms.after, toms.before) == (
        TOM,
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 1, 1, 30, tzinfo=UTC),
    )


def test_a_mail_address_of_two_people_names_neither():
    """It must be the only one's."""
    made = estate()
    people = {**made.people, TOM: replace(made.people[TOM], email=f"{EVA}@example.net")}

    assert mistakes(f"{EVA}@example.net {NS} {PUBLIC}", people=replace(made, people=people))


def test_the_file_narrows_what_people_yml_says():
    """A key that is in both counts within the times of the file."""
    line = f'{EVA} {NS},valid-before="20261130Z" {key_of(EVA).line}\n'
    office = Office(a_plan(rule(EVA)), allowed=line)

    assert (
        "the key was not valid then: it ended at 2026-11-30 00:00 UTC"
        in office.voice(signed(statement(office.plan))).not_counted
    )


def test_a_key_stands_once_in_each_file():
    """Twice in one file could mean two things."""
    line = f"{EVA} {NS} {PUBLIC}\n"

    assert mistakes(line * 2) == [f"allowed_signers:2: this key of {EVA} stands in inventory/allowed_signers:1:1 already"]


def test_one_key_in_another_form_is_still_one_key():
    """Eva's key, given to Tom as that of a security key."""
    token = string("sk-ssh-ed25519@openssh.com") + string(key_of(EVA).blob[-32:]) + string("ssh:")
    line = f"{TOM} {NS} {replace(key_of(EVA), kind='sk-ssh-ed25519@openssh.com', blob=token).line}"

    assert mistakes(line) == [f"allowed_signers:1: this key of {TOM} is {EVA}'s already (?:1:1)"]


def test_keys_of_people_that_cannot_be_used_are_mistakes():
    """Weak ones and nonsense in people.yml, with the person."""
    made = estate()
    weak = replace(made.people[EVA], ssh_keys=(new("ssh-rsa", bits=1024).line, "ssh-ed25519 AAAA"))
    found = mistakes(people=replace(made, people={**made.people, EVA: weak}))

    assert [m.partition(": ")[2] for m in found] == [
        f"the key of {EVA} cannot be used: the RSA key has 1024 bits; it must have 2048 to 16384",
        f"the key of {EVA} cannot be used: the key is cut short",
    ]


def test_one_mistake_and_nobody_counts():
    """All or nothing: no list comes back."""
    with pytest.raises(NotValid):
        signers(estate(), f"{EVA} {NS} {PUBLIC}\nnonsense\n", "")


@pytest.mark.parametrize(
    "line", ["nonsense", "SSHKRL\n\0", "ssh-ed25519 AAAA", f"{EVA} {PUBLIC}", "ssh-ed25519"], ids=map(str, count())
)
def test_a_list_of_revoked_keys_that_cannot_be_read_is_a_mistake(line):
    """It would else revoke nothing."""
    assert mistakes(revoked=f"# gone\n{line}")[0].startswith("revoked_keys:2: ")


def test_revoked_keys_never_count():
    """In whatever form, whenever signed; weak keys and certificates may be in the list as well."""
    token = string("sk-ssh-ed25519@openssh.com") + string(key_of(EVA).blob[-32:]) + string("ssh:")
    weak = new("ssh-rsa", bits=1024).line
    for line in (key_of(EVA).line + " eva", replace(key_of(EVA), kind="sk-ssh-ed25519@openssh.com", blob=token).line):
        office = Office(a_plan(rule(EVA)), revoked=f"{weak}\n\n# lost on the train\n{line}\n")
        early = signed(statement(office.plan), received=NOW.replace(year=2020))
        assert "was revoked" in office.voice(early).not_counted
        assert office.firmware(early).may_start is False


def test_a_key_in_no_file_is_nobodys():
    """Signed well, by a key that the inventory does not have; and by one that it has in another form only."""
    office = Office(a_plan(rule(EVA)))
    made = statement(office.plan)
    token = string("sk-ssh-ed25519@openssh.com") + string(key_of(EVA).blob[-32:]) + string("ssh:")
    other_form = replace(key_of(EVA), kind="sk-ssh-ed25519@openssh.com", blob=token, application=b"ssh:")

    assert "is nobody's in the inventory" in office.voice(signed(made, other_form)).not_counted
    assert "is nobody's in the inventory" in office.voice(signed(made, new())).not_counted
    assert f"the key is {ANA}'s" in office.voice(signed(made, key_of(ANA))).not_counted
