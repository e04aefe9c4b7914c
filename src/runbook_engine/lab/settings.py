"""What a lab is asked for: its hosts, their faults, and how fast time passes in it."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from runbook_engine.model.errors import Usage
from runbook_engine.model.values import dataclass

LINK_FAULTS = ("down", "mute", "slow", "off")
TOOL_FAULTS = ("fail-first", "fail-always")
INSTALL_S, BOOT_S, SLOW_S = 0.3, 1.0, 2.0  # how long things take at speed 1, in seconds
MOST_HOSTS = 500

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One host. `link`: down (its port is closed), mute (accepts and says nothing), slow, or off (until its controller
    switches it on); `tools`: fault by tool.
    """

    name: str
    link: str = ""
    tools: Mapping[str, str] = field(default_factory=dict)


def read_settings(names: Sequence[str], faults: Iterable[str] = ()) -> tuple[Settings, ...]:
    """Hosts by name, and faults such as `r12-u05:fwtool=fail-first` or `r12-u07:down`. Raises Usage."""
    if not names or len(names) > MOST_HOSTS:
        raise Usage(f"A lab has 1 to {MOST_HOSTS} hosts, not {len(names)}.")
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong or len(set(names)) != len(names):
        raise Usage(f"Not the names of different hosts: {', '.join(wrong or names)}")
    links: dict[str, str] = {}
    tools: dict[str, dict[str, str]] = {name: {} for name in names}
    for fault in faults:
        host, link, tool, how = _read_fault(fault, names)
        if link:
            links[host] = link
        else:
            tools[host][tool] = how
    return tuple(Settings(name=name, link=links.get(name, ""), tools=tools[name]) for name in names)


def _read_fault(text: str, names: Sequence[str]) -> tuple[str, str, str, str]:
    host, _, what = text.partition(":")
    tool, _, how = what.partition("=")
    if host not in names:
        raise Usage(f"The fault {text!r} is for a host that this lab does not have.")
    if what in LINK_FAULTS:
        return host, what, "", ""
    if _NAME.fullmatch(tool) and how in TOOL_FAULTS:
        return host, "", tool, how
    expected = f"HOST:{'|'.join(LINK_FAULTS)} or HOST:TOOL={'|'.join(TOOL_FAULTS)}"
    raise Usage(f"The fault {text!r} is not known; expected {expected}.")


def read_speed(environment: Mapping[str, str] = os.environ) -> float:
    """RUNBOOK_LAB_SPEED: 1 is the usual pace, 10 is ten times as fast. Raises Usage."""
    text = environment.get("RUNBOOK_LAB_SPEED", "1")
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0.01 <= speed <= 1000:
        raise Usage(f"RUNBOOK_LAB_SPEED is {text!r}; expected a number from 0.01 to 1000.")
    return speed
