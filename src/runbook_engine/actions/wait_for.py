"""wait_for: ask a question until the answer is yes. It changes nothing, so it may be asked again at any time."""

from pydantic import Field, model_validator

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.http import QuestionParams, request
from runbook_engine.actions.shells import in_setting
from runbook_engine.actions.values import PlainText, Seconds, ShellText, ShellWord, join
from runbook_engine.model.commands import Probe, Procedure, Wait
from runbook_engine.model.words import Repeat

SHORTEST_S = 0.1  # between two questions


class WaitForParams(Params):
    """Exactly one question, and how long to ask it."""

    port: int | None = Field(None, ge=1, le=65535, description="Until this TCP port of the host, or of `address`, accepts.")
    address: PlainText | None = Field(None, description="Whose port is meant, if not the host's.")
    ssh: bool = Field(False, description="Until a session can be opened on the host.")
    file: ShellWord | None = Field(None, description="Until this path exists on the host.")
    run: ShellText | None = Field(None, description="Until this read-only command ends with 0 on the host.")
    http: QuestionParams | None = Field(None, description="Until this request is answered as expected.")
    absent: bool = Field(False, description="Wait until the answer is no instead.")
    within: Seconds = Field(
        300.0, description="How long to ask before the step fails, such as 5m.", json_schema_extra={"default": "5m"}
    )
    every: Seconds = Field(
        2.0, description="How long to wait between two questions, such as 2s.", json_schema_extra={"default": "2s"}
    )

    @model_validator(mode="after")
    def _one_question(self) -> "WaitForParams":
        asked = [self.port is not None, self.ssh, self.file is not None, self.run is not None, self.http is not None]
        if sum(asked) != 1:
            raise ValueError("expected exactly one of port, ssh, file, run and http")
        if self.address is not None and self.port is None:
            raise ValueError("address belongs to port")
        if self.every < SHORTEST_S:
            raise ValueError(f"every must be at least {SHORTEST_S} seconds")
        return self


def procedure(params: WaitForParams, setting: Setting, files: Files) -> Procedure:
    """One question, asked until it is answered with yes."""
    return Procedure(apply=(Wait(probe=probe(params, setting), within_s=params.within, every_s=params.every),))


def probe(params: WaitForParams, setting: Setting) -> Probe:
    """The question. A file is looked for by a command, so that `become` and the working directory hold for it."""
    script = join("test -e ", params.file) if params.file is not None else params.run
    return Probe(
        port=params.port,
        address=params.address,
        ssh=params.ssh,
        shell=None if script is None else in_setting(script, setting),
        http=None if params.http is None else request(params.http, setting),
        absent=params.absent,
    )


ACTION = Action(
    name="wait_for",
    help="Wait until a port, SSH, a file, a command or an HTTP answer is there, or gone.",
    params=WaitForParams,
    procedure=procedure,
    repeat=Repeat.SAFE,
)
