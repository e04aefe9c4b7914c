r"""script: a whole script on the host. It travels by standard input, never on a command line, and is part of the plan.

On the host it is put into a folder that only its user can read, and its last line is checked, so that half a script
(a link lost on the way) is never run. The script's own standard input is empty: a command in it that reads cannot
swallow the lines that follow. The folder is removed at the end, also when the link goes.
"""

import re
import shlex

from pydantic import Field, model_validator

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.shells import in_setting
from runbook_engine.actions.values import PlainText, ShellText, ShellWord, join
from runbook_engine.model.commands import Procedure
from runbook_engine.model.text import Text, shell

END = "# end of script"
RECEIVE = f"""d=$(mktemp -d) || exit 70
trap 'rm -rf "$d"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cat >"$d/whole"
if [ "$(tail -n 1 "$d/whole")" != '{END}' ]; then
  echo 'the script did not arrive whole; nothing of it was run' >&2
  exit 70
fi
LC_ALL=C sed '$d' "$d/whole" >"$d/script" || exit 70
"""
_TEMPLATE = re.compile(r"\{\{\s*(?:host|params)\b")


class ScriptParams(Params):
    """`script: FILE`, or a mapping."""

    file: PlainText | None = Field(None, description="Path of the script, beside the runbook. Nothing in it is a template.")
    text: str | None = Field(None, description="The script itself, instead of a file. Nothing in it is a template.")
    args: tuple[ShellWord, ...] = Field((), description="Arguments; each is exactly one word, whatever it holds.")
    interpreter: ShellText | None = Field(
        None, description="What reads the script, such as bash or python3; else its first line (#!) says, else /bin/sh."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "ScriptParams":
        if (self.file is None) == (self.text is None):
            raise ValueError("a script needs either file or text")
        if self.text is not None and not self.text.strip():
            raise ValueError("the script is empty")
        if self.text is not None and _TEMPLATE.search(self.text):
            raise ValueError("nothing in a script is a template: give the value to it by args or environment")
        return self


def procedure(params: ScriptParams, setting: Setting, files: Files) -> Procedure:
    """One command that receives the script, checks that all of it came, and runs it."""
    content = files.content(params.file) if params.file is not None else Text((params.text or "",))
    interpreter = params.interpreter or named_interpreter(content)
    words = [part for arg in params.args for part in (" ", arg)]
    script = join(RECEIVE, interpreter, ' "$d/script"', *words, " </dev/null")
    return Procedure(apply=(in_setting(script, setting, stdin=Text((*content.parts, f"\n{END}\n"))),))


def named_interpreter(content: Text) -> Text:
    """What the first line of a script names after `#!`, else /bin/sh."""
    first = content.parts[0] if content.parts else ""
    line = first.split("\n", 1)[0].strip() if isinstance(first, str) else ""
    if not line.startswith("#!") or not line[2:].strip():
        return shell("/bin/sh")
    return shell(" ".join(shlex.quote(w) for w in line[2:].strip().split(None, 1)))


ACTION = Action(
    name="script",
    help="Run a whole script on the host.",
    params=ScriptParams,
    procedure=procedure,
    shorthand="file",
)
