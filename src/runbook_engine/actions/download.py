"""download: fetch a file from the host into the run's folder."""

from pathlib import PurePosixPath

from pydantic import Field, field_validator

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import PlainText
from runbook_engine.model.commands import Download, Procedure
from runbook_engine.model.text import Text
from runbook_engine.model.words import Repeat


class DownloadParams(Params):
    """`download: {from: PATH, to: NAME}`."""

    source: PlainText = Field(alias="from", description="Path on the host.")
    target: PlainText = Field(
        alias="to", description="Where it goes inside the run's folder; the host's name is put before it."
    )

    @field_validator("target")
    @classmethod
    def _inside(cls, target: Text) -> Text:
        path = PurePosixPath(target.source)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("expected a path inside the run's folder: not absolute, and without ..")
        return target


def procedure(params: DownloadParams, setting: Setting, files: Files) -> Procedure:
    """One download, as the step's user."""
    return Procedure(
        apply=(Download(source=params.source, target=params.target, become=setting.become, timeout_s=setting.timeout_s),)
    )


ACTION = Action(
    name="download",
    help="Fetch a file from the host into the run's folder.",
    params=DownloadParams,
    procedure=procedure,
    repeat=Repeat.SAFE,
)
