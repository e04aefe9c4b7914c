"""Attack 6: what would take hours or gigabytes is a mistake, after little time and within little memory."""

import json
import os
import subprocess
import sys

from attacks.source_code import ROOT

BOMBS = [
    "{{ 10 ** (10 ** 8) }}",
    "{{ 9 ** 9 ** 9 ** 9 ** 9 }}",
    "{{ '%0999999999d' % 1 }}",
    "{{ 'x' * 10 ** 9 }}",
    "{{ 10 ** 9 * 'x' }}",
    "{{ [0] * 10 ** 9 }}",
    "{{ range(10 ** 9) | list | length }}",
    "{{ range(0, 10 ** 9, 10 ** 6) | list | length ~ range(9999) | map('string') | join(range(9999) | join) | length }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x | length }}",
    "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x | length }}",
    "{% set ns = namespace(x=1) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
    "{% set ns = namespace(x=1) %}{% for i in range(99) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x | sum }}",
    "{% set ns = namespace(x='xx') %}{% for i in range(99) %}{% set ns.x = ns.x | replace('x', ns.x) %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(n=2) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}",
    "{% set s = 'ab ' * 300000 %}{% for i in range(9999) %}{{ s.split() | length }}{% endfor %}",
    "{% set s = 'ab ' * 300000 %}{% for i in range(9999) %}{{ s | upper | lower | title | length }}{% endfor %}",
    "{% for i in range(9999) %}{{ 'x' * 1000 }}{% endfor %}",
    "{{ 'x' | indent(10 ** 9) }}",
    "{{ 1.5 | round(10 ** 9) }}",
    "{{ 'x' | center(10 ** 9) }}",
    "{{ 'x'.ljust(10 ** 9) }}",
    "{{ 1 << 10 ** 9 }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "1" + "+1" * 20000 + " }}",
    "{{ " + "-" * 20000 + "1 }}",
    "{{ " + "[" * 3000 + "]" * 3000 + " }}",
    "{{ " + "9" * 100000 + " }}",
    "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "{{ a" + ".a" * 20000 + " }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
]
CHILD = """
import json, resource, sys
from pathlib import Path
from planning.planning_builders import book, estate, phase, planned, run
from runbook_engine.model.errors import NotValid

def memory(name):
    return int(Path("/proc/self/status").read_text().partition(name + ":")[2].split()[0])

planned(book(phase("p", run("s", "echo {{ host.name | upper }}"))), estate("web"))
for bomb in json.load(sys.stdin):
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 6, 600))
    Path("/proc/self/clear_refs").write_text("5")
    begin = memory("VmRSS")
    try:
        planned(book(phase("p", run("s", bomb))), estate("web"))
        told = ""
    except NotValid as error:
        told = error.mistakes[0].message
    print(json.dumps([told, memory("VmHWM") - begin]), flush=True)
"""


def test_attack_06_no_template_runs_long_or_grows_large() -> None:
    """Each of 32 payloads ends in a mistake after at most five seconds of processor time and with at most 256 MB more."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    child = subprocess.run(
        [sys.executable, "-c", CHILD], input=json.dumps(BOMBS), capture_output=True, text=True, check=False, env=environment
    )
    seen = [json.loads(line) for line in child.stdout.splitlines()]
    assert len(seen) == len(BOMBS), f"{BOMBS[len(seen)][:80]} did not end in time: {child.stderr}"
    assert [bomb[:80] for bomb, (told, _) in zip(BOMBS, seen, strict=True) if not told] == []
    assert [grown_kb for _, grown_kb in seen if grown_kb > 256 * 1024] == []
