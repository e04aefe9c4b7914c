"""The keys of rolling phases and of ways back: what they mean, and the place of each mistake."""

from pathlib import Path

import pytest

from runbook_engine.loading import load_runbook
from runbook_engine.model.errors import NotValid
from runbook_engine.model.runbook import Phase, Retry, Rolling
from runbook_engine.model.text import plain, shell
from runbook_engine.model.words import FailureScope, HostOrder, OnFailure, Repeat

HEAD = """\
runbook: try
title: Try it
kind: upgrade
owner: ana
why: To see
impact: None
phases:
  - id: p
    title: P
    hosts: web
"""
STEPS = "    steps:\n      - {id: a, title: A, run: x}\n"
CHECK = "    healthy_when: [{title: Well, run: y}]\n"


def loaded(folder: Path, text: str) -> Phase:
    """The only phase of a runbook."""
    file = folder / "try.yml"
    file.write_text(HEAD + text, encoding="utf-8")
    return load_runbook(file).phases[0]


def mistakes(folder: Path, text: str) -> list[str]:
    """Each as 'line:column message / hint'."""
    with pytest.raises(NotValid) as caught:
        loaded(folder, text)
    return [f"{m.place.line}:{m.place.column} {m.message} / {m.hint}".removesuffix(" / ") for m in caught.value.mistakes]


def test_every_key_of_rolling_is_read(tmp_path: Path) -> None:
    """As it is written; what is left out is as the page says."""
    keys = "batches: [1], canary: web-1, order: by_name, spread_over: site, never_together: pair, soak: 10m, on_failure: ask"
    made = loaded(tmp_path, f"    rolling: {{{keys}, max_failures: {{limit: 5%, over: project}}}}\n{STEPS}{CHECK}")
    assert made.rolling == Rolling(
        batches=(1,),
        canary="web-1",
        order=HostOrder.BY_NAME,
        spread_over="site",
        never_together="pair",
        soak_s=600.0,
        max_failures="5%",
        failures_over=FailureScope.PROJECT,
        on_failure=OnFailure.ASK,
    )
    assert loaded(tmp_path, f"    rolling: {{batches: [1]}}\n{STEPS}").rolling == Rolling(batches=(1,))


@pytest.mark.parametrize(
    ("written", "limit", "over"),
    [
        ("2", 2, FailureScope.PHASE),
        ("10%", "10%", FailureScope.PHASE),
        ("{limit: 3}", 3, FailureScope.PHASE),
        ("{limit: 20%, over: batch}", "20%", FailureScope.BATCH),
    ],
)
def test_failures_are_a_number_a_share_or_say_what_they_are_counted_over(
    tmp_path: Path, written: str, limit: int | str, over: FailureScope
) -> None:
    """The short form counts over the phase."""
    rolling = loaded(tmp_path, f"    rolling: {{batches: [1], max_failures: {written}}}\n{STEPS}").rolling
    assert rolling is not None
    assert (rolling.max_failures, rolling.failures_over) == (limit, over)


def test_a_phase_has_a_way_back_of_its_own(tmp_path: Path) -> None:
    """Steps that may go without an id; and that of a step has its own user and says whether it may run again."""
    back = "roll_back: {run: undo, verify: undone, retries: 2, timeout: 5m, become: app, repeat: safe}"
    made = loaded(
        tmp_path,
        f"    steps:\n      - {{id: a, title: A, run: x, {back}}}\n"
        "    roll_back:\n      - {title: In again, hosts: lb, run: lbctl enable}\n"
        "      - {id: tell, title: Tell, local: ./tell}\n",
    )
    assert [(s.id, s.action, s.hosts) for s in made.roll_back] == [("back-1", "run", "lb"), ("tell", "local", None)]
    own = made.steps[0].roll_back
    assert own is not None
    assert (own.become, own.repeat, own.timeout_s) == (plain("app"), Repeat.SAFE, 300.0)
    assert (own.verify, own.retries) == (shell("undone"), Retry(count=2))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"    rolling: {{batches: [1], soak: 10m}}\n{STEPS}",
            "11:29 soak is the time before the checks of healthy_when, and the phase has none / add healthy_when, or say pause",
        ),
        (
            f"    rolling: {{batches: [1], order: by_rack, spread_over: rack}}\n{STEPS}",
            "11:36 by_rack takes one rack after the other, and spread_over: rack takes from all of them / take one of them out",
        ),
        (
            f"    rolling: {{batches: [1], order: by_size}}\n{STEPS}",
            "11:36 expected one of as_written, reverse, by_name or by_rack, found text 'by_size'",
        ),
        (
            f"    rolling: {{batches: [1], max_failures: {{limit: 1, over: rack}}}}\n{STEPS}",
            "11:60 expected one of batch, phase or project, found text 'rack'",
        ),
        (
            f"    rolling: {{batches: [1], max_failures: {{over: batch}}}}\n{STEPS}",
            "11:43 the key 'limit' is missing",
        ),
        (
            f"{STEPS}    roll_back: [{{title: B, local: x, needs: [a]}}]\n",
            "13:38 a step of the way back has no needs: these steps follow each other as written, each once / take it out",
        ),
        (
            f"{STEPS}    roll_back: [{{id: a, title: B, local: x}}]\n",
            "13:22 two steps are called 'a'; the first is at",
        ),
        (
            "    steps: [{id: a, title: A, run: x, roll_back: {run: y, repeat: once}}]\n",
            "11:67 expected safe, found text 'once'",
        ),
    ],
)
def test_what_does_not_go_together_is_told_at_its_place(tmp_path: Path, text: str, expected: str) -> None:
    """Each with its repair."""
    assert mistakes(tmp_path, text)[0].startswith(expected)
