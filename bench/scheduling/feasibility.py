"""How long a verdict takes on 500 tasks with people, calendars, windows and a freeze, and what it finds of a planted fault.

    python bench/scheduling/feasibility.py              each case five times, the whole command in a process of its own
    python bench/scheduling/feasibility.py --times 1 --only leave,deadline
    python bench/scheduling/feasibility.py --profile    what takes the time inside, once each

All times are processor seconds of the whole command, its start and what it imports among them, as users have it: with the
bytecode that stays after the first run, which is not counted. The goal is meant for a machine that does nothing else.
"""

import argparse
import contextlib
import cProfile
import io
import os
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 1.0
SLOWING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE")  # what a developer may have set and users have not
HOSTS, SITES = 100, 5
AT = "2026-11-27T09:00+01:00"
BOOK = """runbook: renew
title: Renew {hosts} servers at {sites} sites
kind: maintenance
owner: lead
why: They are old.
impact: None.
start: 2026-11-30
deadline: 2026-12-22
phases:
  - id: work
    title: Mount and cable
    window: days
    hosts: all
    steps:
      - {{id: look, title: Look at it, manual: Look., who: {{skill: hands}}, takes: 10m..20m}}
      - id: mount
        title: Mount it
        manual: Mount.
        who: {{skill: hands, level: 2, count: 2, certificate: lifting}}
        uses: {{lift: 1, cable: 2}}
        takes: 30m..1h
      - {{id: cable, title: Cable it, manual: Cable., who: {{skill: network}}, takes: 20m..40m}}
  - id: update
    title: Update
    window: nights
    hosts: all
    needs: [work]
    steps:
      - {{id: flash, title: Update it, manual: Update., who: {{skill: system}}, takes: 30m..1h}}
      - {{id: review, title: Review it, manual: Review., who: {{skill: system}}, takes: 15m, other_people_than: flash}}
"""
CALENDARS = """calendars:
  office: {time_zone: Europe/Amsterdam, work: {mon-fri: "08:00-18:00"}, holidays: NL}
  late: {time_zone: Europe/Amsterdam, work: {mon-sun: "20:00-06:00"}}
windows:
  days: {calendar: office}
  nights: {time_zone: Europe/Amsterdam, open: {mon-fri: "22:00-05:00"}}
freezes:
  - {from: 2026-12-24, to: 2027-01-04, why: Holiday trade}
"""
AWAY = "leave: [{from: 2026-11-26, to: 2027-01-06, why: Holiday}], "
CASES: dict[str, dict[str, tuple[str, str]]] = {
    "clean": {},
    "leave": {"people": ("name: Hands 0.0, ", f"name: Hands 0.0, {AWAY}")},
    "deadline": {"book": ("deadline: 2026-12-22", "deadline: 2026-12-02")},
    "window": {"calendars": ('mon-fri: "22:00-05:00"', 'mon-fri: "22:00-22:20"')},
    "freeze": {"calendars": ("from: 2026-12-24", "from: 2026-12-01")},
    "limits": {"people": ("day: 8h", "day: 20m")},
    "certificate": {"people": ("lifting: 2027-05-01", "lifting: 2026-12-01")},
    "skill": {"book": ("who: {skill: network}", "who: {skill: storage}")},
    "parts": {"resources": ("stock: 400", "stock: 100")},
    "nights": {"people": ("calendar: late", "calendar: office")},
}


def written(folder: Path, case: str) -> None:
    """The project of a case, as files."""
    texts = {
        "book": ("runbooks/renew.yml", BOOK.format(hosts=HOSTS, sites=SITES)),
        "hosts": ("inventory/hosts.yml", _hosts()),
        "people": ("inventory/people.yml", _people()),
        "calendars": ("inventory/calendars.yml", CALENDARS),
        "resources": ("inventory/resources.yml", "resources:\n  lift: {capacity: 5}\n  cable: {stock: 400}\n"),
    }
    for what, (name, text) in texts.items():
        old, new = CASES[case].get(what, ("", ""))
        assert old in text, f"{case}: nothing to change in {name}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(old, new) if old else text, encoding="utf-8")


def _hosts() -> str:
    away = ", ".join(f"s{n}: 2h" for n in range(SITES))
    sites = "\n".join(f"  s{n}: {{title: Site {n}, time_zone: Europe/Amsterdam, travel: {{{away}}}}}" for n in range(SITES))
    sites = "\n".join(line.replace(f"s{n}: 2h, ", "").replace(f", s{n}: 2h", "") for n, line in enumerate(sites.splitlines()))
    racks = "\n".join(f"  r{n}: {{site: s{n}, units: 42}}" for n in range(SITES))
    hosts = "\n".join(
        f"  h{k:03}: {{address: 10.0.{k % SITES}.{k}, rack: r{k % SITES}, unit: {k // SITES + 1}}}" for k in range(HOSTS)
    )
    return f"sites:\n{sites}\nracks:\n{racks}\nhosts:\n{hosts}\n"


def _people() -> str:
    lines = ["  lead: {name: Lead}"]
    for n in range(SITES):
        for k in range(2):
            known = "skills: {hands: 2}, certificates: {lifting: 2027-05-01}, limits: {day: 8h, rest: 11h}"
            lines.append(f"  hands{n}.{k}: {{name: Hands {n}.{k}, site: s{n}, sites: [s{n}], calendar: office, {known}}}")
        lines.append(
            f"  net{n}: {{name: Net {n}, site: s{n}, calendar: office, skills: {{network: 1}}, limits: {{week: 38h}}}}"
        )
        lines.append(f"  sys{n}: {{name: Sys {n}, calendar: late, skills: {{system: 1}}, limits: {{day: 8h, rest: 11h}}}}")
    return "people:\n" + "\n".join(lines) + "\n"


def command(folder: Path) -> tuple[float, str]:
    """Processor seconds of the command, and the first line of its verdict."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [
        sys.executable,
        "-c",
        "from runbook_engine.cli import main; main()",
        "feasibility",
        "runbooks/renew.yml",
        "--from",
        AT,
    ]
    env = {name: value for name, value in os.environ.items() if name not in SLOWING}
    env |= {"RUNBOOK_STATE": str(folder / "state"), "HOME": str(folder)}
    said = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [line for line in said.stdout.splitlines() if line[:1].isupper()] or said.stderr.splitlines()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, lines[min(1, len(lines) - 1)]


def profile(folder: Path) -> str:
    """Where the time goes, of the verdict alone."""
    from runbook_engine.cli.entry import outcome

    os.chdir(folder)
    os.environ["RUNBOOK_STATE"] = str(folder / "state")
    watch, out = cProfile.Profile(), io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.process_time()
        outcome(["feasibility", "runbooks/renew.yml", "--from", AT])
        took = time.process_time() - began
        watch.runcall(outcome, ["feasibility", "runbooks/renew.yml", "--from", AT])
    pstats.Stats(watch, stream=out).sort_stats("cumulative").print_stats(45)
    return f"{took:.2f} s in this process\n{out.getvalue()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    slowest = 0.0
    for case in given.only.split(","):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            written(folder, case)
            if given.profile:
                print(case, profile(folder))
                continue
            command(folder)
            found = [command(folder) for _ in range(given.times)]
            times = [took for took, _ in found]
            print(f"{case:12} {statistics.median(times):6.2f} s  (least {min(times):.2f})  {found[0][1]}", flush=True)
            slowest = max(slowest, statistics.median(times))
    if slowest:
        print(f"the slowest within {slowest:.2f} s, goal {LIMIT_S} s: {'met' if slowest <= LIMIT_S else 'MISSED'}")


if __name__ == "__main__":
    main()
