"""Keys in memory that sign as ssh-keygen does, or with one thing wrong; security keys without a device among them."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from runbook_engine.model.approvals import NAMESPACE

CURVES = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


def string(data: bytes | str) -> bytes:
    """A length and the bytes."""
    raw = data.encode() if isinstance(data, str) else data
    return len(raw).to_bytes(4, "big") + raw


def number(value: int) -> bytes:
    """A positive number as SSH writes it."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def armored(blob: bytes, width: int = 70) -> str:
    """A signature as text."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def unarmored(text: str) -> bytes:
    """The bytes of a signature."""
    return base64.b64decode("".join(text.splitlines()[1:-1]))


@dataclass(frozen=True)
class Parts:
    """What a signature is made of; each part can be another than it should be."""

    magic: bytes = b"SSHSIG"
    version: int = 1
    namespace: str = NAMESPACE
    signed_namespace: str | None = None  # None: the same
    reserved: bytes = b""
    hash: str = "sha512"
    algorithm: str = ""  # of the signature; empty: the right one
    flags: int = 1
    counter: int = 7
    after: bytes = b""  # what follows the end
    after_signature: bytes = b""


@dataclass(frozen=True)
class SoftKey:
    """A private key in memory."""

    kind: str
    blob: bytes
    raw: Callable[[bytes, str], bytes]  # message and algorithm to the innermost signature
    application: bytes = b""
    private: object = field(default=None, compare=False)

    @property
    def line(self) -> str:
        """The public key as in a .pub file."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    def sign(self, body: bytes, parts: Parts = Parts()) -> str:
        """A signature over the body."""
        digest = hashlib.new(parts.hash, body).digest()
        signed_for = parts.namespace if parts.signed_namespace is None else parts.signed_namespace
        message = b"SSHSIG" + string(signed_for) + string(parts.reserved) + string(parts.hash) + string(digest)
        blob = parts.magic + parts.version.to_bytes(4, "big") + string(self.blob) + string(parts.namespace)
        blob += string(parts.reserved) + string(parts.hash) + string(self._signature(message, parts)) + parts.after
        return armored(blob)

    def _signature(self, message: bytes, parts: Parts) -> bytes:
        algorithm = parts.algorithm or ("rsa-sha2-512" if self.kind == "ssh-rsa" else self.kind)
        tail = b""
        if self.application:
            tail = bytes([parts.flags]) + parts.counter.to_bytes(4, "big")
            message = hashlib.sha256(self.application).digest() + tail + hashlib.sha256(message).digest()
        return string(algorithm) + string(self.raw(message, algorithm)) + tail + parts.after_signature


def new(kind: str = "ssh-ed25519", bits: int = 2048, application: bytes = b"ssh:") -> SoftKey:
    """A new key of a kind."""
    if "ed25519" in kind:
        return _ed25519(kind, application if kind.startswith("sk-") else b"")
    if kind == "ssh-rsa":
        return _rsa(bits)
    return _ecdsa(kind, application if kind.startswith("sk-") else b"")


def _ed25519(kind: str, application: bytes) -> SoftKey:
    private = Ed25519PrivateKey.generate()
    blob = string(kind) + string(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    return SoftKey(
        kind, blob + (string(application) if application else b""), lambda m, _: private.sign(m), application, private
    )


def _rsa(bits: int) -> SoftKey:
    private = rsa.generate_private_key(65537, bits)
    numbers = private.public_key().public_numbers()

    def raw(message: bytes, algorithm: str) -> bytes:
        digest = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}.get(algorithm, hashes.SHA1())  # noqa: S303
        return private.sign(message, padding.PKCS1v15(), digest)

    return SoftKey("ssh-rsa", string("ssh-rsa") + number(numbers.e) + number(numbers.n), raw, private=private)


def _ecdsa(kind: str, application: bytes) -> SoftKey:
    name = kind.removesuffix("@openssh.com").rpartition("-")[2]
    curve, digest = CURVES[name]
    private = ec.generate_private_key(curve)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def raw(message: bytes, _: str) -> bytes:
        first, second = decode_dss_signature(private.sign(message, ec.ECDSA(digest)))
        return number(first) + number(second)

    blob = string(kind) + string(name) + string(point) + (string(application) if application else b"")
    return SoftKey(kind, blob, raw, application, private)
