"""One death of the engine and the lives after it: what is done about it, and what must hold in the end."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeys.command_line import RUNBOOK
from journeys.racks import NEW, Rack, journal
from runbook_engine.model.words import Purpose, RunId, Status, Verdict
from runbook_engine.recording import open_store
from runbook_engine.running.course import replay

LIVES_AT_MOST = 12
KILLED = -9
EFFECTS = {  # what the steps leave in the effects log of a host
    "power-on/switch-on": "controller power On",
    "firmware/flash": f"fwtool --install {NEW}",
    "firmware/reboot": "reboot",
}
RUN = "rack12-install-1"
_TESTS = Path(__file__).parents[1]


class Engine:
    """The fork server: one life of the engine for each order."""

    def __init__(self, rack: Rack) -> None:
        self._plan = str(rack.folder / "rack.plan")
        runbook = str(rack.project / "runbooks" / "rack12-install.yml")
        path = os.pathsep.join(filter(None, (str(_TESTS), os.environ.get("PYTHONPATH"))))
        there = {**os.environ, "RUNBOOK_LAB": str(rack.lab_file), "RUNBOOK_STATE": str(rack.folder), "PYTHONPATH": path}
        command = [RUNBOOK, "plan", runbook, "-o", self._plan]
        subprocess.run(command, env=there, check=True, capture_output=True)
        server = [sys.executable, str(Path(__file__).with_name("incarnations.py"))]
        self._process = subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=there)

    def life(self, state: Path, *, fatal: str = "", moment: str = "", hasty: bool = False) -> tuple[int, list[str]]:
        """Begin the run of this state folder, or go on with it. How it ended, and the names of the events it told about."""
        run = RUN if journal(state) else ""
        order = {"plan": self._plan, "run": run, "fatal": fatal, "moment": moment, "hasty": hasty}
        answer = self._ask(state, order)
        return answer["code"], answer["names"]

    def command(self, state: Path, *words: str) -> int:
        """A command line, for its exit code."""
        return int(self._ask(state, {"command": list(words)})["code"])

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=20)

    def _ask(self, state: Path, order: dict[str, Any]) -> dict[str, Any]:
        self._process.stdin.write(json.dumps({"state": str(state), "said": str(state / "said.txt"), **order}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["code"] != 99, (state / "said.txt").read_text(encoding="utf-8")
        return answer


@dataclass
class History:
    """How a run that was killed once came to its end."""

    fatal: str
    moment: str
    at_stake: list[str]  # the events of the fatal commit
    codes: list[int]
    events: list[dict[str, Any]] = field(default_factory=list)
    effects: dict[str, list[str]] = field(default_factory=dict)

    @property
    def unknown(self) -> int:
        """How often an attempt was left in doubt."""
        return sum(e["is"] == "AttemptEnded" and e["outcome"]["status"] == "unknown" for e in self.events)

    @property
    def asked(self) -> int:
        """How often a person had to settle it."""
        return sum(e["is"] == "AttemptResolved" for e in self.events)


def survived(
    rack: Rack,
    engine: Engine,
    state: Path,
    fatal: str,
    moment: str,
    *,
    then: tuple[str, str] | None = None,
    hasty: bool = False,
) -> History:
    """A run on new hosts, killed around one event, then gone on with until it is done. Asserts what must hold then.

    `then` is a second death, of the life after the first. In half of the cases the next life begins at once, while
    commands still run on the hosts; in the other half when all have ended.
    """
    rack.as_new()
    state.mkdir()
    at_stake = killed(engine, state, fatal, moment, hasty=hasty)
    if moment == "before":
        rack.quiet()
    told_first(rack, state, f"killed {moment} {fatal}")
    if then:
        killed(engine, state, *then)
    history = History(fatal, moment, at_stake, revived(rack, engine, state))
    history.events = journal(state)
    history.effects = {host: rack.lab.effects(host) for host in rack.hosts}
    check(rack, history)
    return history


def killed(engine: Engine, state: Path, fatal: str, moment: str, *, hasty: bool = False) -> list[str]:
    """One life up to that event; the events of the fatal commit."""
    code, at_stake = engine.life(state, fatal=fatal, moment=moment, hasty=hasty)
    assert code == KILLED, f"{fatal} was not met: {code}\n{(state / 'said.txt').read_text(encoding='utf-8')}"
    return at_stake


def revived(rack: Rack, engine: Engine, state: Path) -> list[int]:
    """Resume again and again; what the engine does not know is settled by what the disks of the hosts say."""
    codes: list[int] = []
    while 0 not in codes:
        assert len(codes) < LIVES_AT_MOST, codes
        code, _ = engine.life(state)
        codes.append(code)
        assert code in (0, 6), (codes, (state / "said.txt").read_text(encoding="utf-8"))
        if code == 6:
            settle(rack, engine, state)
    return codes


def settle(rack: Rack, engine: Engine, state: Path) -> None:
    """What a person does about UNKNOWN: look at the machine, and say what is there."""
    rack.quiet()
    for task in doubtful(state):
        step, _, host = plain(task).partition("@")
        verdict = Verdict.DONE if EFFECTS[step] in rack.lab.effects(host) else Verdict.NOT_DONE
        code = engine.command(state, "resolve", RUN, task, "--as", verdict, "--reason", "read on its disk")
        assert code == 0, (state / "said.txt").read_text(encoding="utf-8")


def doubtful(state: Path) -> list[str]:
    """The tasks that are UNKNOWN."""
    with open_store(str(state / "journal.db")) as store:
        run = replay(store.journal(RunId(RUN)).read(), store.plan).run
    return [task for task, found in run.tasks.items() if found.status is Status.UNKNOWN]


def plain(task: str) -> str:
    """A task without the number of its batch."""
    return re.sub(r"#\d+", "", task)


def told_first(rack: Rack, state: Path, when: str) -> None:
    """Intent before effect: nothing has happened on a host that the journal does not announce."""
    started = Counter(plain(e["task"]) for e in journal(state) if e["is"] == "AttemptStarted")
    for host in rack.hosts:
        effects = Counter(rack.lab.effects(host))
        for step, effect in EFFECTS.items():
            told = started[f"{step}@{host}"]
            assert effects[effect] <= told, f"{when}: {effect} on {host} {effects[effect]} times, announced {told} times"


def check(rack: Rack, history: History) -> None:
    """At the end of a run: all is done, nothing without a reason twice, nothing after it was done."""
    assert [e["is"] for e in history.events].count("RunEnded") == 1
    for host in rack.hosts:
        assert (rack.disk(host) / "versions" / "firmware").read_text(encoding="utf-8").strip() == NEW
        assert rack.is_on(host)
        done = Counter(history.effects[host])
        for step, effect in EFFECTS.items():
            reasons = reasons_to_repeat(history.events, f"{step}@{host}")
            where = f"killed {history.moment} {history.fatal}: {effect} on {host}"
            assert 1 <= done[effect] <= 1 + reasons, f"{where}: {done[effect]} times, {reasons} reasons to repeat it"
    assert repeated(history.events) == []


def reasons_to_repeat(events: list[dict[str, Any]], task: str) -> int:
    """How often a known failure, verify (after doubt) or a person said that the task was not done."""
    purpose, reasons = Purpose.DO, 0
    for event in events:
        if plain(event.get("task") or "") != task:
            continue
        if event["is"] == "AttemptStarted":
            purpose = Purpose(event.get("purpose", Purpose.DO))
        elif event["is"] == "AttemptEnded":
            outcome = event["outcome"]
            known = outcome["status"] == "failed" and outcome.get("exit_code") is not None
            reasons += known or (purpose is Purpose.VERIFY and outcome["status"] == "failed")
        elif event["is"] == "AttemptResolved":
            reasons += event["verdict"] == Verdict.NOT_DONE
    return reasons


def repeated(events: list[dict[str, Any]]) -> list[str]:
    """Tasks that began again although they were done."""
    done: set[str] = set()
    again = []
    for event in events:
        task = event.get("task", "")
        if event["is"] in ("AttemptStarted", "TaskOpened") and task in done:
            again.append(task)
        ended = event["is"] == "AttemptEnded" and event["outcome"]["status"] in ("ok", "skipped")
        resolved = event["is"] == "AttemptResolved" and event["verdict"] == Verdict.DONE
        if ended or resolved or event["is"] in ("TaskAnswered", "TimerEnded"):
            done.add(task)
    return again
