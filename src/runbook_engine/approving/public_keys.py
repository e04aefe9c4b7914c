"""Public keys of people, as OpenSSH writes them, and whether one of them made a signature.

Only kinds that are sound today are known: Ed25519, ECDSA on the NIST curves, RSA of at least 2048 bits with SHA-2, and
security keys. Each key has exactly one form; a second way to write the same key is refused, so that no key is two.
"""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from runbook_engine.approving.ssh_wire import Malformed, Reader
from runbook_engine.model.values import dataclass

ED25519, RSA = "ssh-ed25519", "ssh-rsa"
SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
RSA_BITS = (2048, 16384)  # at least, at most
LONGEST = 16_384  # characters of a key in text
TOUCHED, VERIFIED = 0x01, 0x04  # flags of a security key: a person was there, and has said a PIN

_CURVES: dict[str, tuple[type[ec.EllipticCurve], type[hashes.HashAlgorithm]]] = {
    "nistp256": (ec.SECP256R1, hashes.SHA256),
    "nistp384": (ec.SECP384R1, hashes.SHA384),
    "nistp521": (ec.SECP521R1, hashes.SHA512),
}
_RSA_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"rsa-sha2-256": hashes.SHA256, "rsa-sha2-512": hashes.SHA512}
_PRIME = 2**255 - 19
_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = {0, 1, _PRIME - 1, _OF_ORDER_8, _PRIME - _OF_ORDER_8}  # points for which anybody can make a signature

_Material = Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that can vouch for somebody. `identity` is the same for every form in which the same key could come."""

    kind: str
    blob: bytes
    identity: tuple[str, bytes]
    material: _Material
    application: bytes | None = None  # of a security key

    @property
    def fingerprint(self) -> str:
        """SHA256:… as ssh-keygen shows it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How a signature was made: what a security key says of itself; None for other keys."""

    flags: int | None = None
    counter: int | None = None

    @property
    def untouched(self) -> bool:
        """Whether a security key signed without a person there."""
        return self.flags is not None and not self.flags & TOUCHED


def key_of_text(kind: str, text: str) -> PublicKey:
    """The key that stands in a file as `KIND BASE64`. Raises Malformed."""
    blob = blob_of_text(text)
    key = key_of(blob)
    if key.kind != kind:
        raise Malformed(f"it says {kind[:60]} and is {key.kind}")
    return key


def blob_of_text(text: str) -> bytes:
    """The bytes of canonical base64. Raises Malformed."""
    if len(text) > LONGEST:
        raise Malformed(f"the key is longer than {LONGEST:,} characters")
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("the key is not base64") from None
    if base64.b64encode(blob).decode() != text:
        raise Malformed("the key is not base64 in its one form")
    return blob


def key_of(blob: bytes) -> PublicKey:
    """The key in SSH's binary form. Raises Malformed, also for kinds that are never accepted."""
    reader = Reader(blob, "the key")
    kind = reader.word()
    if "-cert-" in kind:
        raise Malformed("it is a certificate; certificates do not count here: name the key itself")
    try:
        key = _read(kind, reader, blob)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise error if isinstance(error, Malformed) else Malformed(f"the key is no {kind} key") from None
    reader.end()
    return key


def _read(kind: str, reader: Reader, blob: bytes) -> PublicKey:
    if kind in (ED25519, SK_ED25519):
        return _ed25519(kind, reader, blob)
    if kind == RSA:
        return _rsa(reader, blob)
    curve = kind.removesuffix("@openssh.com").rpartition("-")[2]
    if kind == SK_ECDSA or (curve in _CURVES and kind == f"ecdsa-sha2-{curve}"):
        return _ecdsa(kind, curve, reader, blob)
    raise Malformed(f"keys of the kind {kind[:60]} are not accepted; use ssh-ed25519")


def _ed25519(kind: str, reader: Reader, blob: bytes) -> PublicKey:
    raw = reader.string()
    if len(raw) != 32:
        raise Malformed("the key is no Ed25519 key")
    height = int.from_bytes(raw, "little") & ~(1 << 255)
    if height >= _PRIME or height in _SMALL_ORDER:
        raise Malformed("the key is one for which anybody can sign")
    application = reader.string() if kind == SK_ED25519 else None
    material = Ed25519PublicKey.from_public_bytes(raw)
    return PublicKey(kind=kind, blob=blob, identity=(ED25519, raw), material=material, application=application)


def _rsa(reader: Reader, blob: bytes) -> PublicKey:
    exponent, modulus = reader.positive(), reader.positive()
    low, high = RSA_BITS
    if not low <= modulus.bit_length() <= high:
        raise Malformed(f"the RSA key has {modulus.bit_length()} bits; it must have {low} to {high}")
    if exponent.bit_length() > 64:
        raise Malformed("the RSA key has an exponent that no sound key has")
    material = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return PublicKey(kind=RSA, blob=blob, identity=(RSA, modulus.to_bytes(high // 8, "big")), material=material)


def _ecdsa(kind: str, curve: str, reader: Reader, blob: bytes) -> PublicKey:
    if reader.word() != curve:
        raise Malformed("the key names two curves")
    point = reader.string()
    if point[:1] != b"\x04":
        raise Malformed("the key is not written in full")
    material = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve][0](), point)
    application = reader.string() if kind == SK_ECDSA else None
    return PublicKey(kind=kind, blob=blob, identity=(curve, point), material=material, application=application)


def check(key: PublicKey, signature: bytes, message: bytes) -> Made:
    """That the key made the signature over the message. Raises Malformed when it did not, or nobody can tell."""
    reader = Reader(signature, "the signature")
    algorithm, body = reader.word(), Reader(reader.string(), "the signature")
    allowed = tuple(_RSA_HASHES) if key.kind == RSA else (key.kind,)
    if algorithm not in allowed:
        raise Malformed(f"a signature by {algorithm[:60]} does not count for a key of the kind {key.kind}")
    made = Made()
    if key.application is not None:
        made = Made(flags=reader.take(1)[0], counter=reader.number())
        message = _by_security_key(key.application, made, message)
    reader.end()
    try:
        _verify(key, algorithm, body, message)
    except (InvalidSignature, ValueError) as error:
        raise error if isinstance(error, Malformed) else Malformed("the signature is not of this text by this key") from None
    return made


def _by_security_key(application: bytes, made: Made, message: bytes) -> bytes:
    """What a security key signs in place of the message."""
    said = bytes([made.flags or 0]) + (made.counter or 0).to_bytes(4, "big")
    return hashlib.sha256(application).digest() + said + hashlib.sha256(message).digest()


def _verify(key: PublicKey, algorithm: str, body: Reader, message: bytes) -> None:
    material = key.material
    if isinstance(material, ec.EllipticCurvePublicKey):
        first, second = body.positive(), body.positive()
        body.end()
        material.verify(encode_dss_signature(first, second), message, ec.ECDSA(_CURVES[key.identity[0]][1]()))
        return
    size = 64 if isinstance(material, Ed25519PublicKey) else (material.key_size + 7) // 8
    raw = body.take(size)
    body.end()
    if isinstance(material, Ed25519PublicKey):
        material.verify(raw, message)
    else:
        material.verify(raw, message, padding.PKCS1v15(), _RSA_HASHES[algorithm]())
