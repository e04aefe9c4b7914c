"""Attack 4: what a host prints, what an inventory holds and what a person gives is a value, and never a template."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attacks.source_code import imported
from journeys.command_line import Person
from journeys.machines import box_inventory, step, steps
from planning.planning_builders import book, estate, host, phase, planned, run
from runbook_engine.model.commands import Shell
from runbook_engine.model.runbook import Param
from runbook_engine.model.words import PackageId, StepId
from runbook_engine.running.conditions import holds
from runbook_engine.workers.fill import filled

MARKS = ["{{", "}}", "{%", "%}", "{#", "#}", "{{ 7 * 7 }}", "{{ host.vars }}", "{% for x in range(9**9) %}", "${x}", "$(id)"]
TEXTS = st.lists(
    st.sampled_from(MARKS) | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
)
VALUES = TEXTS.map("".join).filter(bool)


def printed(script: str) -> str:
    """What a shell prints."""
    return subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, check=True).stdout.decode()


@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_attack_04_output_of_a_step_is_a_value_byte_for_byte(value: str) -> None:
    """A later step that uses what an earlier one printed gets it as one word, whatever it looks like."""
    made = book(phase("p", run("one", save_as="out"), run("two", "printf %s {{ out.stdout }}")))
    package = planned(made, estate("a", groups={"web": ["a"]})).packages[PackageId("p/two")]
    command = package.procedure.apply[0]
    assert isinstance(command, Shell)
    text = filled(command.script, package, package.hosts[0], {StepId("p/one"): {"stdout": value}})
    assert printed(text.source) == value.rstrip("\n")


@settings(max_examples=200, deadline=None)
@given(value=VALUES)
def test_attack_04_values_of_inventory_and_params_are_not_looked_into(value: str) -> None:
    """A variable of a host and a param that a person gives come out as they went in."""
    command = "printf '%s|%s' {{ vars.v }} {{ params.p }}"
    made = book(phase("p", run("s", command)), params=[Param(name="p", type="string")])
    package = planned(made, estate(host("a", vars={"v": value}), groups={"web": ["a"]}), p=value).packages[PackageId("p/s")]
    shell = package.procedure.apply[0]
    assert isinstance(shell, Shell)
    assert printed(filled(shell.script, package, package.hosts[0], {}).source) == f"{value}|{value}"


@settings(max_examples=200, deadline=None)
@given(value=VALUES)
def test_attack_04_conditions_compare_and_compute_nothing(value: str) -> None:
    """A condition over what a host printed is data: it is true for equal texts, whatever they hold."""
    made = book(phase("p", run("one", save_as="out"), run("two", when="out.stdout == 'x'")))
    when = planned(made, estate("a", groups={"web": ["a"]})).packages[PackageId("p/two")].when
    assert when is not None
    assert not holds(when, {StepId("p/one"): {"stdout": value}}) or value == "x"


def test_attack_04_nothing_that_runs_knows_a_template_engine() -> None:
    """Jinja is imported for planning; in the rooms that see what hosts say there is none."""
    assert {module.partition("/")[0] for module, name in imported() if name.startswith("jinja2")} == {"planning"}
    late = {"running", "workers", "transports", "recording", "reporting"}
    users = {module for module, name in imported() if name.startswith("runbook_engine.planning")}
    assert {module for module in users if module.partition("/")[0] in late} == set()


@pytest.mark.sshd
def test_attack_04_a_host_cannot_write_commands(engineer: Person, sshd: Any, tmp_path: Path) -> None:
    """A real host prints a template and a command; the next step prints the same bytes and runs neither."""
    trap, heard = tmp_path / "trap", tmp_path / "heard"
    said = f"{{{{ 7 * 7 }}}}{{% raw %}}$(touch {trap}); touch {trap}; {{# x #}}"
    (tmp_path / "said").write_text(said)
    engineer.writes("inventory/hosts.yml", box_inventory(sshd))
    show = step("one", f"cat {tmp_path}/said", "save_as: out")
    use = step("two", "printf %s {{ out.stdout }} >" + str(heard))
    engineer.writes("runbooks/quick.yml", steps(show, use))
    engineer.types("run", "runbooks/quick.yml", code=0)
    assert heard.read_text() == said
    assert not trap.exists()
