"""The runbook format: what it means, and every rule that it must keep to, with the place of each mistake."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from runbook_engine.loading import UNENFORCED, load_runbook
from runbook_engine.model.errors import NotValid
from runbook_engine.model.runbook import Money, Retry, Rolling, Takes, Who
from runbook_engine.model.secret_names import IN_WORDS
from runbook_engine.model.text import SecretRef, plain, shell
from runbook_engine.model.words import Per, Repeat

EXAMPLE = Path(__file__).parent / "data" / "rack12-install.yml"
HEAD = """\
runbook: try
title: Try it
kind: upgrade
owner: ana
why: To see
impact: None
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a runbook and gives its path."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        file = Path("try.yml")
        file.write_text(text)
        return file

    return write


@pytest.fixture
def load_steps(written):
    """Loads a runbook of one phase with the given steps."""
    return lambda steps: load_runbook(written(f"{HEAD}phases:\n  - id: p\n    title: P\n    steps:\n{steps}")).phases[0].steps


@pytest.fixture
def mistakes(written):
    """The mistakes of a runbook, as 'line:column message / hint'."""

    def find(text):
        with pytest.raises(NotValid) as caught:
            load_runbook(written(text))
        return [f"{m.place.line}:{m.place.column} {m.message} / {m.hint}".removesuffix(" / ") for m in caught.value.mistakes]

    return find


def test_the_example_means_what_it_says():
    """The runbook of the format's description is read without loss."""
    runbook = load_runbook(EXAMPLE)
    assert (runbook.id, runbook.kind, runbook.start, runbook.deadline) == (
        "rack12-install",
        "install",
        date(2026, 11, 30),
        date(2026, 12, 11),
    )
    assert runbook.params[0].pattern == r"\d+\.\d+\.\d+"
    assert not runbook.params[0].required
    assert runbook.budget.amount == Money(amount=Decimal(18500), currency="EUR")
    assert runbook.budget.contingency_percent == 10
    assert [(a.by, a.before, a.count) for a in runbook.approvals] == [
        ("head-of-infrastructure", "cabling", 1),
        ("change-board", "firmware", 2),
    ]
    cabling, firmware = runbook.phases
    mount = cabling.steps[0]
    assert mount.title == plain("Mount the server in unit {{ host.unit }}")
    assert mount.who == (Who(skill="datacenter-hands", count=2),)
    assert mount.takes == Takes(low_s=600, high_s=1500)
    assert mount.evidence == (("photo", "photo"), ("serial_number", "text"))
    assert mount.uses == {"server-lift": 1}
    assert firmware.needs == ("cabling",)
    assert firmware.rolling == Rolling(batches=(1, 4, "50%", "rest"), pause_s=300, max_failures=1)
    before, flash, reboot = firmware.steps
    assert (before.save_as, before.repeat) == ("old", Repeat.SAFE)
    assert flash.params.command == shell("fwtool --install {{ params.bios }}")
    assert flash.verify == flash.skip_if == (shell("fwtool --version | grep -qxF {{ params.bios }}"),)
    assert (flash.timeout_s, flash.retries) == (2700, Retry(count=1))
    assert flash.roll_back.params.command == shell("fwtool --install {{ old.stdout }}")
    assert reboot.params.within == 900
    assert [(s.id, s.repeat) for s in firmware.healthy_when] == [("healthy-1", Repeat.SAFE)]


def test_what_has_no_effect_yet_is_named_with_its_place():
    """The runbook carries the keys that are not enforced, and each leads to a place; the list holds them all."""
    runbook = load_runbook(EXAMPLE)
    assert [(key, runbook.places.of(path).line) for key, path in runbook.unenforced] == [
        ("runbook.budget", 11),
        ("runbook.costs", 13),
        ("runbook.stakeholders", 18),
    ]
    assert {key for key, _ in runbook.unenforced} <= set(UNENFORCED)


def test_short_and_long_forms_mean_the_same(load_steps):
    """Each short form is a way to write the long one."""
    steps = load_steps("""\
      - {id: a, title: A, run: x, takes: 15m, who: ana, retries: 2, verify: v, evidence: {n: number}, become: true}
      - id: b
        title: B
        run: {command: x}
        takes: {low: 15m, high: 15m}
        who: [{person: ana}]
        retries: {count: 2}
        verify: [v]
        evidence: {n: number}
        become: {user: root}
      - {id: c, title: C, reboot: , takes: [1m, 2m, 5m], who: [{role: ops, count: 2}, tom], become: dba}
      - id: d
        title: D
        run: x
        takes: {low: 1m, likely: 2m, high: 5m, per: batch}
        become: {user: dba, password: {secret: "env:SUDO"}}
        environment: {PORT: 8080, NAME: "{{ host.name }}"}
        retries: {count: 3, wait: 10s, longest: 1m}
        repeat: safe
        per: batch
        barrier: true
        needs: [a, b]
        roll_back: {none: It is gone}
""")
    one, two, three, four = steps
    for name in ("params", "takes", "who", "retries", "verify", "evidence", "become"):
        assert getattr(one, name) == getattr(two, name), name
    assert one.become == plain("root")
    assert three.takes == Takes(low_s=60, likely_s=120, high_s=300)
    assert three.who == (Who(role="ops", count=2), Who(person="tom"))
    assert (three.become, three.become_password) == (plain("dba"), None)
    assert four.takes.per_batch
    assert four.become_password == SecretRef("env:SUDO")
    assert four.environment == (("PORT", plain("8080")), ("NAME", plain("{{ host.name }}")))
    assert four.retries == Retry(count=3, wait_s=10, longest_s=60)
    assert (four.per, four.barrier, four.needs) == (Per.BATCH, True, ("a", "b"))
    assert four.roll_back.none == "It is gone"


def test_a_step_without_action_is_planned_only(load_steps):
    """With takes, uses or who it is work that a person does and reports."""
    steps = load_steps("      - {id: a, title: A, takes: 1h}\n      - {id: b, title: B, who: ana}\n")
    assert [(s.action, s.params) for s in steps] == [("", None), ("", None)]


PHASES = "phases:\n  - id: p\n    title: P\n    steps:\n"  # lines 7 to 10; the steps begin in line 11
STEP = "      - {id: a, title: A, run: x}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1 the file is empty / begin with runbook: NAME"]),
        ("- a\n", ["1:1 a runbook is keys and values / begin with runbook: NAME"]),
        ("runbook: a\n", [f"1:1 the key '{k}' is missing" for k in ("impact", "kind", "owner", "phases", "title", "why")]),
        (HEAD + "phases: []\n", ["7:9 must not be empty"]),
        (HEAD + "phases: {a: 1}\n", ["7:9 expected a list, found a mapping"]),
        (HEAD + "phases: [x]\n", ["7:10 expected keys and values, found text 'x'"]),
        (HEAD.replace("To see", "''") + PHASES + STEP, ["5:6 must not be empty"]),
        (HEAD.replace("To see", "") + PHASES + STEP, ["5:5 expected a value, found nothing"]),
        (HEAD.replace("Try it", "12") + PHASES + STEP, ["2:8 expected text, found number 12 / put quotes around it"]),
        (
            HEAD.replace("upgrade", "upgrad") + PHASES + STEP,
            ["3:7 expected one of install, upgrade or maintenance, found text 'upgrad' / did you mean 'upgrade'?"],
        ),
        (
            HEAD.replace("runbook: try", "runbook: Try It") + PHASES + STEP,
            ["1:10 expected an id of small letters, digits and . _ - that begins with a letter or digit, found text 'Try It'"],
        ),
        (HEAD + "format: 2\n" + PHASES + STEP, ["7:9 expected 1, found number 2"]),
        (
            HEAD + "start: 2026-02-30\n" + PHASES + STEP,
            ["7:8 expected a date that is in the calendar, found text '2026-02-30'"],
        ),
        (HEAD + "start: soon\n" + PHASES + STEP, ["7:8 expected a date such as 2026-11-30, found text 'soon'"]),
        (
            HEAD + "start: 2026-12-01\ndeadline: 2026-11-30 18:00\n" + PHASES + STEP,
            ["8:11 the deadline is before the start, 2026-12-01"],
        ),
        (
            HEAD + "budget: {amount: 18500}\n" + PHASES + STEP,
            ["7:18 expected an amount and its currency, such as 18500 EUR, found number 18500"],
        ),
        (
            HEAD + "budget: {amount: 1 EUR, contingency: 0.1}\n" + PHASES + STEP,
            ["7:38 expected a percentage such as 10%, found number 0.1"],
        ),
        (
            HEAD + "approvals: [{by: a, before: p, if: money > 3}]\n" + PHASES + STEP,
            ["7:36 there is no money: the names are budget, hosts, batches, kind, risk; texts stand in quotes"],
        ),
        (HEAD + "approvals: [{by: a, before: q}]\n" + PHASES + STEP, ["7:29 there is no phase 'q' / the phases are: p"]),
        (
            HEAD + "costs: [{item: a, amount: 1 EUR, phase: pp}]\n" + PHASES + STEP,
            ["7:41 there is no phase 'pp' / did you mean 'p'?"],
        ),
        (
            HEAD + "stakeholders: [{who: a, audience: b, tell: [starts]}]\n" + PHASES + STEP,
            [
                (
                    "7:45 expected one of announced, approved, started, delayed, paused, stopped, failed or done,"
                    " found text 'starts' / did you mean 'started'?"
                )
            ],
        ),
        (
            HEAD + "params: {a: {patern: x}}\n" + PHASES + STEP,
            ["7:14 unknown key 'patern' / did you mean 'pattern'?"],
        ),
        (
            HEAD + "params: {a: {pattern: '('}}\n" + PHASES + STEP,
            ["7:23 not a regular expression: missing ), unterminated subpattern at position 0"],
        ),
        (
            HEAD + "params: {a: {type: integer, default: x}}\n" + PHASES + STEP,
            ["7:38 expected a whole number, found text 'x'"],
        ),
        (
            HEAD + "params: {a: {default: 1.10, choices: [b, c]}}\n" + PHASES + STEP,
            ["7:23 expected text (put quotes around it), found number 1.1"],
        ),
        (HEAD + "params: {a: {default: d, choices: [b, c]}}\n" + PHASES + STEP, ["7:23 must be one of b, c"]),
        (HEAD + "params: {a: {default: '{{ b }}'}}\n" + PHASES + STEP, ["7:23 must be a fixed value, without {{ }}"]),
        (
            HEAD + "params: {a: {secret: true, default: 'keyrng:bmc/hunter2'}}\n" + PHASES + STEP,
            [f"7:37 expected the name of a secret: {IN_WORDS}; did you mean 'keyring'?"],
        ),
        (
            HEAD + "params: {a: {secret: true, default: hunter2}}\n" + PHASES + STEP,
            [f"7:37 expected the name of a secret: {IN_WORDS}"],
        ),
        (
            HEAD + "params: {a-b: {}}\n" + PHASES + STEP,
            ["7:10 expected a name of letters, digits and _ that does not begin with a digit, found text 'a-b'"],
        ),
        (HEAD + PHASES + "      - {id: a, title: A, runn: x}\n", ["11:27 unknown key 'runn' / did you mean 'run'?"]),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: {comand: x}}\n",
            [
                "11:32 the key 'command' is missing",
                "11:33 unknown key 'comand' / did you mean 'command'?",
            ],
        ),
        (HEAD + PHASES + "      - {id: a, title: A, run: [x]}\n", ["11:32 expected text, found a list"]),
        (HEAD + PHASES + "      - {id: a, title: A, pause: }\n", ["11:34 the key 'for' is missing"]),
        (
            HEAD + PHASES + "      - {id: a, title: A, pause: 15}\n",
            ["11:34 expected a duration such as 90s, 15m or 1h 30m, found number 15"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, reboot: {}}\n",
            ["11:35 one step does one thing, but here are run and reboot / make a step of each"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, roll_back: {run: y, script: z}}\n",
            ["11:55 one step does one thing, but here are run and script / make a step of each"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, roll_back: {run: y, none: z}}\n",
            ["11:46 expected an action, or none with the reason why there is no way back, not both"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, roll_back: {timeout: 1m}}\n",
            ["11:46 expected an action, or none with the reason why there is no way back"],
        ),
        (HEAD + PHASES + "      - {id: a, title: A, run: x, roll_back: {none: ''}}\n", ["11:53 must not be empty"]),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, roll_back: {run: y, retries: 1}}\n",
            ["11:55 a way back that changes something is retried only with verify or repeat: safe / add verify"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, takes: 25m..10m}\n",
            ["11:42 the times must rise, such as 10m..25m or [10m, 15m, 25m]"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, takes: 10x..25m}\n",
            ["11:42 expected a duration such as 90s, 15m or 1h 30m, found text '10x..25m'"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, timeout: 1.5}\n",
            ["11:44 expected a duration such as 90s, 15m or 1h 30m, found number 1.5"],
        ),
        (HEAD + PHASES + "      - {id: a, title: A, run: x, timeout: 0s}\n", ["11:44 must be more than nothing"]),
        (HEAD + PHASES + "      - {id: a, title: A, run: x, timeout: 4000d}\n", ["11:44 must be at most 3650d"]),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, barrier: yes}\n",
            ["11:44 expected true or false, found text 'yes'"],
        ),
        (HEAD + PHASES + "      - {id: a, title: A, run: x, needs: b}\n", ["11:42 expected a list, found text 'b'"]),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, who: {skil: b}}\n",
            ["11:41 unknown key 'skil' / did you mean 'skill'?"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, who: [{skil: b}]}\n",
            ["11:42 unknown key 'skil' / did you mean 'skill'?"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, who: {count: 2}}\n",
            ["11:40 expected exactly one of person, role and skill, found a mapping"],
        ),
        (HEAD + PHASES + "      - {id: a, title: A, run: x, who: {skill: b, count: 0}}\n", ["11:58 must be at least 1"]),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, evidence: [a, a]}\n",
            ["11:45 expected a list of different names, such as [photo, serial_number], found a list"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, evidence: {a: foto}}\n",
            ["11:49 expected one of text, file, photo, number or yes_no, found text 'foto' / did you mean 'photo'?"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, uses: {lift: 1.5}}\n",
            ["11:48 expected a whole number, found number 1.5"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, environment: {A: true}}\n",
            ["11:52 expected text in quotes, found true"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, become: {password: hunter2}}\n",
            ["11:54 expected keys and values"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, save_as: host}\n",
            ["11:44 'host' has a meaning of its own in {{ }} / take another name"],
        ),
        (HEAD + PHASES + "      - {id: a, title: A}\n", ["11:9 the step 'a' does nothing"]),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, repeat: verify}\n",
            ["11:43 repeat: verify needs a verify command / add verify"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, retries: 1}\n",
            [
                (
                    "11:35 a step that changes something is retried only with verify, or with repeat: safe"
                    " / add verify, or repeat: safe if doing it twice does no harm"
                )
            ],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, manual: x, retries: 1}\n",
            ["11:38 what a person does is not retried / take it out"],
        ),
        (
            HEAD + PHASES.replace("    steps:", "    window: night\n    steps:") + STEP,
            ["12:9 the phase has a window, so the step 'a' must say how long it can take / add takes or timeout"],
        ),
        (HEAD + PHASES + STEP + STEP, ["12:14 two steps are called 'a'; the first is at try.yml:11:14 / rename one"]),
        (
            HEAD + PHASES + STEP + "  - {id: p, title: P, steps: [{id: a, title: A, run: x}]}\n",
            ["12:10 two phases are called 'p'; the first is at try.yml:8:9 / rename one"],
        ),
        (
            HEAD + PHASES + "      - {id: a, title: A, run: x, save_as: o}\n      - {id: b, title: A, run: x, save_as: o}\n",
            ["12:44 two steps save as 'o'; the first is at try.yml:11:44 / rename one"],
        ),
        (
            HEAD
            + PHASES
            + "      - {id: abc, title: A, run: x}\n      - {id: b, title: A, run: x, needs: [abd, b, p/abc, q/abc, p/c]}\n",
            [
                "12:43 the phase 'p' has no step 'abd' / did you mean 'abc'?",
                "12:48 a step cannot wait for itself / take it out",
                "12:58 there is no phase 'q' / the phases are: p",
                "12:65 the phase 'p' has no step 'c' / its steps are: abc, b",
            ],
        ),
        (
            HEAD + PHASES + STEP + "  - {id: q, title: Q, needs: [q, pp], steps: [{id: b, title: B, run: x, needs: [a]}]}\n",
            [
                "12:31 a phase cannot wait for itself / take it out",
                "12:34 there is no phase 'pp' / did you mean 'p'?",
                "12:81 the phase 'q' has no step 'a' / did you mean 'p/a'?",
            ],
        ),
        (
            HEAD
            + PHASES.replace("    steps:", "    rolling: {batches: [0, rest, 5], max_failures: x, on_failure: go}\n    steps:")
            + STEP,
            [
                "10:25 expected a number of hosts, a percentage such as 50%, or rest, found number 0",
                "10:52 expected a number of hosts, or a percentage such as 10%, found text 'x'",
                "10:67 expected one of stop, roll_back, ask or continue, found text 'go'",
            ],
        ),
        (
            HEAD + PHASES.replace("    steps:", "    rolling: {batches: [rest, 5]}\n    steps:") + STEP,
            ["10:14 rest can only be the last of the batches"],
        ),
    ],
)
def test_each_mistake_is_told_in_plain_words_at_its_place(mistakes, text, expected):
    """A table of everything that can be wrong inside one runbook."""
    found = mistakes(text)
    assert [m.split(" / add one of")[0] for m in found] == expected


@pytest.mark.parametrize("name", ["env:A", "file:/a b", "cmd:pass show x", "keyring:https://h/x/ana", "vault:team/kv/a b#c d"])
def test_a_secret_may_be_in_each_of_the_places(written, name):
    """A param's default and the password of sudo take all of them."""
    text = HEAD + f"params: {{a: {{secret: true, default: '{name}'}}}}\n" + PHASES
    runbook = load_runbook(written(text + f"      - {{id: a, title: A, run: x, become: {{password: {{secret: '{name}'}}}}}}\n"))
    assert runbook.params[0].default == name
    assert runbook.phases[0].steps[0].become_password == SecretRef(name)


def test_a_step_that_is_not_valid_may_still_be_named(mistakes):
    """One mistake does not make others: what refers to a bad step or phase is not reported too."""
    text = HEAD + "approvals: [{by: a, before: p}]\n" + PHASES
    text += "      - {id: a, title: A, runn: x}\n      - {id: b, title: B, run: x, needs: [a]}\n"
    assert mistakes(text) == ["12:27 unknown key 'runn' / did you mean 'run'?"]


def test_every_mistake_of_every_part_comes_at_once(mistakes):
    """Mistakes in the head, in phases and in steps are reported together, in the order of the file."""
    text = HEAD.replace("kind", "kint") + PHASES.replace("title", "titel") + "      - {id: a, title: A, run: x, takse: 1m}\n"
    assert [m.split(" / ")[0] for m in mistakes(text)] == [
        "1:1 the key 'kind' is missing",
        "3:1 unknown key 'kint'",
        "8:5 the key 'title' is missing",
        "9:5 unknown key 'titel'",
        "11:35 unknown key 'takse'",
    ]


def test_a_mistake_underlines_the_whole_word(written):
    """The caret has the width of the word and the line as it was written."""
    with pytest.raises(NotValid) as caught:
        load_runbook(written(HEAD + PHASES + "      - {id: a, title: A, comand: x}\n"))
    mistake = caught.value.mistakes[-1]
    assert mistake.source[mistake.place.column - 1 :][: mistake.width] == "comand"
