"""`when`, saved values, packages: what planning decides, and what it leaves to the run as data."""

import pytest

from planning.planning_builders import act, book, estate, host, phase, planned, run
from runbook_engine.model.commands import AskPerson, Become, Shell, Upload
from runbook_engine.model.conditions import AllOf, AnyOf, Compare, Constant, Not
from runbook_engine.model.errors import NotValid
from runbook_engine.model.plan import Package, Plan
from runbook_engine.model.runbook import Param, RollBack, Step
from runbook_engine.model.text import Later, Text, plain, shell
from runbook_engine.model.words import EdgeKind, Per, Repeat, StepId

ON = estate(
    host("a", vars={"v": 1}),
    host("b", vars={"v": 2}),
    host("c", vars={"v": 3}),
    groups={"web": ["a", "b", "c"], "two": ["a", "b"]},
)


def plan_of(*steps: Step, **more: object) -> Plan:
    """A plan of one phase on three hosts."""
    return planned(book(phase("p", *steps, **more)), ON)


def mistake_of(*steps: Step, **more: object) -> str:
    """What is wrong with a phase: the first message and hint."""
    with pytest.raises(NotValid) as caught:
        plan_of(*steps, **more)
    return f"{caught.value.mistakes[0].message} | {caught.value.mistakes[0].hint}"


def edges(package: Package) -> dict[str, EdgeKind]:
    """What comes before a package."""
    return {e.before: e.kind for e in package.needs}


def test_when_leaves_out_hosts_that_planning_knows() -> None:
    """Hosts for which it is false are named, and the others go on; no barrier comes from it."""
    plan = plan_of(run("one"), run("two", when="vars.v != 2"), run("three"))
    two = plan.packages["p/two"]
    assert (two.hosts, two.left_out, two.when) == (("a", "c"), ("b",), None)
    assert edges(plan.packages["p/three"]) == {"p/one": EdgeKind.SAME_HOST, "p/two": EdgeKind.SAME_HOST}


def test_a_step_left_out_everywhere_stays_visible() -> None:
    """It is one task that the run reports as skipped, and holds nobody up."""
    plan = plan_of(run("one"), run("two", when="vars.v > 5", title="On {{ host.name }}"), run("three"))
    two = plan.packages["p/two"]
    assert (two.hosts, two.left_out, two.when) == ((), ("a", "b", "c"), Constant(False))
    assert edges(plan.packages["p/three"]) == {"p/one": EdgeKind.SAME_HOST}


def test_when_of_a_step_done_once() -> None:
    """A condition on parameters decides at once."""
    made = book(phase("p", run("s", per=Per.PHASE, when="params.go")), params=[Param(name="go", type="boolean")])
    assert planned(made, ON, go=True).packages["p/s"].when is None
    assert planned(made, ON, go=False).packages["p/s"].when == Constant(False)


def test_when_keeps_what_only_the_run_knows_as_data() -> None:
    """Parts joined by `and` are decided one by one; comparisons with saved values become conditions."""
    out = Later(StepId("p/one"), ("stdout",), quoted=False)
    code = Later(StepId("p/one"), ("exit_code",), quoted=False)
    plan = plan_of(
        run("one", save_as="old"),
        run("two", when="vars.v != 2 and old.stdout != 'x' and not (old.exit_code == 0 or 'y' in old.stdout)"),
        run("three", when="old.exit_code in [1, 2]"),
        run("four", when="old.json.ready"),
        run("five", when="1 < old.exit_code <= 3"),
    )
    two = plan.packages["p/two"]
    assert two.left_out == ("b",)
    inner = AnyOf((Compare("==", code, Constant(0)), Compare("in", Constant("y"), out)))
    assert two.when == AllOf((Compare("!=", out, Constant("x")), Not(inner)))
    assert two.reads == ("p/one",)
    assert plan.packages["p/three"].when == Compare("in", code, Constant((1, 2)))
    assert plan.packages["p/four"].when == Later(StepId("p/one"), ("json", "ready"), quoted=False)
    assert plan.packages["p/five"].when == AllOf((Compare("<", Constant(1), code), Compare("<=", code, Constant(3))))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("{{ vars.v }}", "without {{ }}"),
        ("vars.v ==", "cannot be read"),
        ("vars.x == 1", "host a: "),
        ("old.stdout | trim == ''", "known only in the run"),
        ("old.stdout == vars.v", "differs by host"),
        ("old.nothing", "a step saves"),
        ("nope", "nothing called 'nope'"),
        ("vars.v | sesort", "no filter"),
        ("old.stdout is defined", "known only in the run"),
        ("vars.v) or (vars.v", "cannot be read"),
    ],
)
def test_a_condition_that_means_nothing_is_a_mistake(when: str, said: str) -> None:
    """What neither planning nor the run could decide is told at once."""
    assert said in mistake_of(run("one", save_as="old"), run("two", when=when))


def test_saved_values_are_read_batch_by_batch_and_across_phases() -> None:
    """A reader in the same phase reads its own batch; one in another phase reads every batch that has its hosts."""
    first = phase("p", run("one", save_as="old"), run("two", "x {{ old.json.a[0] }}"), batches=[1])
    second = phase("q", run("three", "y {{ old.lines[0] }}", hosts="two"))
    plan = planned(book(first, second), ON)
    assert plan.packages["p/two#2"].reads == ("p/one#2",)
    assert plan.packages["q/three"].reads == ("p/one", "p/one#2")
    assert plan.packages["q/three"].procedure.apply[0].script.parts == ("y ", Later(StepId("p/one"), ("lines", 0)))


def test_a_step_done_once_is_read_by_every_host() -> None:
    """What was saved once is the same for all."""
    plan = plan_of(run("one", per=Per.PHASE, save_as="old"), run("two", "x {{ old.stdout }}"))
    assert plan.packages["p/two"].reads == ("p/one",)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((run("one", save_as="old"), run("two", "x {{ old.stdout }}", per=Per.PHASE)), "done once"),
        ((run("one", save_as="old", hosts="two"), run("two", "x {{ old.stdout }}")), "not done on c"),
        ((run("one", save_as="old", when="vars.v > 1"), run("two", "x {{ old.stdout }}")), "not done on a"),
        ((run("one", save_as="old"), run("two", "x {{ old.stdout }}", needs=())), "need not be done before"),
        ((run("one", "x {{ old.stdout }}"), run("two", save_as="old")), "nothing called 'old'"),
    ],
)
def test_a_saved_value_that_might_not_be_there_is_a_mistake(steps: tuple[Step, ...], said: str) -> None:
    """A reader must surely come after what it reads, on every one of its hosts."""
    assert said in mistake_of(*steps)


def test_reading_through_other_steps_counts() -> None:
    """A step that comes after another by way of a third may read what it saved."""
    steps = (run("one", save_as="old"), run("two", needs=("one",)), run("three", "x {{ old.stdout }}", needs=("two",)))
    assert plan_of(*steps).packages["p/three"].reads == ("p/one",)


def test_a_package_holds_all_that_the_step_says() -> None:
    """Guards, checks, user, directory and environment reach every command of the procedure."""
    step = run(
        "s",
        "work {{ host.name }}",
        guard="g {{ host.name }}",
        skip_if="k",
        verify="v {{ vars.v }}",
        become=plain("root"),
        directory=plain("/srv/{{ host.name }}"),
        environment=(("NAME", plain("{{ vars.v }}")),),
        timeout_s=5.0,
        roll_back=RollBack(action="run", params=run("x", "undo {{ host.name }} {{ me.stdout }}").params, verify=shell("gone")),
        save_as="me",
    )
    package = plan_of(step).packages["p/s"]
    commands = [*package.procedure.apply, *package.procedure.guard, *package.procedure.skip_if, *package.procedure.verify]
    assert len(commands) == 4
    for command in commands:
        assert isinstance(command, Shell)
        assert command.become == Become(user="root")
        assert command.directory is not None
        assert command.timeout_s == 5.0
        assert [name for name, _ in command.environment] == ["NAME"]
    assert package.repeat is Repeat.VERIFY
    assert package.way_back is not None
    assert package.way_back.procedure is not None
    undo = package.way_back.procedure.apply[0]
    assert isinstance(undo, Shell)
    assert undo.script.parts[-1] == Later(StepId("p/s"), ("stdout",), quoted=True)
    assert package.reads == ()


def test_who_decides_what_doubt_means() -> None:
    """The step's own word, then the action's nature, then `verify`; checks may be repeated and people decide theirs."""
    made = phase(
        "p",
        run("once"),
        run("own", verify="v", repeat=Repeat.SAFE),
        run("checked", verify="v"),
        act("asked", "decide", {"question": "Go?"}),
        act("waiting", "wait_for", {"port": 22, "within": "10s"}),
        Step(id=StepId("hand"), title=plain("Carry {{ host.name }}")),
        healthy_when=(run("ok"),),
    )
    plan = planned(book(made), ON)
    found = {name.split("/")[1]: package.repeat for name, package in plan.packages.items()}
    assert found == {
        "once": Repeat.ONCE,
        "own": Repeat.SAFE,
        "checked": Repeat.VERIFY,
        "asked": Repeat.MANUAL,
        "waiting": Repeat.SAFE,
        "hand": Repeat.MANUAL,
        "ok": Repeat.SAFE,
    }
    question = plan.packages["p/hand"].procedure.question
    assert isinstance(question, AskPerson)
    assert question.prompt == plan.packages["p/hand"].title
    assert plan.packages["p/asked"].per is Per.PHASE


def test_parameters_are_checked_and_told() -> None:
    """Required values, choices, patterns and unknown names are mistakes; the plan shows the values."""
    params = [
        Param(name="bios", pattern=r"\d+\.\d+"),
        Param(name="mode", choices=("slow", "fast"), default="slow", required=False),
        Param(name="list", type="list", default=("a", "b"), required=False),
    ]
    made = book(phase("p", run("s", "x {{ params.bios }} {{ params.list | join(' ') }}")), params=params)
    plan = planned(made, ON, bios="2.1")
    assert plan.params == {"bios": "2.1", "mode": "slow", "list": "a, b"}
    assert plan.packages["p/s"].procedure.apply[0].script == Text(("x 2.1 'a b'",), shell=True)
    for values, said in (({}, "has no value"), ({"bios": "x"}, "form"), ({"bios": "1.1", "mode": "x"}, "not one of")):
        with pytest.raises(NotValid) as caught:
            planned(made, ON, **values)
        assert said in caught.value.mistakes[0].message


def test_texts_of_the_whole_runbook_are_filled_in() -> None:
    """Title, reason and phase titles may name parameters."""
    made = book(phase("p", run("s"), title="To {{ params.v }}"), params=[Param(name="v")], title="Upgrade to {{ params.v }}")
    plan = planned(made, ON, v="2.0")
    assert (plan.title, plan.phases[0].title) == ("Upgrade to 2.0", "To 2.0")


def test_targets_stand_on_their_own() -> None:
    """Addresses default to names, and a jump host of the inventory is written out."""
    from runbook_engine.model.estate import SshSettings

    gate = host("gate", address="10.0.0.1", ssh=SshSettings(user="jump", port=2200))
    on = estate(host("a", ssh=SshSettings(jump="gate")), gate, groups={"web": ["a"]})
    plan = planned(book(phase("p", run("s"))), on)
    assert list(plan.targets) == ["a"]
    assert plan.targets["a"].address == "a"
    assert plan.targets["a"].ssh.jump == "jump@10.0.0.1:2200"


def test_an_upload_carries_the_checksum_of_its_file() -> None:
    """What was planned is what arrives."""
    made = book(phase("p", act("u", "upload", {"from": "f", "to": "/etc/f-{{ host.name }}"})))
    upload = planned(made, ON, {"f": b"abc"}).packages["p/u"].procedure.apply[0]
    assert isinstance(upload, Upload)
    assert upload.checksum is not None
    assert upload.checksum.source == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
