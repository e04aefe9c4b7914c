"""Which hosts a selector means. A selector that is misspelt or matches nothing is an error, never an empty answer.

web                 a group or a host            web & site=ams1      both
web*                hosts by pattern             web - canary         without (spaces around the dash)
site= rack= owner= serves= tag=, tag:canary      web | db, or web, db either of them
all                 every host, written out      ( … )                parentheses
"""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate, Host
from runbook_engine.model.places import Mistake, Place
from runbook_engine.model.words import HostName
from runbook_engine.planning.findings import BadTemplate, did_you_mean

LONGEST = 10_000  # characters of a selector
DEEPEST = 50  # parentheses within parentheses
_TOKEN = re.compile(r"[()|,&]|[^\s()|,&]+")
_KEYS: dict[str, Callable[[Host], Iterable[str]]] = {
    "site": lambda host: (host.site,),
    "rack": lambda host: (host.rack,),
    "owner": lambda host: (host.owner,),
    "serves": lambda host: host.serves,
    "tag": lambda host: host.tags,
}


def select(estate: Estate, selector: str) -> tuple[HostName, ...]:
    """The hosts that `selector` means, in the order of the estate. Raises NotValid, also when there are none."""
    try:
        return Selectors(estate).hosts(selector)
    except BadTemplate as error:
        raise NotValid([Mistake(Place("selector", 1, 1), error.message, error.hint, selector, len(selector))]) from None


class Selectors:
    """Answers selectors on one estate, each once."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._order = {name: number for number, name in enumerate(estate.hosts)}
        self._known: dict[str, tuple[HostName, ...]] = {}

    def hosts(self, selector: str) -> tuple[HostName, ...]:
        """The hosts in the order of the estate; the same selector gives the same object. Raises BadTemplate."""
        if selector not in self._known:
            found = _Reading(self.estate, selector).result()
            if not found:
                raise BadTemplate(f"{selector!r} matches no host")
            self._known[selector] = self.in_order(found)
        return self._known[selector]

    def in_order(self, hosts: Iterable[HostName]) -> tuple[HostName, ...]:
        """The same hosts in the order of the estate."""
        return tuple(sorted(hosts, key=self._order.__getitem__))


class _Reading:
    """One selector, read from left to right: union below, difference and intersection above."""

    def __init__(self, estate: Estate, selector: str) -> None:
        if len(selector) > LONGEST:
            raise BadTemplate(f"the selector is longer than {LONGEST} characters")
        self._estate = estate
        self._selector = selector
        self._tokens = _TOKEN.findall(selector)
        self._at = 0
        self._depth = 0

    def result(self) -> set[HostName]:
        found = self._either()
        if self._at < len(self._tokens):
            raise BadTemplate(
                f"{self._tokens[self._at]!r} is not expected in the selector {self._selector!r}",
                "join words with & (both), - (without) or | (either)",
            )
        return found

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _either(self) -> set[HostName]:
        found = self._both()
        while self._next() in ("|", ","):
            self._at += 1
            found = found | self._both()
        return found

    def _both(self) -> set[HostName]:
        found = self._one()
        while self._next() in ("&", "-"):
            self._at += 1
            found = found & self._one() if self._tokens[self._at - 1] == "&" else found - self._one()
        return found

    def _one(self) -> set[HostName]:
        word = self._next()
        self._at += 1
        if word == "(":
            return self._inside()
        if word in ("", ")", "|", ",", "&", "-"):
            what = f"before {word!r}" if word else "at the end of"
            raise BadTemplate(f"a group, host or pattern is missing {what} in the selector {self._selector!r}")
        return self._word(word)

    def _inside(self) -> set[HostName]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadTemplate(f"more than {DEEPEST} parentheses within each other")
        found = self._either()
        if self._next() != ")":
            raise BadTemplate(f"a closing parenthesis is missing in the selector {self._selector!r}")
        self._at += 1
        self._depth -= 1
        return found

    def _word(self, word: str) -> set[HostName]:
        if word == "all":
            return set(self._estate.hosts)
        if word in self._estate.groups:
            return {h for h in self._estate.groups[word].hosts if h in self._estate.hosts}
        if word in self._estate.hosts:
            return {HostName(word)}
        key, mark, value = word.partition("=") if "=" in word else word.partition(":")
        if mark and (mark == "=" or key == "tag"):
            return self._by_key(key, value)
        if any(c in word for c in "*?["):
            return self._some({h for h in self._estate.hosts if fnmatchcase(h, word)}, f"no host is called like {word!r}")
        raise BadTemplate(f"there is no group or host {word!r}", self._repair(word))

    def _by_key(self, key: str, value: str) -> set[HostName]:
        if key not in _KEYS:
            raise BadTemplate(f"hosts cannot be chosen by {key!r}", did_you_mean(key, _KEYS) or f"one of {', '.join(_KEYS)}")
        of = _KEYS[key]
        hosts = self._estate.hosts.values()
        found = {h.name for h in hosts if any(fnmatchcase(v, value) for v in of(h))}
        return self._some(found, f"no host has {key} {value!r}", lambda: did_you_mean(value, {v for h in hosts for v in of(h)}))

    @staticmethod
    def _some(found: set[HostName], message: str, hint: Callable[[], str] = str) -> set[HostName]:
        if not found:
            raise BadTemplate(message, hint())
        return found

    def _repair(self, word: str) -> str:
        known = {*self._estate.groups, *self._estate.hosts}
        for dash in (i for i, c in enumerate(word) if c == "-"):
            if word[:dash] in known and word[dash + 1 :] in known:
                return f"to leave hosts out, put spaces around the dash: {word[:dash]} - {word[dash + 1 :]}"
        if not known:
            return "the inventory has no hosts"
        return did_you_mean(word, known)
