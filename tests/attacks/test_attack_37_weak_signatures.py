"""Attack 37: a signature with a weak hash or key, for another purpose, by an untouched security key, or not quite one."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from approving.sign_offs import EVA, SAM, Office, a_plan, estate, rule, signed, statement
from approving.soft_keys import KINDS, Parts, new
from runbook_engine.approving import body_of
from runbook_engine.model.approvals import NAMESPACE, Sealed, Sealing
from runbook_engine.model.errors import NotValid
from runbook_engine.model.policy import Policy

PLAN = a_plan(rule("change-board"))
NS = f'namespaces="{NAMESPACE}"'


def office(key_line: str, **changes: object) -> Office:
    """Eva has this key as well."""
    return Office(PLAN, executor=SAM, allowed=f"{EVA} {NS} {key_line}\n", **changes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weak", [{"hash": h} for h in ("md5", "sha1", "sha224", "sha384", "sha3_256")])
def test_attack_37_weak_and_unknown_hashes_do_not_count(kind: str, weak: dict[str, str]) -> None:
    """Only sha256 and sha512, whatever the key."""
    key = new(kind)
    made = office(key.line)

    assert made.firmware(signed(statement(PLAN), key)).may_start
    assert not made.firmware(signed(statement(PLAN), key, Parts(**weak))).may_start


@pytest.mark.parametrize(
    "namespace", ["git", "file", "", "*", NAMESPACE.upper(), NAMESPACE + "\0", "approval@runbook-engine.example"]
)
def test_attack_37_signatures_for_another_purpose_do_not_count(namespace: str) -> None:
    """A signature of a commit, of a file, of anything else; also when the outside says ours and the inside another."""
    for parts in (Parts(namespace=namespace), Parts(signed_namespace=namespace)):
        assert not Office(PLAN, executor=SAM).firmware(signed(statement(PLAN), parts=parts)).may_start


def test_attack_37_a_real_signature_of_a_commit_does_not_count(tmp_path: Path) -> None:
    """Made by ssh-keygen with the right key over the right bytes, for git."""
    key, text = tmp_path / "id", tmp_path / "text"
    text.write_bytes(body_of(statement(PLAN)))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    made, found = office(Path(f"{key}.pub").read_text().strip()), []
    for namespace in ("git", NAMESPACE):
        subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", namespace, text], check=True)
        signature = Path(f"{text}.sig")
        sealed = Sealed(body=text.read_bytes(), sealing=Sealing.SIGNED, signature=signature.read_text(), received=made.now)
        signature.unlink()
        found.append(made.firmware(sealed).may_start)

    assert found == [False, True]


@pytest.mark.parametrize("kind", [k for k in KINDS if k.startswith("sk-")])
@pytest.mark.parametrize("flags", [0x00, 0x04, 0x40, 0x80, 0xFE])
def test_attack_37_an_untouched_security_key_does_not_count_where_touch_is_wanted(
    kind: str, flags: int, tmp_path: Path
) -> None:
    """ssh-keygen accepts it; the reason is told; a touched one counts; and the flag cannot be put in afterwards."""
    key = new(kind)
    made = office(key.line, policy=Policy(touch=True))
    untouched = signed(statement(PLAN), key, Parts(flags=flags))
    (tmp_path / "allowed").write_text(made.allowed)
    (tmp_path / "sig").write_text(untouched.signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "allowed", "-I", EVA, "-n", NAMESPACE, "-s", tmp_path / "sig"]
    accepted = subprocess.run(command, input=untouched.body, capture_output=True, check=False).returncode == 0
    touched = signed(statement(PLAN), key, Parts(flags=flags | 1))

    assert accepted
    assert "was not touched" in made.voice(untouched).not_counted
    assert not made.firmware(untouched).may_start
    assert made.firmware(touched).may_start
    assert not made.firmware(replace(touched, body=untouched.body)).may_start


@pytest.mark.parametrize("algorithm", ["ssh-rsa", "ssh-dss", "rsa-sha2-1", "ssh-ed25519", "ecdsa-sha2-nistp256", ""])
def test_attack_37_rsa_with_sha1_and_names_of_other_algorithms_do_not_count(algorithm: str) -> None:
    """The algorithm must be one of the key's own."""
    for kind in KINDS:
        key = new(kind)
        named = signed(statement(PLAN), key, Parts(algorithm=algorithm or "none"))
        if algorithm != kind or kind == "ssh-rsa":
            assert not office(key.line).firmware(named).may_start


def test_attack_37_weak_keys_cannot_even_be_listed() -> None:
    """RSA of 1024 bits is a mistake of the list, with its line."""
    with pytest.raises(NotValid):
        office(new("ssh-rsa", bits=1024).line).firmware()


def test_attack_37_a_certificate_is_no_key(tmp_path: Path) -> None:
    """Signed by an authority that somebody trusts for something else."""
    for name in ("ca", "id"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "ca", "-I", "x", "-n", EVA, tmp_path / "id.pub"], check=True)
    (tmp_path / "text").write_bytes(body_of(statement(PLAN)))
    sign = ["ssh-keygen", "-Y", "sign", "-q", "-f", tmp_path / "id-cert.pub", "-n", NAMESPACE, tmp_path / "text"]
    subprocess.run(sign, check=True)
    made = office((tmp_path / "id.pub").read_text().strip())
    signature = (tmp_path / "text.sig").read_text()
    sealed = Sealed(body=(tmp_path / "text").read_bytes(), sealing=Sealing.SIGNED, signature=signature, received=made.now)

    assert "certificates do not count" in made.voice(sealed).not_counted
    with pytest.raises(NotValid):
        Office(PLAN, estate=estate(), allowed=f"{EVA} cert-authority,{NS} {(tmp_path / 'ca.pub').read_text()}").firmware(sealed)
