"""upload: put a file on the host. What was planned is what arrives: its checksum is part of the plan."""

from pydantic import Field

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import FileMode, Owner, PlainText
from runbook_engine.model.commands import Procedure, Upload


class Placed(Params):
    """Where a file goes on the host, and how."""

    target: PlainText = Field(alias="to", description="Path on the host. It is replaced in one step.")
    mode: FileMode = Field("", description='Octal, in quotes, such as "0644"; else what is there stays, 0600 for a new file.')
    owner: Owner = Field("", description="user or user:group; else what is there stays.")
    backup: bool = Field(False, description="Keep what is replaced beside it, as NAME.before-runbook-ATTEMPT.")


class UploadParams(Placed):
    """`upload: {from: FILE, to: PATH}`."""

    source: PlainText = Field(alias="from", description="Path of the file, beside the runbook.")


def procedure(params: UploadParams, setting: Setting, files: Files) -> Procedure:
    """One upload, with the checksum that the file has now."""
    return Procedure(
        apply=(
            Upload(
                target=params.target,
                source=params.source,
                checksum=files.checksum(params.source),
                mode=params.mode,
                owner=params.owner,
                backup=params.backup,
                become=setting.become,
                timeout_s=setting.timeout_s,
            ),
        )
    )


ACTION = Action(name="upload", help="Put a file on the host.", params=UploadParams, procedure=procedure)
