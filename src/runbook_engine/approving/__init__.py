"""Which sign-offs a plan needs, and whether those given count. Pure: the caller reads files and knows the time.

Start with `standing`; `voice` is the one function by which every statement is judged, whatever way it came.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbook_engine.approving.certified import uncertified
    from runbook_engine.approving.glass import loosened, may_open, opened
    from runbook_engine.approving.people import may, people_of, person_of
    from runbook_engine.approving.stands import people_asked, standing
    from runbook_engine.approving.statements import NotAStatement, body_of, statement_of
    from runbook_engine.approving.voices import covers, forged, voice
    from runbook_engine.approving.wanted import requirements
    from runbook_engine.approving.whose_keys import Signer, Signers, signers

__all__ = [
    "standing",
    "requirements",
    "voice",
    "covers",
    "forged",
    "signers",
    "Signer",
    "Signers",
    "statement_of",
    "body_of",
    "NotAStatement",
    "person_of",
    "people_of",
    "people_asked",
    "may",
    "may_open",
    "opened",
    "loosened",
    "uncertified",
]

_HOMES = {
    "uncertified": "certified",
    "loosened": "glass",
    "may_open": "glass",
    "opened": "glass",
    "may": "people",
    "people_of": "people",
    "person_of": "people",
    "requirements": "wanted",
    "Signer": "whose_keys",
    "Signers": "whose_keys",
    "people_asked": "stands",
    "standing": "stands",
    "signers": "whose_keys",
    "NotAStatement": "statements",
    "body_of": "statements",
    "statement_of": "statements",
    "covers": "voices",
    "forged": "voices",
    "voice": "voices",
}


def __getattr__(name: str) -> Any:
    """Loaded when asked for: who only writes a statement needs no cryptography."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
