"""Attack 29: no input makes an expression take for ever, neither one of the program nor one that an author wrote."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attacks.source_code import ROOT, called
from journeys.command_line import Person
from journeys.machines import HEAD, step, steps
from runbook_engine.model.linear_patterns import Pattern, pattern
from runbook_engine.transports.known_hosts import matches

# Repetitions inside repetitions that were looked at: each turn begins with, or consists of, what the inner one cannot take.
SEEN = {
    r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----\n?",
    r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+",
    r"((?:[^:\[\]]|\[[^\[\]]*\])+):([0-9]+)",
    r"""[ \t]*((?:'[^']*'|\"[^\"]*\"|\\.|[^\s;&|<>()'\"\\])+)""",
    r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[0-9]{1,6}\])*)\s*(\|\s*unquoted\s*)?\}\}",
}
SIGNS = ["a", "b", "-", ".", "1", "é"]
PARTS = st.recursive(
    st.sampled_from(["a", "b", "-", r"\.", r"\d", r"\w", "[a-c]", "[^b]", ".", "é", r"[\d-]"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format)
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"])).map("({0[0]}){0[1]}".format)
    ),
    max_leaves=8,
)
EVIL = [
    r"(a+)+b",
    r"(a|aa)+",
    r"(a|a?)+b",
    r"(.*a){12}",
    r"(a*)*b",
    r"([a-z]+)*1",
    r"(\w+\s?)*x",
    r"a?" * 40 + "a" * 40,
    r"(a{1,20}){1,20}b",
]
CHILD = """
import importlib, json, pkgutil, re, resource, sys
import runbook_engine
found = {}
for module in pkgutil.walk_packages(runbook_engine.__path__, "runbook_engine."):
    if ".migrations" in module.name or module.name.endswith("__main__") or ".tools" in module.name:
        continue
    for name, value in vars(importlib.import_module(module.name)).items():
        if isinstance(value, re.Pattern):
            found[value] = f"{module.name}.{name}"
for expression, name in found.items():
    print(json.dumps(name), flush=True)
    for pump in json.load(open(sys.argv[1])):
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 5, 600))
        text = pump * (500 // len(pump))
        for end in ("!", "\\x00"):
            value = text + end if isinstance(expression.pattern, str) else (text + end).encode()
            expression.fullmatch(value)
            expression.search(value)
print(json.dumps(len(found)))
"""
PUMPS = [
    *(
        "a",
        "1",
        " ",
        "\t",
        "\n",
        ".",
        "-",
        "_",
        ":",
        "/",
        ",",
        "'",
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "$",
        "<",
        "#",
        "%",
        "@",
        "=",
        "+",
    ),
    *(
        "a ",
        "a.",
        "a-",
        "1.",
        "1h ",
        "1h",
        "{{",
        "{{ ",
        "{{ a",
        "{{ a.",
        "{% ",
        "''",
        "a:",
        "a,",
        "$(",
        "[a]",
        "\u202e",
        "é",
        "\\x",
        "\x1b[",
        "0",
        "ab1",
    ),
]


def repeated(tree: Iterable[tuple[object, Any]], *, inside: bool = False) -> bool:
    """Whether a repetition without a small limit stands inside another one."""
    for operation, argument in tree:
        name, parts = str(operation), argument if isinstance(argument, tuple | list) else ()
        many = name in ("MAX_REPEAT", "MIN_REPEAT") and parts[1] > 10
        if many and inside:
            return True
        inner = {"MAX_REPEAT": parts[2:3], "MIN_REPEAT": parts[2:3], "SUBPATTERN": parts[3:4]}.get(name, ())
        inner = parts[1] if name == "BRANCH" else parts[1:2] if name in ("ASSERT", "ASSERT_NOT") else inner
        if any(repeated(part, inside=inside or many) for part in inner):
            return True
    return False


def test_attack_29_no_expression_of_the_program_repeats_repetitions() -> None:
    """Every expression that stands in the program is read; those few that do were looked at, and stand in a list above."""
    read = import_module("re._parser").parse  # Python's own reader of expressions
    texts = []
    for module, name, call in called():
        function = call.func
        if (
            not (isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "re" and call.args)
            or name == "escape"
        ):
            continue
        try:
            text = ast.literal_eval(call.args[0])
        except ValueError:
            continue
        texts.append((module, text.decode("latin-1") if isinstance(text, bytes) else text))
    assert len(texts) > 80
    assert [(module, text) for module, text in texts if text not in SEEN and repeated(read(text))] == []


def test_attack_29_no_expression_of_the_program_takes_long(tmp_path: Path) -> None:
    """Each of them against seventy texts of five hundred characters that repeat one thing: five seconds of a processor each."""
    (tmp_path / "pumps").write_text(json.dumps(PUMPS))
    done = subprocess.run([sys.executable, "-c", CHILD, tmp_path / "pumps"], capture_output=True, text=True, check=False)
    *names, count = map(json.loads, done.stdout.splitlines() or ['""'])
    assert done.returncode == 0, f"{count} took too long: {done.stderr[-500:]}"
    assert count == len(names) > 60


@settings(max_examples=500, deadline=None)
@given(text=PARTS, value=st.lists(st.sampled_from(SIGNS), max_size=8).map("".join))
def test_attack_29_a_pattern_means_what_it_means_to_python(text: str, value: str) -> None:
    """Patterns of params are matched in another way, with the same result."""
    assert Pattern(text).matches(value) == bool(re.fullmatch(text, value))


@pytest.mark.parametrize("text", EVIL)
def test_attack_29_patterns_of_authors_are_matched_at_once(text: str) -> None:
    """Those that take Python's own engine years for forty letters: here a value of a hundred thousand is no matter."""
    for value in ("a" * 100_000, "ab" * 50_000, "a" * 99_999 + "b"):
        assert pattern(text).matches(value) in (True, False)


@pytest.mark.parametrize(
    "text", [r"(a)\1", "(?=a)a", "(?<=a)a", r"\ba", "(?P<n>a)(?P=n)", "a++", "(?>a)", "(?i)a", "a{5000}{2}", "("]
)
def test_attack_29_what_cannot_be_matched_so_is_refused_at_its_place(person: Person, text: str) -> None:
    """References, looks back and ahead are mistakes of the runbook."""
    with pytest.raises(ValueError, match=r"."):
        pattern(text)
    if text == r"(a)\1":
        params = f"params:\n  p: {{pattern: '{text}', default: aa}}\n"
        person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
        person.writes("runbooks/quick.yml", steps(step("one", "true")).replace("phases:", params + "phases:"))
        said = person.types("validate", "runbooks/quick.yml", code=3)
        assert "quick.yml:9:" in said.err
        assert "looks back or ahead" in said.err


@settings(max_examples=500, deadline=None)
@given(
    glob=st.lists(st.sampled_from(["*", "?", "a", "b", ".", "**", "[", "\\"]), max_size=8).map("".join),
    name=st.lists(st.sampled_from(["a", "b", ".", "[", "\\"]), max_size=8).map("".join),
)
def test_attack_29_globs_of_host_names_mean_what_they_say(glob: str, name: str) -> None:
    """With `*` for any text and `?` for any character, and in linear time however many stars there are."""
    plain = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in glob)
    assert matches(name, [glob]) == bool(re.fullmatch(plain, name, re.DOTALL))
    assert not matches("a" * 253, ["*a" * 60 + "b"])


def test_attack_29_a_runbook_of_repetitions_is_told_in_time(tmp_path: Path) -> None:
    """Runbooks with 60,000 characters of one thing in a command, a title and a condition: a minute of a processor for all."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_CPU, (60, 60))\n"
        "from pathlib import Path\n"
        "from runbook_engine.loading import load_runbook\n"
        "from runbook_engine.planning import check_templates\n"
        "from runbook_engine.model.errors import NotValid\n"
        "for file in sorted(Path(sys.argv[1]).glob('*.yml')):\n"
        "    try:\n        check_templates(load_runbook(file))\n    except NotValid:\n        pass\n"
        "print('told')\n"
    )
    for number, pump in enumerate(PUMPS):
        if "\x1b" in pump or "\u202e" in pump:
            continue
        text = json.dumps(pump * (60_000 // len(pump)), ensure_ascii=False)
        for key in ("run", "title", "when", "creates"):
            words = {"id": "one", "title": "One", "run": "'true'"} | {key: text}
            body = ", ".join(f"{k}: {v}" for k, v in words.items())
            tail = f"phases:\n  - id: w\n    title: W\n    hosts: all\n    steps:\n      - {{{body}}}\n"
            (tmp_path / f"{number}-{key}.yml").write_text(HEAD.format(name="r") + tail)
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "told\n", done.stderr[-2000:]
