"""What a plain word of YAML means, by the core rules of YAML 1.2; one rule is stricter: 0644 keeps its zero, as text."""

import re
from collections.abc import Mapping

_LETTERS = frozenset("~nNtTfF")
_NUMBERS = frozenset("-+.0123456789")
_WORDS: Mapping[str, object] = {
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+|\.[0-9]+[eE][-+]?[0-9]+)"
)


def plain_scalar(word: str) -> object:
    """The value of a word without quotes: None, a bool, an int, a float, or the word itself as text.

    Times (22:30), dates (2026-11-30), yes/no/on/off, numbers with leading zeros and whole numbers of more than 100
    digits are text.
    """
    if not word:
        return None
    if word[0] in _LETTERS:
        return _WORDS.get(word, word)
    if word[0] not in _NUMBERS:
        return word
    if word in _WORDS:
        return _WORDS[word]
    if _WHOLE.fullmatch(word):
        return int(word, {"0o": 8, "0x": 16}.get(word[:2], 10))
    return float(word) if _FLOAT.fullmatch(word) else word


def in_words(value: object) -> str:
    """What a value is, as a person would say it: text 'abc', number 5, a list, nothing."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"number {value}"
    if isinstance(value, str):
        return f"text {value[:40] + '…' if len(value) > 40 else value!r}"
    return "a list" if isinstance(value, list | tuple) else "a mapping"
