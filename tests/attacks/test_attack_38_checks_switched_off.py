"""Attack 38: a check is off and nobody notices. Nothing switches the checks of signatures off, and what is loosened is told."""

import inspect
import itertools
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from approving.sign_offs import EVA, SAM, TOM, Office, a_plan, estate, key_of, rule, signed, statement
from approving.soft_keys import Parts, new
from runbook_engine import approving
from runbook_engine.approving import loosened, signers, standing, voice
from runbook_engine.model.approvals import Say, Sealed, Sealing
from runbook_engine.model.errors import NotValid
from runbook_engine.model.policy import Policy

PLAN = a_plan(rule("change-board"))
ROOT = Path(__file__).parents[2]
SWITCHES = ("unsigned", "touch", "owners", "self_approval", "rehearsed")


def forgeries() -> list[Sealed]:
    """Statements whose signatures do not hold, or are a stranger's."""
    true = signed(statement(PLAN, EVA))
    return [
        signed(statement(PLAN, EVA), new()),
        signed(statement(PLAN, EVA), key_of(TOM)),
        signed(statement(PLAN, EVA), parts=Parts(namespace="git")),
        signed(statement(PLAN, EVA), parts=Parts(hash="sha1")),
        replace(true, signature=""),
        replace(true, signature="unsigned"),
        replace(true, signature=signed(statement(PLAN, EVA)).signature),
        replace(true, body=true.body.replace(b"eva.koster", b"tom.li")),
    ]


@pytest.mark.law(1)
@pytest.mark.parametrize("values", list(itertools.product([False, True], repeat=len(SWITCHES))))
def test_attack_38_no_policy_lets_a_bad_signature_count(values: tuple[bool, ...]) -> None:
    """Every combination of its switches: what is signed is checked; what is not signed is not called signed."""
    policy = Policy(**dict(zip(SWITCHES, values, strict=True)), longest_s=10.0**9)
    office = Office(PLAN, policy=policy, executor=SAM)

    assert not any(office.firmware(sealed).may_start for sealed in forgeries())
    assert not office.firmware(*forgeries()).needed[0].given
    renamed = [replace(sealed, sealing=Sealing.SESSION, typed_by=EVA) for sealed in forgeries() if sealed.signature]
    assert not office.firmware(*renamed).needed[0].given
    glass = Sealed(body=approving.body_of(statement(PLAN, EVA, Say.BREAK_GLASS)), sealing=Sealing.ON_WORD, received=office.now)
    assert not office.firmware(glass).glass


def test_attack_38_every_switch_of_the_policy_is_known_here() -> None:
    """A new one is a decision that this test wants to hear of."""
    assert {f.name for f in fields(Policy) if f.type in (bool, "bool")} == set(SWITCHES)


def test_attack_38_what_a_policy_loosens_is_told() -> None:
    """Each looser switch gives a sentence; the strict ones and the defaults give none."""
    for name, loose in (("unsigned", True), ("self_approval", True), ("owners", False)):
        assert len(loosened(replace(Policy(), **{name: loose}))) == 1
    assert loosened(Policy(touch=True, rehearsed=True, longest_s=3600.0)) == ()


def test_attack_38_no_function_has_a_way_round_the_check() -> None:
    """No parameter says whether to check, and those that hold keys must be given."""
    for function in (voice, standing):
        assert [p.default for p in inspect.signature(function).parameters.values()] == [inspect.Parameter.empty] * 7
    needed = [p.name for p in inspect.signature(signers).parameters.values() if p.default is inspect.Parameter.empty]
    assert needed == ["estate", "allowed", "revoked"]


def test_attack_38_the_room_reads_no_setting() -> None:
    """No environment, no file, no clock: what it is given is all that it knows."""
    words = ("environ", "getenv", "read_text", "Path(", "subprocess", "datetime.now", "assert ")
    sources = sorted(Path(approving.__file__).parent.glob("*.py"))

    assert sources
    assert [(p.name, word) for p in sources for word in words if word in p.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("flags", [["-O"], ["-OO"], ["-X", "dev"]])
def test_attack_38_no_mode_of_python_switches_it_off(flags: list[str], tmp_path: Path) -> None:
    """Also without assertions, and with variables that other programs would listen to."""
    program = tmp_path / "try_it.py"
    program.write_text(
        "from approving.sign_offs import *\n"
        "from approving.soft_keys import new\n"
        "plan = a_plan(rule('change-board'))\n"
        "office = Office(plan, executor=SAM)\n"
        "print(office.firmware(signed(statement(plan), new())).may_start, office.firmware(signed(statement(plan))).may_start)\n"
    )
    loud = dict.fromkeys(("RUNBOOK_UNSIGNED", "RUNBOOK_VERIFY", "RUNBOOK_INSECURE", "PYTHONHTTPSVERIFY"), "0")
    environment = {**os.environ, **loud, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'src'}"}
    done = subprocess.run(
        [sys.executable, *flags, program], capture_output=True, text=True, env=environment, cwd=ROOT / "tests", check=True
    )

    assert done.stdout == "False True\n"


@pytest.mark.parametrize(("allowed", "revoked"), [("nonsense", ""), ("", "nonsense"), ("", "\0"), ("* ssh-ed25519 AAAA", "")])
def test_attack_38_a_list_with_a_mistake_lets_nothing_pass(allowed: str, revoked: str) -> None:
    """Not even the keys that are right: there is no list without the checks that somebody wrote into it."""
    with pytest.raises(NotValid):
        signers(estate(), allowed, revoked)
    with pytest.raises(NotValid):
        Office(PLAN, executor=SAM, allowed=allowed, revoked=revoked).firmware(signed(statement(PLAN)))
