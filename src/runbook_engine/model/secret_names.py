"""How secrets are named: the places where they can be, and the form of a name in each."""

from collections.abc import Mapping

FORMS: Mapping[str, str] = {  # the place → how a secret in it is named
    "env": "env:NAME",
    "file": "file:PATH",
    "cmd": "cmd:COMMAND",
    "keyring": "keyring:SERVICE/USER",
    "vault": "vault:MOUNT/PATH#FIELD",
}
IN_WORDS = f"{', '.join(list(FORMS.values())[:-1])} or {list(FORMS.values())[-1]}"
PATTERN = r"(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|cmd:.+|keyring:.+/[^/\n]+|vault:[^/#\n]+/[^#\n]+#[^#\n]+)"
