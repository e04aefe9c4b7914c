"""The JSON Schema says the same as the loader, as far as a schema can."""

import re
from pathlib import Path

import pytest

from runbook_engine.actions import all_actions
from runbook_engine.loading import json_schema, load_runbook, read_document
from runbook_engine.model.errors import NotValid

SCHEMA = json_schema()
EXAMPLE = read_document((Path(__file__).parent / "data" / "rack12-install.yml").read_text(), "example.yml").data
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def fits(value, schema):
    """Whether a value is valid by the part of JSON Schema (draft 7) that our schema uses; an unknown word is a failure."""
    known = {
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "default",
        "type",
        "enum",
        "const",
        "anyOf",
        "pattern",
        "format",
    }
    known |= {
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
    }
    known |= {"items", "minItems", "maxItems", "uniqueItems", "minLength", "minimum", "maximum"}
    assert schema.keys() <= known, schema.keys() - known
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    if "anyOf" in schema:
        return any(fits(value, s) for s in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return any(value == c and type(value) is type(c) for c in schema.get("enum", [schema.get("const")]))
    types = schema.get("type", list(TYPES))
    if not any(is_a(value, t) for t in ([types] if isinstance(types, str) else types)):
        return False
    checks = {str: fits_text, dict: fits_mapping, list: fits_list}
    return checks[type(value)](value, schema) if type(value) in checks else fits_number(value, schema)


def is_a(value, kind):
    """Whether a value has a type of JSON."""
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def fits_text(value, schema):
    """Pattern and length."""
    return bool(re.search(schema.get("pattern", ""), value)) and len(value) >= schema.get("minLength", 0)


def fits_number(value, schema):
    """Bounds."""
    return value is None or schema.get("minimum", value) <= value <= schema.get("maximum", value)


def fits_list(value, schema):
    """Its entries and their number."""
    return schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)) and all(
        fits(v, schema.get("items", {})) for v in value
    )


def fits_mapping(value, schema):
    """Its keys and their values."""
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, part in value.items():
        inner = properties.get(key) or next(
            (s for p, s in patterns.items() if re.search(p, key)), schema.get("additionalProperties", {})
        )
        if inner is False or (inner is not True and not fits(part, inner)):
            return False
    return all(key in value for key in schema.get("required", ()))


def parts(schema):
    """Every part of the schema that describes a value."""
    if isinstance(schema, list):
        for part in schema:
            yield from parts(part)
    elif isinstance(schema, dict):
        yield schema
        for key, part in schema.items():
            if key not in ("default", "const", "enum"):
                yield from parts(list(part.values()) if key in ("properties", "$defs", "patternProperties") else part)


def test_the_example_is_valid():
    """What the loader takes, the schema takes."""
    assert fits(EXAMPLE, SCHEMA)


def test_every_mapping_is_closed():
    """An editor underlines each unknown key, at every depth."""
    for part in parts(SCHEMA):
        if "properties" in part or "patternProperties" in part:
            assert part["additionalProperties"] is False, part


def test_every_key_is_described():
    """The hover of an editor has a sentence for each key."""
    for part in parts(SCHEMA):
        for name, inner in part.get("properties", {}).items():
            assert inner.get("description", "").endswith((".", "?", '"')), name


def test_every_reference_leads_somewhere_and_nothing_is_left_over():
    """The definitions are exactly those that are used."""
    used = {part["$ref"].removeprefix("#/$defs/") for part in parts(SCHEMA) if "$ref" in part}
    assert used == set(SCHEMA["$defs"])


def test_every_action_can_be_written_short_and_long():
    """A step may have each action, as its parameters or in its short form."""
    step = SCHEMA["$defs"]["Step"]["properties"]
    for name, action in all_actions().items():
        forms = step[name]["anyOf"]
        assert {"$ref": f"#/$defs/{action.params.__name__}"} in forms
        assert len(forms) == 2 or not action.shorthand


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: install", "kind: instal"),
        ("amount: 18500 EUR", "amount: 18500"),
        ("takes: 1m", "takes: 1"),
        ("takes: 1m", "takse: 1m"),
        ("batches: [1, 4, 50%, rest]", "batches: [1, 4, half]"),
        ("count: 2}", "count: two}"),
        ("evidence: [photo, serial_number]", "evidence: {photo: picture}"),
        ("on_failure: stop", "on_failure: halt"),
        ("reboot: {within: 15m}", "reboot: {withn: 15m}"),
        ("id: cabling", "id: Cabling"),
        ("timeout: 45m", "timeout: "),
        ("why: The", "wy: The"),
    ],
)
def test_schema_and_loader_refuse_the_same(tmp_path, old, new):
    """A mistake that the schema can see is one for the loader too."""
    text = (Path(__file__).parent / "data" / "rack12-install.yml").read_text()
    assert old in text
    file = tmp_path / "try.yml"
    file.write_text(text.replace(old, new))
    assert not fits(read_document(file.read_text(), "f.yml").data, SCHEMA)
    with pytest.raises(NotValid):
        load_runbook(file)
