"""Public holidays of countries and their parts, by the `holidays` library; it is loaded only when somebody asks for a year.

Which countries there are is kept in `holiday_codes.txt`: to look a code up there costs an inventory nothing.
"""

import sys
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path as FilePath
from types import MappingProxyType, ModuleType

from runbook_engine.loading.nearest import did_you_mean

_CODES = FilePath(__file__).with_name("holiday_codes.txt")


@cache
def days_off(code: str, year: int) -> Mapping[date, str]:
    """The public holidays of a country (NL) or a part of one (DE-BY) in a year, with their names. Raises ValueError."""
    holidays = _library()
    country, _, part = code.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=year, expand=False, language="en_US")
    except RuntimeError as error:  # what the library raises for what it does not know
        raise ValueError(f"the public holidays of {code} are not known: {error}") from error
    return MappingProxyType(dict(sorted(found.items())))


@cache
def _library() -> ModuleType:
    """The library. All its countries are loaded by the package that holds them; with an empty one in its place, each by itself.

    That takes a tenth of a second off every command that asks for a holiday.
    """
    import holidays

    countries = ModuleType("holidays.countries")
    countries.__path__ = [str(FilePath(holidays.__file__).with_name("countries"))]
    sys.modules.setdefault("holidays.countries", countries)
    return holidays


@cache
def known_codes() -> Mapping[str, tuple[str, ...]]:
    """Each country whose public holidays are known, and those of its parts that have their own."""
    lines = _CODES.read_text(encoding="ascii").splitlines()
    return {words[0]: tuple(words[1:]) for words in map(str.split, lines)}


def checked_code(code: str) -> str:
    """A code whose public holidays are known; ValueError says what is wrong."""
    country, _, part = code.partition("-")
    known = known_codes()
    if country not in known:
        raise ValueError(f"no public holidays are known of the country {country}: write a code of two letters, such as NL")
    if part and part not in known[country]:
        hint = did_you_mean(part, known[country], "its parts are") or "it has no parts with holidays of their own"
        raise ValueError(f"no public holidays are known of {code}; {hint}")
    return code
