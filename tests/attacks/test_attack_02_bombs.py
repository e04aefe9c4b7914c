"""Attack 2: a small file must not become large, and a deep one must not exhaust the stack."""

import json
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from attacks.told import mistakes_of
from runbook_engine.loading import read_document
from runbook_engine.loading.parse import Limits

LEVELS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
BOMBS = {
    "nine lines of aliases": "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + LEVELS,
    "merged mappings": "a0: &a0 {k: v}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 9)),
    "an alias as key": "a: &a " + "x" * 10_000 + "\nb: {" + ", ".join(["? *a : 1"] * 2_000) + "}\n",
    "an alias of itself": "a: &a [*a, *a]\n",
    "a mapping that merges itself": "a: &a {<<: *a}\n",
    "one long text many times": "a: &a " + "x" * 100_000 + "\nb: [" + ", ".join(["*a"] * 2_000) + "]\n",
    "brackets": "[" * 200_000,
    "closed brackets": "[" * 100_000 + "]" * 100_000,
    "braces": "{a: " * 100_000,
    "lists in lists": "".join(" " * n + "-\n" for n in range(2_000)),
    "mappings in mappings": "".join(" " * n + "a:\n" for n in range(2_000)),
    "complex keys": "? " * 50_000 + "a",
    "a tag of a megabyte": "!" + "a" * 1_000_000 + " x",
    "an anchor of a megabyte": "&" + "a" * 1_000_000 + " [",
    "many equal keys": "a: 1\n" * 50_000,
    "many documents": "--- a\n" * 50_000,
    "many directives": "%A b\n" * 50_000 + "--- x",
    "many invisible characters": "a: '" + "\u200b" * 500_000 + "'",
    "many wrong tags": "- !x y\n" * 50_000,
    "a number of a million digits": "a: " + "9" * 1_000_000 + "\nb: [",
    "a file that is too large": "x",  # the child makes 64 MB and a byte of it
}
CHILD = """
import json, resource, sys
from pathlib import Path
from runbook_engine.loading import read_document
from runbook_engine.model.errors import NotValid

def memory(name):
    return int(Path("/proc/self/status").read_text().partition(name + ":")[2].split()[0])

for name, text in json.load(sys.stdin).items():
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 4, 600))
    Path("/proc/self/clear_refs").write_text("5")
    begin = memory("VmRSS")
    try:
        read_document(text * (64 << 20 | 1) if text == "x" else text, "bomb.yml")
        told = 0
    except NotValid as error:
        told = len(error.mistakes)
    print(json.dumps([name, told, memory("VmHWM") - begin]), flush=True)
"""


def test_attack_02_bombs_are_refused_within_limits() -> None:
    """Each ends in mistakes, after at most four seconds of processor time and with at most 200 MB more memory."""
    done = subprocess.run([sys.executable, "-c", CHILD], input=json.dumps(BOMBS), capture_output=True, text=True, check=False)
    seen = {name: (mistakes, grown_kb) for name, mistakes, grown_kb in map(json.loads, done.stdout.splitlines())}
    assert list(seen) == list(BOMBS), f"the next one did not end in time: {done.stderr}"
    assert [name for name, (mistakes, _) in seen.items() if not mistakes] == []
    assert {name: grown_kb for name, (_, grown_kb) in seen.items() if grown_kb > 200 * 1024} == {}


@settings(max_examples=200, deadline=None)
@given(depth=st.integers(1, 200), width=st.integers(0, 40), kind=st.sampled_from(["[", "{a: ", "- "]))
def test_attack_02_depth_is_counted_exactly(depth: int, width: int, kind: str) -> None:
    """64 lists and mappings inside each other are read; one more is refused, however it is written and however wide."""
    close = {"[": "]", "{a: ": "}", "- ": ""}[kind]
    text = kind * depth + "x" + close * depth + "\n"
    if kind == "[":
        text = "[" + "y, " * width + text + "]"
    deep = depth + (kind == "[")
    if deep <= Limits().depth:
        assert read_document(text, "deep.yml").data
    else:
        assert "deep" in mistakes_of(text)[0]


@settings(max_examples=100, deadline=None)
@given(size=st.integers(1, 60), times=st.integers(0, 60))
def test_attack_02_repeated_entries_are_counted_exactly(size: int, times: int) -> None:
    """A thousand entries may be repeated by aliases; the list itself and each entry in it count each time."""
    text = f"a: &a [{', '.join('x' * size)}]\nb: [{', '.join(['*a'] * times)}]\n"
    if times * 2 * size <= Limits().expansions:
        assert read_document(text, "aliases.yml").data["b"] == [["x"] * size] * times
    else:
        assert "aliases repeat more than 1,000" in mistakes_of(text)[0]
