"""The likely repair of a misspelt word."""

from collections.abc import Iterable
from difflib import get_close_matches

_LISTED = 12  # names that a hint lists before it says "and more"


def did_you_mean(word: str, known: Iterable[str], kind: str = "known") -> str:
    """'did you mean 'command'?', or the list of what is known (its first dozen), or nothing when nothing is."""
    names = list(dict.fromkeys(known))
    folded = {_folded(name): name for name in reversed(names)}
    close = get_close_matches(_folded(word), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{kind}: {', '.join(names[:_LISTED])}{more}" if names else ""


def _folded(word: str) -> str:
    return word[:100].lower().replace("-", "_").replace(" ", "_")
