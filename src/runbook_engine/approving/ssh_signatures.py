"""Signatures as `ssh-keygen -Y sign` makes them: read strictly, and checked against the text that they are over.

Whatever ssh-keygen refuses is refused here. Refused here and not there: what follows the end, other ways to write the same
signature, a reserved field that is not empty, weak keys, certificates.
"""

import base64
import binascii
import hashlib
import re

from runbook_engine.approving.public_keys import Made, PublicKey, check, key_of
from runbook_engine.approving.ssh_wire import Malformed, Reader, string
from runbook_engine.model.approvals import NAMESPACE
from runbook_engine.model.values import dataclass

LONGEST = 16_384  # characters; one of a 16384 bit RSA key has some 6,000
_ARMOR = re.compile(r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n?", re.ASCII)
_MAGIC = b"SSHSIG"
_HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a signature says of itself, before anything is checked."""

    key: PublicKey
    namespace: str
    hash: str  # of the text: sha256 or sha512
    raw: bytes


def parse(armored: str) -> Signature:
    """The parts of a signature. Raises Malformed."""
    reader = Reader(_unarmored(armored), "the signature")
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise Malformed("it is no SSH signature")
    version = reader.number()
    if version != 1:
        raise Malformed(f"it is an SSH signature of version {version}; only version 1 is known")
    key, namespace = key_of(reader.string()), reader.word()
    if reader.string():
        raise Malformed("the signature has something where nothing may stand")
    algorithm, raw = reader.word(), reader.string()
    reader.end()
    if algorithm not in _HASHES:
        raise Malformed(f"the text was hashed with {algorithm[:60]}; only sha256 and sha512 count")
    return Signature(key=key, namespace=namespace, hash=algorithm, raw=raw)


def _unarmored(armored: str) -> bytes:
    if len(armored) > LONGEST:
        raise Malformed(f"the signature is longer than {LONGEST:,} characters")
    framed = _ARMOR.fullmatch(armored)
    if framed is None:
        raise Malformed("it is not a signature as 'ssh-keygen -Y sign' writes it, from BEGIN to END and nothing else")
    text = framed[1].replace("\n", "")
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("the signature is not base64") from None
    if base64.b64encode(blob).decode() != text:
        raise Malformed("the signature is not base64 in its one form")
    return blob


def verify(body: bytes, signature: Signature, namespace: str = NAMESPACE) -> Made:
    """That the key of the signature signed exactly these bytes for this purpose. Raises Malformed."""
    if signature.namespace != namespace:
        raise Malformed(f"it was signed for {signature.namespace[:60]!r}, not for {namespace!r}")
    digest = _HASHES[signature.hash](body).digest()
    parts = (namespace.encode(), b"", signature.hash.encode(), digest)
    return check(signature.key, signature.raw, _MAGIC + b"".join(map(string, parts)))
