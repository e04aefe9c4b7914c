"""Attack 8: the value of an environment variable is not run on its way to the command."""

from collections.abc import Callable
from pathlib import Path

import pytest

from attacks.source_code import called
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import Text, shell
from runbook_engine.model.words import Lane
from runbook_engine.transports import Link, Links
from transports.conftest import Log

VALUES = [
    "$(touch {trap})",
    "`touch {trap}`",
    "x; touch {trap}",
    "x\ntouch {trap}",
    "' ; touch {trap} ; '",
    '" ; touch {trap} ; "',
    "$X&touch {trap}",
]


@pytest.mark.sshd
@pytest.mark.parametrize("lane", [Lane.CHANNEL, Lane.QUICK])
@pytest.mark.parametrize("on_controller", [False, True])
def test_attack_08_values_are_not_run(link: Link, log: Log, tmp_path: Path, lane: Lane, on_controller: bool) -> None:
    """What a variable holds comes to the command byte for byte, over each way to a host and here; no file appears."""
    trap = tmp_path / "trap"
    for number, form in enumerate(VALUES):
        value = form.format(trap=trap)
        command = Shell(
            script=shell('printf %s "$VALUE"'), environment=(("VALUE", Text((value,))),), on_controller=on_controller
        )
        assert link.perform(command, log, lane=lane).stdout == value.encode(), number
    assert not trap.exists()


@pytest.mark.parametrize("name", ["A;touch x", "A B", "1A", "A-B", "", "A\n", "$(id)", "A=B"])
def test_attack_08_a_name_is_a_name(new_links: Callable[..., Links], log: Log, name: str) -> None:
    """What cannot be a variable's name is refused before anything starts."""
    with pytest.raises(TransportFault) as caught:
        new_links()(None).perform(Shell(script=shell("true"), environment=((name, Text(("x",))),)), log)
    assert not caught.value.started


def test_attack_08_no_library_is_handed_an_environment() -> None:
    """Fabric puts values of `env=` into a command line without quotes: nothing in the program passes one."""
    found = [module for module, _, call in called() if any(word.arg in ("env", "inline_ssh_env") for word in call.keywords)]
    assert [module for module in found if module.startswith("transports/")] == []
