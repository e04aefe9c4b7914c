"""pause: let time pass."""

from pydantic import Field

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import Seconds
from runbook_engine.model.commands import Pause, Procedure
from runbook_engine.model.words import Per, Repeat


class PauseParams(Params):
    """`pause: 5m`."""

    for_s: Seconds = Field(alias="for", description="How long, such as 5m.")


def procedure(params: PauseParams, setting: Setting, files: Files) -> Procedure:
    """One timer."""
    return Procedure(apply=(Pause(for_s=params.for_s),))


ACTION = Action(
    name="pause",
    help="Let time pass.",
    params=PauseParams,
    procedure=procedure,
    shorthand="for",
    per=Per.PHASE,
    repeat=Repeat.SAFE,
)
