"""A run of forty steps on two near hosts, whose engine is killed again and again, and what must hold after each death."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from journeys.command_line import RUNBOOK
from recording.second_reader import read_copy

HOSTS = ("near-1", "near-2")
STEPS = 19  # on each host; with the decision before and the signature after them there are forty
SAVES = 2  # the step that prints what later ones read
RUN = "forty-1"
CANARY = "c4nary-77d1e0b2"
LANES = 2  # engines that are killed side by side: some of the time goes by waiting
LIVES_AT_MOST = 400
LIFE_AT_MOST_S = 120.0  # what hangs is a life: of all together only how loaded the machine is can be said
KILLED, DONE = -9, 0
_TESTS = Path(__file__).parents[1]

INVENTORY = "format: 1\nhosts: {near-1: {address: 127.0.0.1}, near-2: {address: 127.0.0.1}}\n"
HEAD = """\
format: 1
runbook: forty
title: Forty steps on two hosts
kind: upgrade
owner: ana.duarte
why: To be killed at every change of a file
impact: None
params:
  token: {type: string, secret: true, default: "env:CANARY"}
phases:
"""
ASK = """\
  - id: ask
    title: Ask
    steps: [{id: go, title: Go, decide: {question: Shall it begin?, choices: [go, no-go]}, who: {role: change-manager}}]
"""
SIGN = """\
  - id: sign
    title: Sign
    steps: [{id: sign, title: Sign, manual: Sign that it is done., who: {role: change-manager}}]
"""


def kind(step: int) -> str:
    """What the author says of a step; most may be done only once."""
    return {1: "verify", 3: "safe"}.get(step % 5, "once")


def step_text(step: int) -> str:
    """A step that leaves its name on its host, and now and then uses a secret, or what another step has printed."""
    name = f"s{step:02}"
    before = "echo {{ params.token }}; " if step % 6 == 0 else "echo value-of-{{ host.name }}; " if step == SAVES else ""
    after = "; echo {{ seen.stdout }} >>$HOME/saw" if step > SAVES and step % 3 == 0 else ""
    declared = {"verify": f', verify: "grep -qx {name} $HOME/effects"', "safe": ", repeat: safe", "once": ""}[kind(step)]
    declared += ", save_as: seen" if step == SAVES else ""
    return f'      - {{id: {name}, title: Step {step}, run: "{before}echo {name} >>$HOME/effects{after}"{declared}}}\n'


def runbook(steps: int = STEPS, *, people: bool = True) -> str:
    """The whole text: a decision, two phases of steps on both hosts, a signature."""
    half = steps // 2
    phases = [
        f"  - id: {name}\n    title: {name}\n    hosts: all\n    steps:\n" + "".join(map(step_text, part))
        for name, part in (("first", range(half)), ("second", range(half, steps)))
    ]
    return HEAD + (ASK if people else "") + "".join(phases) + (SIGN if people else "")


class Near:
    """The fork server and the plan that all its lives work on."""

    def __init__(self, folder: Path, library: Path, text: str) -> None:
        self.folder = folder
        (folder / "inventory").mkdir(parents=True)
        (folder / "inventory" / "hosts.yml").write_text(INVENTORY)
        (folder / "forty.yml").write_text(text)
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_", "XDG_"))}
        own = {"RUNBOOK_AS": "ana.duarte", "CANARY": CANARY, "HOME": str(folder), "TZ": "UTC"}
        paths = os.pathsep.join(filter(None, (str(_TESTS), os.environ.get("PYTHONPATH"))))
        there = {**outside, **own, "PYTHONPATH": paths}
        self.plan = str(folder / "forty.plan")
        planned = [RUNBOOK, "plan", "forty.yml", "-o", self.plan]
        subprocess.run(planned, cwd=folder, env=there, check=True, capture_output=True)
        there |= {"LD_PRELOAD": str(library), "CRASH_DIR": str(folder / "lives")}
        server = [sys.executable, str(Path(__file__).with_name("near_hosts.py"))]
        self._process = subprocess.Popen(
            server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=there, cwd=folder
        )

    def ask(self, place: Path, order: dict[str, Any]) -> tuple[int, list[str]]:
        """One life in a state folder of its own; how it ended, and what it told."""
        whole = {"state": str(place / "state"), "homes": str(place / "homes"), "said": str(said_in(place)), **order}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(whole) + "\n")
        self._process.stdin.flush()
        ended = select.select([self._process.stdout], [], [], LIFE_AT_MOST_S)[0]
        if not ended:
            self._process.kill()
        assert ended, f"it does not end: {order}\n{said_in(place).read_text()[-2000:]}"
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["names"]

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=20)


@contextmanager
def engines(library: Path, text: str, lanes: int = LANES) -> Iterator["SimpleQueue[Near]"]:
    """Fork servers that wait for somebody who has a life to live; in memory, so that no slow disk is waited for."""
    memory = Path("/dev/shm")
    waiting: SimpleQueue[Near] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="runbook-", dir=memory if memory.is_dir() else None) as folder:
        made = [Near(Path(folder) / str(number), library, text) for number in range(lanes)]
        for near in made:
            waiting.put(near)
        try:
            yield waiting
        finally:
            for near in made:
                near.close()


def said_in(place: Path) -> Path:
    """What the lives in a place have said; not where files are counted."""
    return place.parents[1] / f"{place.name}.txt"


def new_place(near: Near, name: str) -> Path:
    """Hosts as new, and an empty state folder."""
    place = near.folder / "lives" / name
    for host in HOSTS:
        (place / "homes" / host).mkdir(parents=True)
    (place / "state").mkdir(mode=0o700)
    return place


@dataclass
class Story:
    """A run that died at the same change after each of its events, until it was done."""

    at: int
    torn: bool
    kills: int = 0
    acknowledged: int = 0
    begun: bool = False  # whether the run is in the journal
    met: list[str] = field(default_factory=list)  # the events after which it was to die
    broken: list[str] = field(default_factory=list)

    def told(self, words: list[str]) -> None:
        """What a life has told before it ended."""
        for word, _, rest in (line.partition(" ") for line in words):
            if word == "fatal":
                self.met.append(rest)
            elif word == "acknowledged":
                self.acknowledged = max(self.acknowledged, int(rest))


def lived(near: Near, at: int, *, torn: bool, hasty: bool = False) -> Story:
    """Lives of one run: each dies at the `at`-th change of a file after an event at which none has died before."""
    story, place, code = Story(at, torn), new_place(near, f"{at}-{torn}-{hasty}"), KILLED
    for _ in range(LIVES_AT_MOST):
        order = {"plan": near.plan, "run": RUN if story.begun else "", "met": story.met, "at": at, "torn": torn, "hasty": hasty}
        before = len(story.met)
        code, words = near.ask(place, order)
        story.told(words)
        story.kills += code == KILLED
        when = f"change {at}{', torn' if torn else ''}, after {story.met[before:][-1:]}"
        story.begun, broken = looked_at(place, story.acknowledged)
        story.broken += [f"{when}: {what}" for what in broken]
        if code != KILLED or (hasty and story.broken):
            break
    if not hasty:
        story.broken += [f"change {at}, torn {torn}: {what}" for what in unfinished(place, code)]
    shutil.rmtree(place, ignore_errors=True)  # its hosts may still be tidying up
    return story


def effects(place: Path, host: str) -> list[str]:
    """What the steps have left on a host, in order."""
    file = place / "homes" / host / "effects"
    return file.read_text().split() if file.exists() else []


def violations(place: Path, acknowledged: int) -> list[str]:
    """Which of the invariants do not hold of what a dead engine has left behind; seen from outside."""
    return looked_at(place, acknowledged)[1]


def looked_at(place: Path, acknowledged: int) -> tuple[bool, list[str]]:
    """Whether the run has begun, and which of the invariants do not hold."""
    done = {host: effects(place, host) for host in HOSTS}  # looked at first: what comes later may only be more
    try:
        events = read_copy(place / "state")
    except AssertionError as error:
        return True, [f"I2, the chain: {error}"]
    waits = any(event["is"] == "TaskOpened" for event in events)
    lost = [f"I1: {acknowledged} records were acknowledged, {len(events)} are there"] if len(events) < acknowledged else []
    found = [*lost, *_about_effects(events, done), *_about_order(events, set() if waits else {"ask/go"})]
    return bool(events), [*found, *_about_verdicts(events, done), *misread(place), *leaks(place)]


def _about_effects(events: list[dict[str, Any]], done: dict[str, list[str]]) -> list[str]:
    """I3, no effect without an intent; I4, once is once; I5, in the order of the plan."""
    told = Counter(_where(e) for e in events if e["is"] == "AttemptStarted")
    found = []
    for host, names in done.items():
        for name, times in Counter(names).items():
            repeatable = kind(int(name[1:])) == "safe"
            if not repeatable and not told[name, host]:
                found.append(f"I3: {name} on {host} was done and never announced")
            if not repeatable and times > 1:
                found.append(f"I4: {name} on {host} was done {times} times")
        if list(dict.fromkeys(names)) != sorted(set(names)):
            found.append(f"I5: the effects on {host} are out of order: {names}")
    return found


def _about_order(events: list[dict[str, Any]], answered: set[str]) -> list[str]:
    """I5, what stands before is recorded as done; I6, nothing starts before its approval or without the lock of its host."""
    found, settled, taken = [], {"", *answered}, set()
    for event in events:
        step, host = _where(event)
        if event["is"] == "HostsTaken":
            taken |= set(event["hosts"])
        elif event["is"] == "HostsReleased":
            taken -= set(event["hosts"])
        elif event["is"] == "TaskAnswered":
            settled.add("ask/go")
        elif event["is"] == "AttemptEnded" and event["outcome"]["status"] in ("ok", "skipped"):
            settled.add(f"{step}@{host}")
        elif event["is"] == "AttemptStarted":
            number = int(step[1:])
            before = f"s{number - 1:02}@{host}" if number else ""
            found += [f"I5: {step}@{host} began before {before} was done"] if before not in settled else []
            found += [f"I6: {step}@{host} began without the lock of {host}"] if host not in taken else []
            found += [f"I6: {step}@{host} began before it was allowed"] if "ask/go" not in settled else []
    return found


def _about_verdicts(events: list[dict[str, Any]], done: dict[str, list[str]]) -> list[str]:
    """I7: what is called done was done, what is called refused was not, and nothing is called a failure that was none."""
    found = []
    last = {_where(e): e["outcome"] for e in events if e["is"] == "AttemptEnded"}
    for (step, host), outcome in last.items():
        times = done[host].count(step)
        if outcome["status"] in ("ok", "skipped") and not times:
            found.append(f"I7: {step} on {host} is called {outcome['status']} and was never done")
        if outcome["status"] == "refused" and times:
            found.append(f"I7: {step} on {host} is called refused and was done")
        if outcome["status"] not in ("ok", "skipped", "unknown", "not_started", "refused"):
            found.append(f"I7: {step} on {host} is called {outcome['status']}, and nothing has failed")
    return found


def misread(place: Path) -> list[str]:
    """I7 once more: what a step has read of an earlier one is what that one had printed."""
    found = []
    for host in HOSTS:
        file = place / "homes" / host / "saw"
        wrong = set(file.read_text().splitlines() if file.exists() else ()) - {f"value-of-{host}"}
        found += [f"I7: a step on {host} has read {words!r}" for words in wrong]
    return found


def leaks(place: Path) -> list[str]:
    """I9: files, of the engine or of a host, in which the secret stands. What a step has printed there is its own affair."""
    files = [file for folder in ("state", "homes") for file in (place / folder).rglob("*") if file.is_file()]
    files = [file for file in files if not file.name.endswith(("+out", "+err"))]
    return [f"I9: the secret stands in {f}" for f in [*files, said_in(place)] if CANARY.encode() in f.read_bytes()]


def unfinished(place: Path, code: int, steps: int = STEPS) -> list[str]:
    """I8 and the end of it all: the run is done, and every step was done; those that may not be repeated exactly once."""
    found = [] if code == DONE else [f"I8: the last life ended with {code}: {said_in(place).read_text()[-2000:]}"]
    for host in HOSTS:
        done = Counter(effects(place, host))
        for number in range(steps):
            name, times = f"s{number:02}", done[f"s{number:02}"]
            if times != 1 and not (kind(number) == "safe" and times > 1):
                found.append(f"at the end {name} on {host} was done {times} times")
    return found


def _where(event: dict[str, Any]) -> tuple[str, str]:
    """The step of an event and its host."""
    step, _, host = event.get("task", "").partition("@")
    return step.partition("/")[2], host
