"""Attack 7: a value becomes exactly one word of a command, and the shell sees the very bytes that it holds."""

import os
import random
import subprocess
from functools import cache

import pytest

from planning.planning_builders import act, book, estate, host, phase, planned, run
from runbook_engine.model.commands import Shell
from runbook_engine.model.errors import NotValid
from runbook_engine.model.plan import Package
from runbook_engine.model.text import SecretRef, Text
from runbook_engine.model.words import PackageId
from runbook_engine.transports import Secrets
from runbook_engine.transports.command_lines import encoded, program, quoted
from runbook_engine.workers.fill import filled
from transports.target_driver import SHELLS

COUNT = 200_000 if os.environ.get("RUNBOOK_SOAK") else 20_000
PIECES = [
    *(
        "'",
        '"',
        "\\",
        "`",
        "$",
        "$(",
        ")",
        "${",
        "}",
        "$((",
        "))",
        "!",
        "#",
        "&",
        "&&",
        "|",
        "||",
        ";",
        ";;",
        "<",
        ">",
        "<<",
        ">>",
    ),
    *(
        "\n",
        "\r",
        "\t",
        " ",
        "  ",
        "\x01",
        "\x1b[31m",
        "\x7f",
        "*",
        "?",
        "[",
        "]",
        "{",
        "~",
        "-",
        "--",
        "-n",
        "-e",
        "%s",
        "%n",
        "%%",
    ),
    *(
        "\\n",
        "\\0",
        "\\x41",
        "$'",
        "\\'",
        "'\\''",
        "'\"'\"'",
        "$0",
        "$@",
        "$IFS",
        "$(id)",
        "`id`",
        "a b",
        "EOF",
        "\nEOF\n",
        "={",
        "é",
    ),
    *(
        "日本",
        "\u202e",
        "\u00a0",
        "\u2028",
        "\U0001f600",
        "\ufeff",
        "{{",
        "}}",
        "{%",
        "x",
        "rb_word",
        "case",
        "esac",
        "done",
        "fi",
    ),
]
COMMAND = "printf '%s\\0' {{ vars.v }} a{{ vars.v }}b ${unset:-{{ vars.v }}}"
SHELL_WORDS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}


@cache
def values() -> list[str]:
    """Made of what means something to a shell; always the same ones."""
    chance = random.Random(7)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 6))) for _ in range(COUNT)]


@cache
def scripts() -> bytes:
    """One planned command for each value, on a host that has it as a variable, as the hosts would get them."""
    hosts = [host(f"h{n}", vars={"v": value}) for n, value in enumerate(values())]
    on = estate(*hosts, groups={"web": [h.name for h in hosts]})
    package = planned(book(phase("p", run("s", COMMAND))), on).packages[PackageId("p/s")]
    return b"\n".join(script_of(package, n).encode() for n in range(COUNT))


def script_of(package: Package, position: int) -> str:
    """What one host is told."""
    command = package.procedure.apply[0]
    assert isinstance(command, Shell)
    return filled(command.script, package, package.hosts[position], {}).source


def echoed(shell: str, script: bytes) -> list[bytes]:
    """The words that a shell prints, split at NUL."""
    done = subprocess.run(SHELL_WORDS[shell], input=script, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.split(b"\0")[:-1]


@pytest.mark.parametrize("shell", SHELLS)
def test_attack_07_twenty_thousand_values_come_out_as_they_are(shell: str) -> None:
    """As a word, as a part of one, as the default of a variable: under each kind of shell the same bytes."""
    wanted = [form.encode() for value in values() for form in (value, f"a{value}b", value)]
    assert echoed(shell, scripts()) == wanted


@pytest.mark.parametrize("shell", SHELLS)
def test_attack_07_secrets_and_environment_come_out_as_they_are(shell: str) -> None:
    """Values that only the link fills in: secrets in a script, variables, and the script itself as one word."""
    lines = []
    for n, value in enumerate(values()[:2_000]):
        name = SecretRef(f"env:S{n}")
        command = Shell(
            script=Text(("printf '%s\\0' ", name, ' "$VALUE"'), shell=True), environment=(("VALUE", Text((value,))),)
        )
        lines.append(b"eval " + quoted(encoded(program(command, Secrets({f"S{n}": value})))))
    wanted = [value.encode() for value in values()[:2_000] for _ in range(2)]
    assert echoed(shell, b"\n".join(lines)) == wanted


def test_attack_07_a_nul_is_refused() -> None:
    """No word of a command can hold it: it is a mistake when the plan is made."""
    on = estate(host("a", vars={"v": "a\0b"}), groups={"web": ["a"]})
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", run("s", "echo {{ vars.v }}"))), on)
    assert "NUL" in caught.value.mistakes[0].message


@pytest.mark.parametrize(
    "command",
    [
        "echo '{{ vars.v }}'",
        "echo `echo {{ vars.v }}`",
        "cat <<EOF\n{{ vars.v }}\nEOF",
        "cat <<'EOF'\n{{ vars.v }}\nEOF",
        "echo $(( {{ vars.v }} ))",
        'echo "{{ vars.v }}"',
        'echo "${x:-{{ vars.v }}}"',
        "echo $'{{ vars.v }}'",
        "true # {{ vars.v }}",
        "echo \\{{ vars.v }}",
    ],
)
def test_attack_07_where_a_word_would_not_stay_one_is_refused(command: str) -> None:
    """Inside quotes, backquotes, here-documents, arithmetic and comments no value is put."""
    on = estate(host("a", vars={"v": "x"}), groups={"web": ["a"]})
    with pytest.raises(NotValid) as caught:
        planned(book(phase("p", run("s", command))), on)
    assert "{{ }} stands" in caught.value.mistakes[0].message
    assert caught.value.mistakes[0].hint


def test_attack_07_only_the_author_can_opt_out() -> None:
    """`unquoted` is written in the runbook, and the plan names what goes into a command without quotes."""
    on = estate(host("a", vars={"v": "x y"}), groups={"web": ["a"]})
    plan = planned(
        book(phase("p", run("s", "echo {{ vars.v | unquoted }}"), act("t", "run", {"command": "echo {{ vars.v }}"}))), on
    )
    assert plan.packages[PackageId("p/s")].unquoted == ("{{ vars.v | unquoted }}",)
    assert plan.packages[PackageId("p/t")].unquoted == ()
