"""What bad hosts cost the good ones, and how soon and how clearly each of them is told of.

    python bench/execution/bad_hosts.py [--runs 3] [--parallel 20]        228 good hosts and 12 bad ones, 5 %

The same good hosts are worked on with and without the bad ones among them, in turn. Each step takes a while (`--step 0.2`
seconds), as real steps do, so that a place which waits for a dead host is missed elsewhere. Times are those of the journal:
good hosts from the first start of all to the last end of theirs; a bad one from its own start to the end that tells of it.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sshd
from goals import Goal, show
from measuring import measure
from peers import ours
from trouble import BREAKS_S, PORTS, TO_SERVER, trouble
from work import Work, mistakes

from runbook_engine.model.events import AttemptEnded, AttemptStarted
from runbook_engine.model.words import Cause
from runbook_engine.recording import open_store
from runbook_engine.transports import LinkSettings

GOOD_PER_BAD = 19  # 5 %
LIMIT_S = 300.0
AT_ONCE_S = 0.0
USUAL = LinkSettings(run_folder=Path())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A kind of bad host: what is told of it, and how long the engine may wait for it."""

    name: str
    kind: str
    cause: Cause
    limit_s: float


KINDS = (
    Bad(name="b01-refused", kind="refuses", cause=Cause.REFUSED, limit_s=AT_ONCE_S),
    Bad(name="b02-no-route", kind="no route", cause=Cause.NO_ROUTE, limit_s=AT_ONCE_S),
    Bad(name="b03-blackhole", kind="blackhole", cause=Cause.TIMED_OUT, limit_s=USUAL.connect_s),
    Bad(name="b04-mute", kind="says nothing", cause=Cause.NO_BANNER, limit_s=USUAL.banner_s),
    Bad(name="b05-slow", kind="says it slowly", cause=Cause.NO_BANNER, limit_s=USUAL.banner_s),
    Bad(name="b06-http", kind="speaks HTTP", cause=Cause.NO_BANNER, limit_s=AT_ONCE_S),
    Bad(name="b07-silent", kind="silent after banner", cause=Cause.TIMED_OUT, limit_s=USUAL.banner_s),
    Bad(name="b08-changed", kind="another host key", cause=Cause.HOST_KEY_CHANGED, limit_s=AT_ONCE_S),
    Bad(name="b09-unknown", kind="unknown host key", cause=Cause.HOST_KEY_UNKNOWN, limit_s=AT_ONCE_S),
    Bad(name="b10-no-login", kind="no login", cause=Cause.AUTHENTICATION, limit_s=AT_ONCE_S),
    Bad(name="b11-lost", kind="lost in mid-step", cause=Cause.LOST, limit_s=BREAKS_S),
    Bad(name="b12-frozen", kind="frozen in mid-step", cause=Cause.LOST, limit_s=BREAKS_S + USUAL.quiet_s + USUAL.answer_s),
)
CLOSED, NO_ROUTE = 2280, "127.255.255.255"  # a port where nobody listens; TCP never goes to a broadcast address


def address_of(number: int) -> str:
    """The address of a bad host."""
    return f"127.0.200.{number + 1}"


def entries(server: sshd.Server) -> Mapping[str, Any]:
    """The bad hosts as the inventory has them; what must be known of their keys is added to the known hosts."""
    key = server.known_hosts.read_text().split("\n", 1)[0].split(" ", 1)[1]
    other = " ".join(Path(f"{server.key}.pub").read_text().split()[:2])  # any key but that of the server
    found: dict[str, Any] = {}
    known = []
    for number, bad in enumerate(KINDS):
        address = NO_ROUTE if bad.kind == "no route" else address_of(number)
        port = CLOSED if bad.kind == "refuses" else PORTS.get(bad.kind, server.port)
        found[bad.name] = {"address": address, "ssh": {"port": port} | ({"user": "nobody"} if bad.kind == "no login" else {})}
        if bad.kind != "unknown host key":
            known.append(f"[{address}]:{port} {other if bad.kind == 'another host key' else key}\n")
    with server.known_hosts.open("a") as file:
        file.writelines(known)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run was like: when the good hosts were done, and what was told of each bad one, after how many seconds."""

    good_s: float
    fault: str
    bad: Mapping[str, tuple[float, str, int | None]]


def once(work: Work, server: sshd.Server, more: Mapping[str, Any]) -> Seen:
    """One run."""
    folder = Path(tempfile.mkdtemp(dir=server.folder))
    cost = measure(ours.prepare(work, folder, more=more), ours.environment(folder), folder, LIMIT_S)
    assert cost.exit_code is not None, f"not done within {LIMIT_S:g} s"
    fault = mistakes(work, ours.answers(work, folder), os.uname().release)
    with open_store(f"sqlite:///{folder / 'state' / 'journal.db'}") as store:
        events = list(store.journal(store.run_id("last")).read())
    starts = [event for event in events if isinstance(event, AttemptStarted)]
    ends = [event for event in events if isinstance(event, AttemptEnded)]
    begun: dict[str, Any] = {}
    for start in starts:
        begun.setdefault(start.task.partition("@")[2], start.at)
    good = max(end.at for end in ends if end.task.partition("@")[2] not in more)
    bad: dict[str, tuple[float, str, int | None]] = {}
    for end in ends:
        host = end.task.partition("@")[2]
        if host in more and host not in bad:
            bad[host] = ((end.at - begun[host]).total_seconds(), str(end.outcome.cause), end.outcome.exit_code)
    return Seen(good_s=(good - min(begun.values())).total_seconds(), fault=fault, bad=bad)


def goals(alone: Sequence[Seen], among: Sequence[Seen]) -> list[Goal]:
    """Prints what was told of each; what is set."""
    found = []
    print(f"\n{'bad host':<22} {'s':>7} {'within':>7}  told")
    for bad in KINDS:
        told = [seen.bad.get(bad.name, (float("inf"), "nothing", None)) for seen in among]
        worst, causes = max(t for t, _, _ in told), sorted({cause for _, cause, _ in told})
        print(f"{bad.kind:<22} {worst:>7.2f} {bad.limit_s + 1:>7.1f}  {', '.join(causes)}", flush=True)
        right = causes == [str(bad.cause)] and all(code is None for _, _, code in told)
        found.append(
            Goal(what=f"{bad.kind}: told as “{bad.cause}”, s", measured=worst if right else float("inf"), limit=bad.limit_s + 1)
        )
    ratio = statistics.median(b.good_s / a.good_s for a, b in zip(alone, among, strict=True))
    return [Goal(what="good hosts among bad ones: time, as a multiple of that without them", measured=ratio, limit=1.1), *found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parallel", type=int, default=20)
    parser.add_argument("--step", type=float, default=0.2, help="seconds that a step takes on a good host")
    told = parser.parse_args()
    where = {bad.kind: address_of(number) for number, bad in enumerate(KINDS) if bad.kind in PORTS}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, sshd.server(Path(name)) as server:
        work = Work(
            hosts=sshd.hosts(GOOD_PER_BAD * len(KINDS)),
            steps=10,
            port=server.port,
            user=server.user,
            key=str(server.key),
            known_hosts=str(server.known_hosts),
            parallel=told.parallel,
            first=f'case $SSH_CONNECTION in *" {TO_SERVER}"*) sleep 60;; esac; sleep {told.step:g}; ',
        )
        more = entries(server)
        print(f"{len(work.hosts)} good hosts and {len(more)} bad ones × {work.steps} steps, {told.parallel} at once")
        alone, among = [], []
        with trouble(server.port, where):
            for _ in range(told.runs):
                alone.append(once(work, server, {}))
                among.append(once(work, server, more))
                print(f"good hosts: {alone[-1].good_s:.1f} s without bad ones, {among[-1].good_s:.1f} s with them", flush=True)
        wrong = next((seen.fault for seen in (*alone, *among) if seen.fault), "")
        show(goals(alone, among), wrong=wrong)


if __name__ == "__main__":
    main()
