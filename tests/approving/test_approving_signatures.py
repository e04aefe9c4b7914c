"""Signatures of statements: all kinds of keys that people have, nothing that is not exactly as it must be."""

import base64
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approving.soft_keys import KINDS, Parts, armored, new, number, string, unarmored
from runbook_engine.approving.public_keys import key_of, key_of_text
from runbook_engine.approving.ssh_signatures import LONGEST, parse, verify
from runbook_engine.approving.ssh_wire import Malformed
from runbook_engine.model.approvals import NAMESPACE

BODY = b'{"is":"Statement"}'
KEYS = {kind: new(kind) for kind in KINDS}
KEY = KEYS["ssh-ed25519"]
GOOD = {kind: key.sign(BODY) for kind, key in KEYS.items()}


def holds(armor: str, body: bytes = BODY) -> bool:
    """Whether a signature holds; anything but an answer or Malformed is a bug."""
    try:
        verify(body, parse(armor))
    except Malformed:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_each_kind_of_key_counts(kind, digest):
    """Both hashes of the text, over exactly these bytes."""
    armor = KEYS[kind].sign(BODY, Parts(hash=digest))

    assert holds(armor)
    assert not holds(armor, BODY + b"\n")


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521"])
def test_what_ssh_keygen_signs_counts(kind, tmp_path):
    """The real program makes the key and the signature; the fingerprint is the one that it shows."""
    key, text = tmp_path / "id", tmp_path / "text"
    text.write_bytes(BODY)
    subprocess.run(["ssh-keygen", "-q", "-t", *kind.split(), "-N", "", "-f", key], check=True)
    subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE, text], check=True)
    shown = subprocess.run(["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True).stdout
    signature = parse(Path(f"{text}.sig").read_text())
    verify(BODY, signature)

    assert signature.key.fingerprint == shown.split()[1]


def test_rsa_counts_with_either_hash():
    """rsa-sha2-256 and rsa-sha2-512, never ssh-rsa, which is SHA-1."""
    key = KEYS["ssh-rsa"]

    assert holds(key.sign(BODY, Parts(algorithm="rsa-sha2-256")))
    assert not holds(key.sign(BODY, Parts(algorithm="ssh-rsa")))


def test_a_security_key_says_how_it_signed():
    """Its flags and counter are told, and whether anybody touched it."""
    key = KEYS["sk-ssh-ed25519@openssh.com"]
    touched, untouched = (verify(BODY, parse(key.sign(BODY, Parts(flags=f, counter=9)))) for f in (5, 4))

    assert (touched.flags, touched.counter, touched.untouched) == (5, 9, False)
    assert untouched.untouched


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (Parts(hash="sha1"), "only sha256 and sha512"),
        (Parts(hash="md5"), "only sha256 and sha512"),
        (Parts(hash="sha384"), "only sha256 and sha512"),
        (Parts(namespace="git"), "it was signed for 'git'"),
        (Parts(namespace=NAMESPACE + "x"), "it was signed for"),
        (Parts(namespace="git", signed_namespace=NAMESPACE), "it was signed for 'git'"),
        (Parts(signed_namespace="git"), "not of this text"),
        (Parts(version=2), "version 2"),
        (Parts(version=0), "version 0"),
        (Parts(magic=b"SSHSIH"), "no SSH signature"),
        (Parts(reserved=b"x"), "where nothing may stand"),
        (Parts(algorithm="sk-ssh-ed25519@openssh.com"), "does not count for a key"),
        (Parts(after=b"\0"), "1 bytes too many"),
        (Parts(after_signature=b"\0\0"), "2 bytes too many"),
    ],
)
def test_what_is_not_as_it_must_be_is_refused(parts, reason):
    """Each part of a signature, in words."""
    with pytest.raises(Malformed, match=reason):
        verify(BODY, parse(KEY.sign(BODY, parts)))


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.replace("\n", "\r\n"),
        lambda a: " " + a,
        lambda a: a + "\n",
        lambda a: a + a,
        lambda a: a.replace("-----BEGIN", "----BEGIN"),
        lambda a: a.replace("-----END SSH SIGNATURE-----\n", ""),
        lambda a: a.replace("\n", "", 1),
        lambda a: a.replace("SIGNATURE-----\n", "SIGNATURE-----\n\n", 1),
        lambda a: a.replace("\n", " \n"),
        lambda a: a.replace("U1NIU0lH", "U1NIU0lH="),
        lambda a: a.replace("=\n", "==\n"),
        lambda a: a.replace("-----END", "=\n-----END"),
        lambda a: armored(unarmored(a), 80),
        lambda _: "",
        lambda _: "x" * (LONGEST + 1),
        lambda a: a.replace("-----BEGIN SSH SIGNATURE-----\n", "-----BEGIN SSH SIGNATURE-----\n" + "A" * LONGEST),
    ],
)
def test_another_frame_is_refused(change):
    """Ends of lines, blanks, what stands before and after, length: one form only."""
    assert not holds(change(GOOD["ssh-ed25519"]))


@pytest.mark.parametrize("width", range(60, 77))
def test_lines_may_end_anywhere(width):
    """Also where the last line is nothing but the '=' of base64; ssh-keygen breaks lines at 70, others elsewhere."""
    assert all(holds(armored(unarmored(GOOD[kind]), width)) for kind in KINDS)


def test_base64_has_one_form():
    """The last character of base64 can hide bits; then it is not the one form."""
    lines = KEYS["ssh-rsa"].sign(BODY).splitlines()
    body = "".join(lines[1:-1])
    assert body.endswith("=")
    at = len(body.rstrip("=")) - 1
    other = chr(ord(body[at]) + 1)
    hidden = body[:at] + other + body[at + 1 :]
    assert base64.b64decode(hidden) == base64.b64decode(body)
    frame = [lines[0], *(hidden[i : i + 70] for i in range(0, len(hidden), 70)), lines[-1], ""]

    assert not holds("\n".join(frame))


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(kind, data):
    """One byte of a signature changed, taken out or put in: it holds no more."""
    blob = unarmored(GOOD[kind])
    at = data.draw(st.integers(0, len(blob) - 1))
    how = data.draw(st.sampled_from(["change", "remove", "insert", "cut"]))
    put = data.draw(st.integers(0, 255).filter(lambda b: b != blob[at]))
    changed = {
        "change": blob[:at] + bytes([put]) + blob[at + 1 :],
        "remove": blob[:at] + blob[at + 1 :],
        "insert": blob[:at] + bytes([put]) + blob[at:],
        "cut": blob[:at],
    }[how]
    signature = key = None
    try:
        signature = parse(armored(changed))
        verify(BODY, signature)
        key = signature.key
    except Malformed:
        pass

    assert key is None or key.blob != KEYS[kind].blob, "a changed signature of the same key"


@settings(deadline=None)
@given(text=st.text(max_size=300), blob=st.binary(max_size=200))
def test_anything_at_all_is_read_or_refused(text, blob):
    """Whatever comes: an answer or Malformed, and never a signature."""
    assert not holds(text)
    assert not holds(armored(b"SSHSIG\0\0\0\1" + blob) if blob else text)


def test_a_signature_of_one_key_is_none_of_another():
    """The key in a signature is replaced by another of its kind: it does not hold."""
    for kind in KINDS:
        other = replace(KEYS[kind], blob=new(kind).blob)
        assert not holds(other.sign(BODY)), kind


# Keys


def ed(raw: bytes) -> bytes:
    """An Ed25519 key of these bytes."""
    return string("ssh-ed25519") + string(raw)


def small_orders() -> list[bytes]:
    """Points of small order and other forms of them, for which anybody can make signatures."""
    prime = 2**255 - 19
    eight = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
    heights = [0, 1, prime - 1, prime, prime + 1, eight, prime - eight]
    return [(h | sign << 255).to_bytes(32, "little") for h in heights for sign in (0, 1)]


@pytest.mark.parametrize("raw", small_orders())
def test_keys_for_which_anybody_can_sign_are_refused(raw):
    """They are no keys."""
    with pytest.raises(Malformed, match="anybody can sign"):
        key_of(ed(raw))


def rsa(exponent: int, modulus: int) -> bytes:
    """An RSA key of these numbers."""
    return string("ssh-rsa") + number(exponent) + number(modulus)


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (rsa(65537, 2**2047 - 1), "2047 bits"),
        (rsa(65537, 2**1024 - 1), "1024 bits"),
        (rsa(65537, 2**16385 - 1), "16385 bits"),
        (rsa(2**65 + 1, 2**2048 - 1), "exponent"),
        (rsa(4, 2**2048 - 1), "no ssh-rsa key"),
        (string("ssh-rsa") + string(b"\0\1\0\1") + number(2**2048 - 1), "not written as it must"),
        (string("ssh-rsa") + string(b"\xff") + number(2**2048 - 1), "not written as it must"),
        (string("ssh-rsa") + string(b"") + number(2**2048 - 1), "not written as it must"),
        (string("ssh-dss") + number(5) * 4, "ssh-dss are not accepted"),
        (string("webauthn-sk-ecdsa-sha2-nistp256@openssh.com") + string("x"), "are not accepted"),
        (string("ssh-ed25519-cert-v01@openssh.com") + string("x"), "certificates do not count"),
        (string("ecdsa-sha2-nistp256") + string("nistp384") + string(b"\4" + b"\1" * 64), "two curves"),
        (string("ecdsa-sha2-nistp256") + string("nistp256") + string(b"\2" + b"\1" * 32), "not written in full"),
        (string("ecdsa-sha2-nistp256") + string("nistp256") + string(b"\4" + b"\1" * 64), "no ecdsa-sha2-nistp256 key"),
        (string("ecdsa-sha2-nistp256") + string("nistp256") + string(b"\4" + b"\1" * 9), "no ecdsa-sha2-nistp256 key"),
        (ed(b"\7" * 31), "no Ed25519 key"),
        (ed(b"\7" * 32) + b"\0", "1 bytes too many"),
        (string("ssh-ed25519") + b"\xff\xff\xff\xff", "cut short"),
        (b"", "cut short"),
        (string("ssh ed25519"), "characters that no name has"),
    ],
)
def test_weak_and_odd_keys_are_refused(blob, reason):
    """Small RSA keys, DSA, certificates, points that lie on no curve, numbers in another form."""
    with pytest.raises(Malformed, match=reason):
        key_of(blob)


def test_the_kind_of_a_key_is_what_it_says():
    """A key that is written as of another kind is refused, and so is base64 in another form."""
    text = KEY.line.split()[1]

    with pytest.raises(Malformed, match="it says ssh-rsa and is ssh-ed25519"):
        key_of_text("ssh-rsa", text)
    for bad in (text + "=", text[:-1], text + " ", text[:-4] + "====", "A" * 20_000):
        with pytest.raises(Malformed):
            key_of_text("ssh-ed25519", bad)


def test_one_key_in_two_forms_is_one_key():
    """The same point as a plain key and as one of a security key, or for another application, has the same identity."""
    plain = new("ssh-ed25519")
    raw = plain.blob[-32:]
    forms = [string("sk-ssh-ed25519@openssh.com") + string(raw) + string(a) for a in ("ssh:", "ssh:other")]

    assert {key_of(blob).identity for blob in (plain.blob, *forms)} == {key_of(plain.blob).identity}
