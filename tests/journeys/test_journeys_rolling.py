"""A failure at night on practice servers: within the budget, asked, rolled back by itself, and a way back that fails."""

from pathlib import Path

from journeys.command_line import Person, Terminal
from journeys.machines import HEAD
from journeys.racks import Rack

PHASE = """phases:
  - id: work
    title: Work
    hosts: r12-u0*
    rolling: {{{rolling}}}
    steps:
{steps}"""
MARK = "      - {{id: mark, title: Mark, run: echo do >> {file}, takes: 1m{more}}}\n"
FAIL = "      - {{id: try, title: Try, run: 'test {{{{ host.name }}}} != {host}', takes: 1m}}\n"
LAST = "      - {id: tell, title: Tell, per: phase, local: echo told, repeat: safe, takes: 1m}\n"


def runbook(person: Person, name: str, rolling: str, *steps: str) -> str:
    """A runbook of one rolling phase on the three servers."""
    file = person.writes(f"runbooks/{name}.yml", HEAD.format(name=name) + PHASE.format(rolling=rolling, steps="".join(steps)))
    return str(file)


def marks(rack: Rack, file: str) -> dict[str, list[str]]:
    """What really happened on each server: the lines that its commands wrote."""
    found = {}
    for host in rack.hosts:
        files = [f for f in Path(rack.lab.told["hosts"][host]["folder"]).rglob(file) if f.is_file()]
        found[host] = files[0].read_text(encoding="utf-8").split() if files else []
    return found


def test_within_the_budget_the_others_go_on_and_the_end_waits(planner: Person) -> None:
    """One of three may fail: the second batch goes on, the last step waits, and leaving the host out ends the run."""
    file = runbook(planner, "budget", "batches: [2, rest], max_failures: 1", FAIL.format(host="r12-u01"), LAST)
    try:
        planner.types("run", file, code=1)
        status = planner.types("status", code=1).out
        assert "Set aside in work: r12-u01; the end of the phase waits for them" in status
        told = planner.types("status", "--json", code=1).json()
        assert told["phases"][0]["tasks"] | {"ok": 2, "failed": 1, "not_started": 1} == told["phases"][0]["tasks"]
        assert "Did you mean r12-u0" in planner.types("resume", "last", "--skip", "r12-u0", code=2).err

        planner.types("resume", "last", "--skip", "r12-u01", "--reason", "broken disk", code=0)

        assert "left out by ana.duarte: broken disk" in planner.types("why", "last", "work/try@r12-u01", code=0).out
    finally:
        Path(file).unlink()


def test_a_phase_that_asks_goes_on_when_a_person_says_so(planner: Person) -> None:
    """The question is in status with its command; go-on takes the failure as it is, and the next batch begins."""
    file = runbook(planner, "asking", "batches: [1, rest], max_failures: 0, on_failure: ask", FAIL.format(host="r12-u01"), LAST)
    try:
        planner.types("run", file, code=1)
        assert "runbook decide asking-1 work go-on|roll-back|stop --reason" in planner.types("status", code=1).out
        assert "answered with go-on, roll-back, stop" in planner.types("decide", "last", "work", "perhaps", code=2).err

        planner.types("decide", "last", "work", "go-on", "--reason", "one is enough", code=0)
        planner.types("resume", "last", code=1)

        assert "goes on without r12-u01, says ana.duarte: one is enough" in planner.types("log", "last", code=0).out
        assert planner.types("status", "--json", code=1).json()["phases"][0]["tasks"]["ok"] == 2
        assert "does not wait for an answer" in planner.types("decide", "last", "work", "go-on", code=4).err
        planner.types("resume", "last", "--skip", "r12-u01", code=0)
    finally:
        Path(file).unlink()


def test_on_a_terminal_the_question_is_asked_at_once(planner: Person) -> None:
    """The answer and its reason are typed where the run is; it goes on with the next batch."""
    file = runbook(planner, "typed", "batches: [1, rest], max_failures: 0, on_failure: ask", FAIL.format(host="r12-u01"))
    terminal = Terminal(planner, "run", file, "-y")
    try:
        asked = terminal.waits_for("Your answer")
        assert "1 failed in phase work, 0 allowed" in asked
        terminal.types("go-on\r")
        terminal.waits_for("Reason")
        terminal.types("one is enough\r")
        terminal.ends(1)
        assert planner.types("status", "--json", code=1).json()["phases"][0]["tasks"]["ok"] == 2
    finally:
        planner.types("stop", "last", "-y")
        Path(file).unlink()


def test_the_way_back_by_itself_undoes_each_server_once(planner: Person, rack: Rack) -> None:
    """The plan says roll_back: what was done is undone, once on each server, as the servers themselves show; then again."""
    undo = ", roll_back: {run: echo undo >> by-itself}"
    steps = (MARK.format(file="by-itself", more=undo), FAIL.format(host="r12-u02"))
    file = runbook(planner, "back", "batches: [1, rest], max_failures: 0, on_failure: roll_back", *steps)
    try:
        said = planner.types("run", file, code=1).err
        assert "ROLLING BACK work" in said
        assert "says the plan: more failed than the 0 allowed: r12-u02" in said
        assert {tuple(lines) for lines in marks(rack, "by-itself").values()} == {("do", "undo")}
        assert planner.types("status", code=1).out.startswith("ROLLED BACK")

        again = planner.types("resume", "last", code=1)
        assert "resume back-1 --again work" in planner.types("why", "last", code=0).out + again.err
        planner.types("resume", "last", "--again", "work", code=1)
        assert marks(rack, "by-itself")["r12-u01"] == ["do", "undo", "do", "undo"]
    finally:
        Path(file).unlink()


def test_a_way_back_that_fails_is_the_first_thing_on_every_view(planner: Person, rack: Rack) -> None:
    """Status, why and the summary begin with it; the other servers go back; a person can say that it was undone by hand."""
    undo = ", roll_back: {run: 'echo undo >> fails; test {{ host.name }} != r12-u01'}"
    steps = (MARK.format(file="fails", more=undo), FAIL.format(host="r12-u03"))
    file = runbook(planner, "stuck", "batches: [rest], max_failures: 0", *steps)
    try:
        planner.types("run", file, code=1)
        assert "needs a reason" in planner.types("roll-back", "last", "--phase", "work", "--reason", " ", "-y", code=4).err
        preview = planner.types("roll-back", "last", "--phase", "work", "--reason", "wrong", "-y", code=0)
        assert "Undone, in this order: work/mark@r12-u01, work/mark@r12-u02, work/mark@r12-u03" in preview.err
        assert "no way back: work/try@r12-u0" in preview.err  # which of them had begun when the third failed is chance

        summary = planner.types("resume", "last", code=1).err.partition("\n\n")[2]

        assert "ROLL-BACK FAILED" in summary.splitlines()[0]
        status = planner.types("status", code=1).out
        assert status.startswith("ROLL-BACK FAILED")
        assert planner.types("why", "last", code=0).out.startswith("ROLL-BACK FAILED: 1 task")
        assert marks(rack, "fails")["r12-u02"] == ["do", "undo"]
        told = planner.types("status", "--json", code=1).json()
        assert told["result"] == "ROLL-BACK FAILED"
        assert told["tasks"]["roll_back_failed"] == 1

        planner.types("resolve", "last", "work/mark@r12-u01", "--as", "done", "--reason", "removed by hand", code=0)
        assert planner.types("status", code=1).out.startswith("ROLLED BACK")
        planner.types("stop", "last", "-y", code=0)
    finally:
        Path(file).unlink()


def test_a_run_that_starts_elsewhere_says_what_it_leaves_out(planner: Person, rack: Rack) -> None:
    """The steps before are listed, skipped by name, and never begun; a run that is open cannot start elsewhere."""
    steps = (MARK.format(file="first", more=""), "      - {id: second, title: Second, run: echo do >> second, takes: 1m}\n")
    file = runbook(planner, "elsewhere", "batches: [rest], max_failures: 1", *steps, FAIL.format(host="r12-u03"))
    try:
        assert "Did you mean work/second?" in planner.types("run", file, "--start-with", "work/secnd", code=2).err
        said = planner.types("run", file, "--start-with", "work/second", "-y", code=1).err
        assert "NOT done, 3 tasks: work/mark" in said
        assert set(map(tuple, marks(rack, "first").values())) == {()}
        assert set(map(tuple, marks(rack, "second").values())) == {("do",)}
        assert "started with work/second by ana.duarte" in planner.types("why", "last", "work/mark@r12-u01", code=0).out
        assert "is open already" in planner.types("run", file, "--start-with", "work/second", code=4).err
    finally:
        planner.types("stop", "last", "-y")
        Path(file).unlink()
