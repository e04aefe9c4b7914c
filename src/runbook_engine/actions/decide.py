"""decide: a question whose answer says whether the run goes on."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from runbook_engine.actions.contract import Action, Files, Params, Setting
from runbook_engine.actions.values import PlainText
from runbook_engine.model.commands import AskPerson, Choice, Procedure
from runbook_engine.model.words import Per, Repeat

STAYING = frozenset({"no-go", "no", "stop", "abort", "cancel"})
GO = (Choice(name="go"), Choice(name="no-go", goes_on=False))
_CHOICES = 20  # more is not a question but a form
_NAME = {"pattern": r"^\S+$"}
_MEANING = {
    "type": ["object", "null"],  # a name with nothing behind it is a choice too
    "additionalProperties": False,
    "properties": {
        "consequence": {"type": "string", "description": "What the answer leads to, for the person who gives it."},
        "goes_on": {"type": "boolean", "description": "Whether the run goes past this step."},
    },
}
_SCHEMA = {
    "anyOf": [
        {"type": "array", "minItems": 2, "maxItems": _CHOICES, "items": {"type": "string", **_NAME}},
        {
            "type": "object",
            "minProperties": 2,
            "maxProperties": _CHOICES,
            "propertyNames": _NAME,
            "additionalProperties": _MEANING,
        },
    ]
}


def read_choices(value: Any) -> tuple[Choice, ...]:
    """A list of names, or a mapping of names to {consequence, goes_on}, in the order in which they are written."""
    if isinstance(value, tuple):
        return value
    if not isinstance(value, list | dict) or not 2 <= len(value) <= _CHOICES:
        raise ValueError(f"expected two to {_CHOICES} choices, such as [go, no-go]")
    found = tuple(_choice(name, value.get(name) if isinstance(value, dict) else None) for name in value)
    if len({c.name for c in found}) < len(found):
        raise ValueError("two choices have the same name")
    if not any(c.goes_on for c in found):
        raise ValueError("no choice lets the run go on")
    return found


def _choice(name: Any, meaning: Any) -> Choice:
    if not isinstance(name, str) or not name or any(c.isspace() for c in name):
        raise ValueError(f"the name of a choice is one word, not {name!r}")
    meaning = {} if meaning is None else meaning
    if not isinstance(meaning, dict) or meaning.keys() - {"consequence", "goes_on"}:
        raise ValueError(f"choice {name}: expected consequence and goes_on")
    consequence, goes_on = meaning.get("consequence", ""), meaning.get("goes_on", name not in STAYING)
    if not isinstance(consequence, str) or not isinstance(goes_on, bool):
        raise ValueError(f"choice {name}: consequence is text, goes_on is true or false")
    return Choice(name=name, consequence=consequence, goes_on=goes_on)


class DecideParams(Params):
    """`decide: QUESTION`, or a mapping."""

    question: PlainText = Field(description="What is asked.")
    choices: Annotated[tuple[Choice, ...], BeforeValidator(read_choices), WithJsonSchema(_SCHEMA)] = Field(
        GO,
        description="The possible answers; [go, no-go] if none are given. The run stays at "
        + ", ".join(sorted(STAYING))
        + " unless goes_on says otherwise, and goes on at every other.",
        json_schema_extra={"default": [c.name for c in GO]},
    )


def procedure(params: DecideParams, setting: Setting, files: Files) -> Procedure:
    """One question for a person."""
    return Procedure(apply=(AskPerson(prompt=params.question, choices=params.choices, evidence=setting.evidence),))


ACTION = Action(
    name="decide",
    help="A question that a person answers: go or no-go, or choices of your own.",
    params=DecideParams,
    procedure=procedure,
    shorthand="question",
    per=Per.PHASE,
    repeat=Repeat.MANUAL,
)
