"""manual: work for a person, who says when it is done and hands in the evidence."""

from pydantic import Field

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import PlainText
from runbook_engine.model.commands import AskPerson, Procedure
from runbook_engine.model.words import Repeat


class ManualParams(Params):
    """`manual: INSTRUCTIONS`."""

    text: PlainText = Field(description="What the person is to do, in their words.")


def procedure(params: ManualParams, setting: Setting, files: Files) -> Procedure:
    """One task for a person, with the evidence that the step asks for."""
    return Procedure(apply=(AskPerson(prompt=params.text, evidence=setting.evidence),))


ACTION = Action(
    name="manual",
    help="Work that a person does and reports.",
    params=ManualParams,
    procedure=procedure,
    shorthand="text",
    repeat=Repeat.MANUAL,
)
