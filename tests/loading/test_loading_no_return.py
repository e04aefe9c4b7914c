"""The point of no return of a phase: text alone, or with its step; the step must be there."""

from pathlib import Path

import pytest

from runbook_engine.loading import load_runbook
from runbook_engine.model.errors import NotValid
from runbook_engine.model.runbook import Phase

TEXT = """\
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
    point_of_no_return: {point}
    steps:
      - {{id: copy, title: A, run: x}}
      - {{include: steps.yml, prefix: last-}}
    healthy_when: [{{id: well, title: Well, run: y}}]
    roll_back: [{{id: undo, title: Back, run: z}}]
"""


def loaded(folder: Path, point: str) -> Phase:
    """The only phase of a runbook with this point of no return."""
    (folder / "steps.yml").write_text("steps: [{id: wipe, title: W, run: w}]\n", encoding="utf-8")
    file = folder / "try.yml"
    file.write_text(TEXT.format(point=point), encoding="utf-8")
    return load_runbook(file).phases[0]


@pytest.mark.parametrize(
    ("point", "why", "step"),
    [
        ("The old data is gone.", "The old data is gone.", ""),
        ("{why: Gone.}", "Gone.", ""),
        ("{step: copy, why: Gone.}", "Gone.", "copy"),
        ("{step: last-wipe, why: Gone.}", "Gone.", "last-wipe"),
    ],
)
def test_the_reason_may_stand_alone_or_beside_its_step(tmp_path: Path, point: str, why: str, step: str) -> None:
    """The short form says why; the long one also from where on."""
    phase = loaded(tmp_path, point)

    assert (phase.point_of_no_return, phase.no_return_step) == (why, step)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("{step: copi, why: Gone.}", "11:32 the phase 'p' has no step 'copi' / did you mean 'copy'?"),
        ("{step: wipe, why: Gone.}", "11:32 the phase 'p' has no step 'wipe' / did you mean 'last-wipe'?"),
        ("{step: well, why: x}", "11:32 'well' is not one of the steps of the phase, but one of its checks or of its way back"),
        ("{step: undo, why: x}", "11:32 'undo' is not one of the steps of the phase, but one of its checks or of its way back"),
        ("{step: copy}", "11:25 the key 'why' is missing"),
        ("{stop: copy, why: x}", "11:26 unknown key 'stop' / did you mean 'step'?"),
        ("''", "11:25 "),
        ("[copy]", "11:25 "),
    ],
)
def test_a_step_that_is_not_there_is_a_mistake_at_its_place(tmp_path: Path, point: str, expected: str) -> None:
    """Nobody signs for a point that does not exist."""
    with pytest.raises(NotValid) as caught:
        loaded(tmp_path, point)

    mistake = caught.value.mistakes[0]
    assert f"{mistake.place.line}:{mistake.place.column} {mistake.message} / {mistake.hint}".startswith(expected)
