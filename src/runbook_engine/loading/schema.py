"""The JSON Schema of a runbook file (draft 7), for editors: every key, every action, every word that is allowed."""

from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import core_schema

from runbook_engine.loading.runbook_document import (
    IncludeDocument,
    PhaseDocument,
    RunbookDocument,
    SharedPhasesDocument,
    SharedStepsDocument,
)
from runbook_engine.loading.step_document import step_model

DRAFT = "http://json-schema.org/draft-07/schema#"
_MODELS = (RunbookDocument, PhaseDocument, step_model, IncludeDocument, SharedPhasesDocument, SharedStepsDocument)
_NAMES = {"PhaseDocument": "Phase", "IncludeDocument": "Include"}


class _Generate(GenerateJsonSchema):
    """As pydantic does it, but a key that may be left out may not be null, and closed mappings stay closed."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        """The schema of the value when there is one."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        """Without the default where it only means that the key is left out."""
        if schema.get("default") in (None, (), {}, ""):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> dict[str, Any]:
        """Keys that do not have the form are not allowed; written so that editors offer the words of the values."""
        found = super().dict_schema(schema)
        forms = found.pop("patternProperties", {})
        for form, values in forms.items():
            found |= {"propertyNames": {"pattern": form}, "additionalProperties": values}
        return found


def json_schema() -> dict[str, Any]:
    """The schema of a runbook."""
    definitions = _definitions()
    top = definitions["RunbookDocument"]
    return {"$schema": DRAFT, "title": "Runbook", **top, "$defs": _used(top, definitions)}


def included_json_schema() -> dict[str, Any]:
    """The schema of a file of phases or steps that runbooks include."""
    definitions = _definitions()
    top = {"anyOf": [definitions["SharedPhasesDocument"], definitions["SharedStepsDocument"]]}
    return {"$schema": DRAFT, "title": "Included phases or steps", **top, "$defs": _used(top, definitions)}


def _used(schema: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that a schema leads to."""
    used: dict[str, Any] = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = definitions[name]
            waiting.extend(_references(definitions[name]))
    return dict(sorted(used.items()))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.removeprefix("#/$defs/")
            else:
                yield from _references(value)


def _definitions() -> dict[str, Any]:
    models = [(m if isinstance(m, type) else m(), "validation") for m in _MODELS]
    _, found = models_json_schema(models, schema_generator=_Generate)  # type: ignore[arg-type]
    definitions: dict[str, Any] = _without_titles(found["$defs"])
    for name, short in _NAMES.items():
        definitions[short] = definitions.pop(name)
    step = definitions["Step"]
    definitions["HealthCheck"] = {**step, "required": [key for key in step["required"] if key != "id"]}
    return definitions


def _without_titles(schema: Any) -> Any:
    """Editors show the title that pydantic makes from a key's name; the key itself says as much."""
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _without_titles(part) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _without_titles(value)
        for key, value in schema.items()
        if key != "title" or not isinstance(value, str)
    }
