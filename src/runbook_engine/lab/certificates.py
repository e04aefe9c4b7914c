"""What proves the management controllers of a lab, and what opens them. Made once, kept from one start to the next."""

import hashlib
import ipaddress
import os
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from runbook_engine.model.values import dataclass

LASTS = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Proof:
    """The certificate, ready to serve; `fingerprint` is how inventories name it."""

    context: ssl.SSLContext
    fingerprint: str


def keep_proof(path: Path) -> Proof:
    """The certificate in that file; a new one for 127.0.0.1 if there is none."""
    if not path.exists():
        _write_private(path, _new_certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    whole = path.read_text(encoding="ascii")
    shown = ssl.PEM_cert_to_DER_cert(whole[: whole.index("-----END CERTIFICATE-----") + 25] + "\n")
    return Proof(context, f"sha256:{hashlib.sha256(shown).hexdigest()}")


def keep_password(path: Path) -> str:
    """The password in that file; a new one if there is none."""
    if not path.exists():
        _write_private(path, f"{secrets.token_urlsafe(18)}\n".encode())
    return path.read_text(encoding="ascii").strip()


def _write_private(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as writer:
        writer.write(content)


def _new_certificate() -> bytes:
    """A certificate signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "practice management controllers")])
    now = datetime.now(UTC)
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + LASTS
    )
    signed = made.add_extension(place, critical=False).sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return signed.public_bytes(Encoding.PEM) + private
