"""Texts: what is filled in, what stays a hole, what is refused."""

import contextlib
import shlex
import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.planning_builders import act, book, estate, host, many, no_file, phase, planned, run
from runbook_engine.model.errors import NotValid
from runbook_engine.model.plan import Plan
from runbook_engine.model.runbook import Param, Scope, Step
from runbook_engine.model.text import Fill, Later, SecretRef, Text, plain
from runbook_engine.model.words import Per
from runbook_engine.planning import check_templates, make_plan
from runbook_engine.planning.findings import BadTemplate
from runbook_engine.planning.names import Names
from runbook_engine.planning.quoting import HOLE, Spot, spots
from runbook_engine.planning.render import Columns, Renderer
from runbook_engine.workers.fill import filled

WEB = estate(
    host(
        "a",
        site="ams1",
        unit=3,
        tags=frozenset({"x", "y"}),
        vars={"v": "1 2", "n": {"k": ["p", "q"]}, "same": "s", "flag": True},
    ),
    host("b", site="ams1", unit=4, address="10.0.0.2", vars={"v": "it's", "n": {"k": ["r"]}, "same": "s", "flag": False}),
    groups={"web": ["a", "b"]},
)
SHELLS = [s for s in ("sh", "bash", "dash") if shutil.which(s)]


def script_of(command: str, on=WEB, **more: object) -> tuple[object, ...]:
    """The parts of one command, planned."""
    plan = planned(book(phase("p", run("s", command)), **more), on)
    return plan.packages["p/s"].procedure.apply[0].script.parts


def words(plan: Plan, name: str, position: int) -> str:
    """The command of a package as one host gets it."""
    package = plan.packages[name]
    script = package.procedure.apply[0].script
    return filled(script, package, package.hosts[position], {}).source


def mistakes(*steps: Step, on=WEB, **more: object) -> list[str]:
    """What is wrong with a runbook of one phase: message and hint of each mistake."""
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", *steps), **more), on)
    return [f"{m.message} | {m.hint}" for m in caught.value.mistakes]


@pytest.mark.parametrize(
    ("command", "first", "second"),
    [
        ("echo {{ host.name }}", "echo a", "echo b"),
        ("echo {{ host.address }} {{host.unit}}", "echo a 3", "echo 10.0.0.2 4"),
        ("echo {{ vars.v }} {{ host.vars.v }}", "echo '1 2' '1 2'", "echo 'it'\"'\"'s' 'it'\"'\"'s'"),
        ("echo {{ vars.v | unquoted }}", "echo 1 2", "echo it's"),
        ("echo {{ vars.n.k[0] }} {{ vars['n']['k'] | length }}", "echo p 2", "echo r 1"),
        (
            "echo {{ vars.same }} {{ runbook.id }}/{{ phase.id }}/{{ step.id }} {{ batch }}",
            "echo s book/p/s 1",
            "echo s book/p/s 1",
        ),
        ("echo {{ vars.flag }} {{ host.tags | join(',') }}", "echo true x,y", "echo false ''"),
        ("echo {{ host.name | upper ~ '-' ~ host.unit }}", "echo A-3", "echo B-4"),
        ("{% if vars.flag %}on {{ vars.v }}{% else %}off{% endif %}", "on '1 2'", "off"),
        ("{% for k in vars.n.k %}{{ loop.index }}={{ k }} {% endfor %}", "1=p 2=q ", "1=r "),
        ("echo {{ vars.missing | default('none given') }}", "echo 'none given'", "echo 'none given'"),
        ("echo '{% raw %}{{.Names}}{% endraw %}'", "echo '{{.Names}}'", "echo '{{.Names}}'"),
        ("echo {{ (host.unit + 1) * 2 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 10 }}", "echo 8 3 3 1024", "echo 10 3 3 1024"),
    ],
)
def test_each_host_gets_its_own_text(command: str, first: str, second: str) -> None:
    """What is filled in is what the names mean for the host, each as exactly one word."""
    plan = planned(book(phase("p", run("s", command))), WEB)
    assert [words(plan, "p/s", 0), words(plan, "p/s", 1)] == [first, second]


def test_what_is_the_same_for_all_hosts_becomes_literal() -> None:
    """A column exists only where hosts differ, and equal columns are kept once."""
    plan = planned(book(phase("p", run("s", "{{ vars.same }} {{ host.name }} {{ host.name }} {{ host.site }}"))), WEB)
    package = plan.packages["p/s"]
    assert package.procedure.apply[0].script.parts == ("s ", Fill(0), " ", Fill(0), " ams1")
    assert package.columns == (("a", "b"),)


def test_parameters_are_filled_in_by_scope() -> None:
    """An included file sees what its include gives it, which may mention the host, a saved value and outer parameters."""
    scopes = (
        Scope(),
        Scope(
            values={
                "pkg": plain("{{ params.name }}-{{ host.name }}"),
                "raw": plain("{{ first.stdout }}"),
                "n": 3,
                "x": plain("y"),
            }
        ),
    )
    steps = (
        run("one", "true", save_as="first"),
        run(
            "two",
            "install {{ params.pkg }} {{ params.raw }} {{ params.n + 1 }} {{ params.pkg | upper }} {{ params.x }}",
            scope=1,
        ),
    )
    plan = planned(book(phase("p", *steps), params=[Param(name="name", default="my app", required=False)], scopes=scopes), WEB)
    package = plan.packages["p/two"]
    assert package.procedure.apply[0].script.parts == (
        "install ",
        Fill(0),
        " ",
        Later("p/one", ("stdout",), quoted=True),
        " 4 ",
        Fill(1),
        " y",
    )
    assert package.columns == (("'my app-a'", "'my app-b'"), ("'MY APP-A'", "'MY APP-B'"))
    assert package.reads == ("p/one",)


def test_a_parameter_of_several_kinds_is_still_one_word() -> None:
    """Literals beside what only the run knows are quoted each, so that the shell reads one word."""
    scopes = (Scope(), Scope(values={"path": plain("/opt/my dir/{{ first.stdout }}/x")}))
    steps = (run("one", save_as="first"), run("two", "ls {{ params.path }}", scope=1))
    plan = planned(book(phase("p", *steps), scopes=scopes), WEB)
    package = plan.packages["p/two"]
    text = filled(package.procedure.apply[0].script, package, "a", {"p/one": {"stdout": "a b;c"}}).source
    assert shlex.split(text) == ["ls", "/opt/my dir/a b;c/x"]


def test_a_selector_may_name_a_parameter() -> None:
    """`hosts: {{ params.group }}` selects what the parameter says."""
    made = book(
        phase("p", run("s", hosts="{{ params.group }} & a")), params=[Param(name="group", default="web", required=False)]
    )
    assert planned(made, WEB).packages["p/s"].hosts == ("a",)


@pytest.mark.law(5)
def test_secrets_stay_names() -> None:
    """L5: a secret parameter and a secret variable are in the plan by name only, quoted by whoever fills them in."""
    on = estate(
        host("a", vars={"pw": SecretRef("env:PW")}), host("b", vars={"pw": SecretRef("env:PW")}), groups={"web": ["a", "b"]}
    )
    made = book(phase("p", run("s", "login {{ vars.pw }} {{ params.key }}")), params=[Param(name="key", secret=True)])
    plan = planned(made, on, key="file:/run/key")
    assert plan.packages["p/s"].procedure.apply[0].script.parts == (
        "login ",
        SecretRef("env:PW", quoted=True),
        " ",
        SecretRef("file:/run/key", quoted=True),
    )
    assert plan.params == {"key": "file:/run/key"}


@pytest.mark.law(5)
@pytest.mark.parametrize(
    "step",
    [
        run("s", title="Log in with {{ vars.pw }}"),
        act("s", "manual", {"text": "Type {{ vars.pw }}"}),
        run("s", "echo {{ vars.pw | upper }}"),
        run("s", "echo {{ vars | tojson }}"),
        run("s", "{% if vars.pw %}x{% endif %}"),
        run("s", "{% for v in vars.values() %}{{ v }}{% endfor %}"),
        run("s", "echo {{ vars.pw ~ 'x' }}"),
        run("s", "true", when="vars.pw == 'x'"),
    ],
)
def test_a_secret_is_used_as_it_is_and_never_shown(step: Step) -> None:
    """L5: no filter, operator or condition sees a secret, and no text for people holds one."""
    on = estate(host("a", vars={"pw": SecretRef("env:PW")}), groups={"web": ["a"]})
    assert any("secret" in m for m in mistakes(step, on=on))


def test_secrets_that_differ_by_host_are_a_mistake() -> None:
    """A plan names one secret for all hosts of a package, and says so."""
    on = estate(
        host("a", vars={"pw": SecretRef("env:A")}), host("b", vars={"pw": SecretRef("env:B")}), groups={"web": ["a", "b"]}
    )
    assert "not the same for all hosts" in mistakes(run("s", "x {{ vars.pw }}"), on=on)[0]


@pytest.mark.law(5)
def test_a_secret_parameter_is_never_taken_by_value() -> None:
    """L5: what looks like the secret itself is refused, and not repeated."""
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", run("s")), params=[Param(name="key", secret=True)]), WEB, key="hunter2")
    assert "hunter2" not in str([(m.message, m.hint) for m in caught.value.mistakes])


@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        ("{{ host.nmae }}", "a host has no 'nmae'", "'name'"),
        ("{{ hots.name }}", "nothing called 'hots'", "'host'"),
        ("{{ params.bois }}", "no parameter 'bois'", "'bios'"),
        ("{{ vars.missing }}", "host a: vars.missing", ""),
        ("{{ vars.vv }}", "host a: vars.vv", "'v'"),
        ("{{ vars.n.k[1] }}", "host b: vars.n.k[1]", ""),
        ("{{ vars.v | uper }}", "no filter 'uper'", "'upper'"),
        ("{{ vars.n }}", "host a: this is a table", "tojson"),
        ("{{ vars.n.k }}", "host a: this is a list", "join"),
        ("{{ params.none }}", "there is no value", "default"),
        ("{{ old.stdou }}", "a step saves", "'stdout'"),
        ("{{ old }}", "all that a step saves", "old.stdout"),
        ("{{ old.lines }}", "is a list", "lines[0]"),
        ("{{ old.stdout.x }}", "no parts", ""),
        ("{{ old.stdout | upper }}", "known only in the run", ""),
        ("{% if old.stdout %}x{% endif %}", "known only in the run", ""),
        ("{{ new.stdout }}", "nothing called 'new'", ""),
        ("{{ host.name", "cannot be read", "{% raw %}"),
        ("docker ps --format {{.Names}}", "cannot be read", "{% raw %}"),
        ("{% include 'x' %}", "include", ""),
        ("{% macro m() %}{% endmacro %}", "macro", ""),
        ("{{ vars.nul }}", "NUL", ""),
        ("echo '{{ host.name }}'", "inside single quotes", "take the quotes away"),
        ('echo "x {{ host.name }}"', "inside double quotes", "take the quotes away"),
        ("{{ 'a' + 1 }}", "cannot be computed", ""),
        ("{{ host.unit / 0 }}", "cannot be computed", ""),
    ],
)
def test_what_cannot_be_filled_in_is_told_with_its_repair(command: str, message: str, hint: str) -> None:
    """A text that means nothing is a mistake at its place, with the likely repair."""
    on = estate(
        *(host(h.name, unit=h.unit, vars={**h.vars, "nul": "a\0b"}) for h in WEB.hosts.values()), groups={"web": ["a", "b"]}
    )
    params = [Param(name="bios", default="1", required=False), Param(name="none", required=False)]
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", run("first", save_as="old"), run("s", command)), params=params), on)
    found = caught.value.mistakes[0]
    assert message in found.message
    assert hint in found.hint
    assert str(found.place) == "book.yml:3:3"
    assert len(caught.value.mistakes) == 1


def test_a_step_done_once_knows_no_host() -> None:
    """A host's value in a step done once is a mistake, not the first host's value."""
    assert "not known here" in mistakes(run("s", "echo {{ host.name }}", per=Per.PHASE))[0]


def test_all_mistakes_are_told_at_once() -> None:
    """Three steps with a mistake each, a missing host and an unknown parameter are five mistakes."""
    steps = (run("a", "{{ hots }}"), run("b", "'{{ host.name }}'"), run("c", "{{ vars.x }}"), run("d", hosts="nobody"))
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", *steps)), WEB, bois=1)
    assert len(caught.value.mistakes) == 5


@pytest.mark.parametrize("name", ["host", "params", "vars", "batch"])
def test_a_saved_name_cannot_hide_another(name: str) -> None:
    """`save_as: host` would change what every later text means."""
    assert any("already means something else" in m for m in mistakes(run("s", save_as=name)))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("x \0 y", [Spot.OPEN]),
        ("x '\0'", [Spot.SINGLE]),
        ('x "\0"', [Spot.DOUBLE]),
        ("x 'a' \0 \"b\" \0", [Spot.OPEN, Spot.OPEN]),
        ("x \\\0", [Spot.BACKSLASH]),
        ("x \\' \0", [Spot.OPEN]),
        ('x "a\\" \0"', [Spot.DOUBLE]),
        ('x "$(f \0)" \0', [Spot.OPEN, Spot.OPEN]),
        ('x "$(f "\0")"', [Spot.DOUBLE]),
        ("x `f \0`", [Spot.BACKQUOTE]),
        ('x "${y:-\0}"', [Spot.DOUBLE]),
        ("# \0\n\0", [Spot.COMMENT, Spot.OPEN]),
        ("a#b \0", [Spot.OPEN]),
        ("a;# \0", [Spot.COMMENT]),
        ("x $((\0 + 1)) \0", [Spot.ARITHMETIC, Spot.OPEN]),
        ("cat <<E\n\0\nE\n\0", [Spot.DOCUMENT, Spot.OPEN]),
        ("cat <<'E'\n'\0\nE\n\0", [Spot.DOCUMENT, Spot.OPEN]),
        ("cat <<-E \0\n\tx \0\n\tE\n\0", [Spot.OPEN, Spot.DOCUMENT, Spot.OPEN]),
        ("cat <<A <<B\n\0\nA\n\0\nB\n\0", [Spot.DOCUMENT, Spot.DOCUMENT, Spot.OPEN]),
        ("cat <<<\0", [Spot.OPEN]),
        ("x $'a\\'b \0", [Spot.DISPUTED]),
        ("(cd x && y \0) \0", [Spot.OPEN, Spot.OPEN]),
        ("x 'a\n\0", [Spot.SINGLE]),
    ],
)
def test_the_scanner_knows_where_a_hole_stands(script: str, expected: list[Spot]) -> None:
    """Quotes, comments, here-documents and arithmetic are recognised as a shell does."""
    assert spots(script) == expected


@settings(max_examples=120, deadline=None)
@given(st.text(alphabet=st.sampled_from("'\"`\\#$(){}<> \nEa-;|&" + HOLE), max_size=40))
def test_every_hole_gets_a_verdict(script: str) -> None:
    """Whatever the script, each hole is judged once and in bounded time."""
    assert len(spots(script)) == script.count(HOLE)


@pytest.mark.parametrize("shell", SHELLS)
def test_quoted_words_survive_every_shell(shell: str) -> None:
    """Attack 7: two hundred values, among them every kind of quote and expansion, come back byte for byte."""
    values = value_table()
    on = estate(
        *(host(f"h{n}", vars={"v": v}) for n, v in enumerate(values)), groups={"web": [f"h{n}" for n in range(len(values))]}
    )
    plan = planned(book(phase("p", run("s", "printf '%s\\0' {{ vars.v }} x{{ vars.v }}y\n"))), on)
    script = "".join(words(plan, "p/s", n) for n in range(len(values)))
    done = subprocess.run([shell], input=script.encode(), capture_output=True, check=True)
    expected = b"".join(f"{v}\0x{v}y\0".encode() for v in values)
    assert done.stdout == expected


def value_table() -> list[str]:
    """Values that shells read in surprising ways, and two hundred random ones."""
    table = [
        "",
        " ",
        "'",
        '"',
        "\\",
        "$HOME",
        "$(id)",
        "`id`",
        "a\nb",
        "\n",
        "-n",
        "--",
        "*",
        "~",
        "!x",
        "a'b\"c\\d",
        "{{ x }}",
        "é\u202e",
        "\t",
        "#",
        "&;|<>",
    ]
    found: list[str] = []

    @settings(max_examples=200, database=None, deadline=None)
    @given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30))
    def collect(value: str) -> None:
        found.append(value)

    collect()
    return table + found


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40).map(lambda t: t.replace("\0", "")),
    st.sampled_from(["{{ 7*7 }}", "{% raw %}", "{#", "{{ host.name }}", "%}"]),
)
def test_data_is_never_a_template(around: str, marker: str) -> None:
    """Attack 4: a variable, a parameter, a file and a saved output that look like templates stay what they are."""
    value = around + marker + around
    on = estate(host("a", vars={"v": value}), groups={"web": ["a"]})
    steps = (
        run("one", save_as="old"),
        run("s", "{{ vars.v }} {{ params.p }} {{ vars.v | replace('', '') }} {{ old.stdout }}"),
        act("t", "template", {"from": "f", "to": "/t"}),
        act("c", "script", {"file": "g"}),
    )
    made = book(phase("p", *steps), params=[Param(name="p")])
    files = {"f": b"{{ vars.v }}|{{ params.p }}", "g": value.encode("utf-8", "replace")}
    plan = planned(made, on, files, p=value)
    package = plan.packages["p/s"]
    filled_in = filled(package.procedure.apply[0].script, package, "a", {"p/one": {"stdout": value}}).source
    word = shlex.quote(value)
    assert filled_in == f"{word} {word} {word} {shlex.quote(value.rstrip(chr(10)))}"
    assert plan.packages["p/t"].procedure.apply[0].content.source == f"{value}|{value}"
    assert plan.packages["p/c"].procedure.apply[0].stdin.source.startswith(value.encode("utf-8", "replace").decode())


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}%#|.()[]'\"~+*- abhostnmevr01\n"), max_size=60))
def test_any_text_is_a_template_or_a_mistake(source: str) -> None:
    """No text makes the program stumble, authored for a shell or not."""
    for shell in (False, True):
        renderer = Renderer(Names(fixed={"runbook": {"id": "r"}}), Columns())
        with contextlib.suppress(BadTemplate):
            assert isinstance(renderer.text(Text((source,), shell=shell)), Text)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["host.name", "vars.v", "host.unit", "vars.n.k[0]", "host.site", "vars.same"]),
    st.sampled_from(["{{ %s }}", "{{%s}}", "{{  %s }}"]),
)
def test_the_short_way_means_what_jinja_means(name: str, form: str) -> None:
    """A plain name is read without Jinja's parser, and gives the same as a computed one."""
    assert script_of("x " + form % name) == script_of("x {{ (" + name + ") | default }}")


def test_files_are_read_rendered_and_summed_by_host() -> None:
    """A path that differs by host gives contents that do; a missing file is a mistake at its step."""
    files = {"f-a": b"A {{ host.name }}", "f-b": b"B {{ host.name }}", "x": b"\xff\xfe", "one": b"plain {{ host.unit }}"}
    step = act("t", "template", {"from": "f-{{ host.name }}", "to": "/etc/x"})
    plan = planned(book(phase("p", step, act("u", "upload", {"from": "x", "to": "/x"}))), WEB, files)
    package = plan.packages["p/t"]
    content = package.procedure.apply[0].content
    assert [filled(content, package, h, {}).source for h in package.hosts] == ["A a", "B b"]
    one = planned(book(phase("p", act("t", "template", {"from": "one", "to": "/x"}))), WEB, files).packages["p/t"]
    assert one.procedure.apply[0].content.parts == ("plain ", Fill(0))
    with pytest.raises(NotValid) as caught:
        make_plan(book(phase("p", act("u", "upload", {"from": "missing", "to": "/x"}))), WEB, {}, no_file)
    assert "missing cannot be read: No such file" in caught.value.mistakes[0].message
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", act("t", "template", {"from": "x", "to": "/x"}))), WEB, files)
    assert "not UTF-8" in caught.value.mistakes[0].message


def test_checking_needs_no_hosts_and_finds_what_planning_finds() -> None:
    """What can be known without hosts is found by the check, in the same words."""
    steps = (
        run("a", "{{ hots }} "),
        run("b", "{{ later.stdout }}", save_as="later"),
        run("c", "x '{{ params.x }}'"),
        run("d", when="nope == 1"),
    )
    made = book(phase("p", *steps, title="{{ host.name | uper }}"))
    found = check_templates(made)
    assert len(found) == 5
    with pytest.raises(NotValid) as caught:
        planned(made, WEB)
    assert set(found) <= set(caught.value.mistakes)


def test_checking_ten_thousand_steps_is_quick() -> None:
    """Three templates in each of 10,000 steps take about half a second of processor time."""
    steps = [
        run(f"s{n}", "fw {{ params.x }} on {{ host.name }}", title="On {{ host.name }}", verify="x '1' {{ params.x }}")
        for n in range(10_000)
    ]
    made = book(phase("p", *steps), params=[Param(name="x")])
    began = time.process_time()
    assert check_templates(made) == []
    assert time.process_time() - began < 1.5


def test_planning_many_hosts_is_quick_and_small() -> None:
    """30 steps on 2,000 hosts, each with the host's name in it, take at most 3 seconds of processor time."""
    phases = [
        phase(f"p{k}", *(run(f"s{n}", "fw {{ host.name }} {{ host.rack }}", title="On {{ host.name }}") for n in range(10)))
        for k in range(3)
    ]
    on = many(2000)
    began = time.process_time()
    plan = planned(book(*phases), on)
    assert time.process_time() - began < 3.0
    assert plan.tasks == 60_000


def test_what_goes_into_a_command_without_quotes_is_written_into_the_plan() -> None:
    """An approver sees each `| unquoted` as the author wrote it."""
    step = run("s", "fetch {{ vars.version | unquoted }} {{ host.name }}", verify="check {{ host.name|unquoted }}")
    package = next(iter(planned(book(phase("p", step)), many(1)).packages.values()))

    assert package.unquoted == ("{{ vars.version | unquoted }}", "{{ host.name|unquoted }}")
