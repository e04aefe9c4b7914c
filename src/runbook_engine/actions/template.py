"""template: put a file on the host whose text is rendered for each host when the plan is made."""

from pydantic import Field

from runbook_engine.actions.contract import Action, Files, Setting
from runbook_engine.actions.upload import Placed
from runbook_engine.actions.values import PlainText
from runbook_engine.model.commands import Procedure, Upload


class TemplateParams(Placed):
    """`template: {from: FILE, to: PATH}`."""

    source: PlainText = Field(alias="from", description="Path of the template, beside the runbook.")


def procedure(params: TemplateParams, setting: Setting, files: Files) -> Procedure:
    """One upload of the rendered text, which is part of the plan."""
    return Procedure(
        apply=(
            Upload(
                target=params.target,
                content=files.rendered(params.source),
                mode=params.mode,
                owner=params.owner,
                backup=params.backup,
                become=setting.become,
                timeout_s=setting.timeout_s,
            ),
        )
    )


ACTION = Action(
    name="template", help="Put a file on the host, rendered for each host.", params=TemplateParams, procedure=procedure
)
