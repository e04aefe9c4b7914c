"""Words that mix Latin letters with letters that look like them: under review they read as one thing and are another."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from runbook_engine.model.plan import Package
from runbook_engine.reporting.command_text import procedure_lines
from runbook_engine.reporting.naming import title_of

_ALIKE = frozenset({"ARMENIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "DESERET", "FULLWIDTH", "GREEK", "LISU", "MATHEMATICAL"})
_WORD = re.compile(r"\w{2,}")


def mixed_words(text: str) -> Iterator[tuple[str, str]]:
    r"""Each word that mixes them, its foreign letters shown by their codes, and what it mixes: `r\u0435boot`, `Cyrillic`."""
    if text.isascii():
        return
    for word in dict.fromkeys(_WORD.findall(text)):
        scripts = {_script(c) for c in word if c.isalpha()}
        foreign = sorted(scripts & _ALIKE)
        if foreign and "LATIN" in scripts:
            yield word.encode("ascii", "backslashreplace").decode(), " and ".join(s.capitalize() for s in foreign)


def mixed_in(package: Package) -> Iterator[str]:
    """A warning for each such word in the title, the commands and the values of a package."""
    host = package.hosts[0] if package.hosts else None
    texts = [title_of(package, host), *procedure_lines(package, host), *chain.from_iterable(package.columns)]
    for word, scripts in mixed_words("\n".join(text for text in texts if not text.isascii())):
        yield f"the word {word} mixes Latin with {scripts} letters that look like them"


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]
