"""What the pages say in numbers and tables is made from the program: keys, filters, limits, what is not enforced, schemas.

RUNBOOK_ACCEPT=1 writes them anew; read the difference before you commit it.
"""

import json
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from runbook_engine.actions import all_actions, decide, values
from runbook_engine.cli import attaching, projects
from runbook_engine.loading import (
    UNENFORCED,
    Limits,
    calendar_events,
    calendar_files,
    estate_ranges,
    estate_times,
    estate_tree,
    included_json_schema,
    including,
    json_schema,
)
from runbook_engine.loading.estate_documents import InventoryDocument
from runbook_engine.model.secret_names import PATTERN
from runbook_engine.planning import expressions, selecting
from runbook_engine.planning.filters import AUTHOR_FILTERS
from runbook_engine.planning.plain import LONGEST_TEXT
from runbook_engine.transports.settings import LinkSettings
from runbook_engine.workers.procedure import LONGEST_SAVED

DOCS = Path(__file__).parents[2] / "docs"
MIB = 1 << 20
WORDS = ("text", "file", "photo", "number", "yes_no")
FORMS = {  # what a pattern of the schema is called on the page
    r"^(\d+(\.\d+)?\s*[smhd]\s*)+$": "duration",
    r"^[a-z0-9][a-z0-9._-]*$": "id",
    r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)?$": "id or phase/step",
    r"^[0-9]{1,12}(\.[0-9]{1,2})? ?[A-Z]{3}$": "amount",
    r"^[0-9]{1,3}(\.[0-9]{1,2})? ?%$": "percentage",
    r"^[0-9]{1,3}%$": "percentage",
    r"^([0-9]{1,3}%|rest)$": "percentage or `rest`",
    f"^{PATTERN}$": "name of a secret",
    r"^([0-7]{3,4})?$": "mode in quotes",
    r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$": "date, or date and time",
    r"^\d[\d.smhd ]*(\.\.\s*\d[\d.smhd ]*)?$": "duration, or two with `..` between",
}
SECTIONS = {  # each definition of the schema, and what its table is called
    "ParamDocument": "`params`",
    "BudgetDocument": "`budget`",
    "CostDocument": "`costs`",
    "ApprovalDocument": "`approvals`",
    "StakeholderDocument": "`stakeholders`",
    "Phase": "phases",
    "RollingDocument": "`rolling`",
    "FailuresDocument": "`max_failures`",
    "NoReturnDocument": "`point_of_no_return`",
    "Step": "steps",
    "WhoDocument": "`who`",
    "TakesDocument": "`takes`",
    "NeedDocument": "`needs` of steps",
    "DeadlineDocument": "`deadline`",
    "RetryDocument": "`retries`",
    "BecomeDocument": "`become`",
    "SecretDocument": "secrets",
    "RollBack": "`roll_back`",
    "Include": "`include`",
    **{action.params.__name__: f"`{name}`" for name, action in all_actions().items()},
    "QuestionParams": "`http` in `wait_for`",
    "AwaitedParams": "`wait` in `redfish`",
}
LIKE = {"HealthCheck": "Step"}  # a check is a step that may go without an id
ACTIONS = "one of " + ", ".join(f"`{name}`" for name in all_actions())


def anchor(heading: str) -> str:
    """The link to a heading, as Git forges make it."""
    return "#" + re.sub(r"[^a-z0-9_ -]", "", f"keys of {heading}".lower()).replace(" ", "-")


def form(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        known = SECTIONS.get(LIKE.get(name, name))
        return f"[mapping]({anchor(known)})" if known else form(definitions[name], definitions)
    if "anyOf" in schema:
        forms = dict.fromkeys(form(s, definitions) for s in schema["anyOf"])
        return " or ".join(f for f in forms if f != "nothing" or len(forms) == 1)
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{json.dumps(w).strip(chr(34))}`" for w in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == ["string", "integer", "number", "boolean"]:
        return "any value"
    if isinstance(schema.get("type"), list):
        return " or ".join(dict.fromkeys(form({**schema, "type": t}, definitions) for t in schema["type"]))
    return of_type(schema, definitions)


def of_type(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """The same for a schema that names one type."""
    match schema.get("type"):
        case "string":
            return "date" if schema.get("format") == "date" else FORMS.get(schema.get("pattern", ""), "text")
        case "integer" | "number" if "maximum" in schema and schema["maximum"] <= 65_535:
            return f"number, {schema.get('minimum', 0)} to {schema['maximum']:,}"
        case "integer" | "number":
            return "number"
        case "boolean":
            return "`true` or `false`"
        case "array":
            return f"list of {form(schema.get('items', {}), definitions)}"
        case "object":
            inner = schema.get("additionalProperties")
            return f"mapping of names to {form(inner, definitions)}" if isinstance(inner, dict) else "mapping"
        case "null":
            return "nothing"
    return "anything"


def table(schema: dict[str, Any], definitions: dict[str, Any], leave_out: Collection[str] = ()) -> str:
    """The keys of one mapping."""
    rows = ["| key | value | meaning |", "|---|---|---|"]
    for key, said in schema["properties"].items():
        if key not in leave_out:
            name = f"**`{key}`**" if key in schema.get("required", ()) else f"`{key}`"
            meaning = said.get("description", "").rstrip(".") + default(said)
            rows.append(f"| {name} | {form(said, definitions)} | {meaning} |".replace("||", "\\|\\|"))
    return "\n".join(rows)


def default(said: dict[str, Any]) -> str:
    """What counts if the key is left out, where that is worth a word."""
    value = said.get("default")
    if value is False or value in (None, "", [], {}):
        return ""
    return f". Default: `{value if isinstance(value, str) else json.dumps(value)}`"


def keys() -> str:
    """Every key of a runbook and of the files that it includes."""
    schema = json_schema()
    definitions = schema["$defs"]
    actions = all_actions().keys()
    parts = [f"### Keys of a runbook\n\n{table(schema, definitions)}"]
    for name, heading in SECTIONS.items():
        lead = {
            "Step": f"{ACTIONS[0].upper()}{ACTIONS[1:]}, and:\n\n",
            "RollBack": f"{ACTIONS[0].upper()}{ACTIONS[1:]}, or `none`; and:\n\n",
        }.get(name, "")
        leave_out = actions if lead else ()
        parts.append(f"### Keys of {heading}\n\n{lead}{table(definitions[name], definitions, leave_out)}")
    return "\n\n".join(parts)


def inventory_keys() -> str:
    """Every key of an inventory file."""
    schema = InventoryDocument.model_json_schema()
    definitions = schema["$defs"]
    parts = []
    for section, said in schema["properties"].items():
        name = next(iter(re.findall(r"\$defs/(\w+)", json.dumps(said))), "")
        lead = f"**`{section}`** – {said['description']}."
        parts.append(lead if name not in definitions else f"{lead}\n\n{table(definitions[name], definitions)}")
    ssh = f"**`ssh`**, of groups and hosts\n\n{table(definitions['SshDocument'], definitions)}"
    bmc = f"**`bmc`**, of groups and hosts\n\n{table(definitions['BmcDocument'], definitions)}"
    leave = f"**`leave`**, of people\n\n{table(definitions['LeaveDocument'], definitions)}"
    most = f"**`limits`**, of people\n\n{table(definitions['LimitsDocument'], definitions)}"
    also = f"**`also`**, of people\n\n{table(definitions['ExtraDocument'], definitions)}"
    return "\n\n".join([*parts, ssh, bmc, leave, also, most])


def filters() -> str:
    """The filters that templates have."""
    return "The filters are " + ", ".join(f"`{name}`" for name in sorted(AUTHOR_FILTERS)) + "."


def unenforced() -> str:
    """What is accepted and has no effect yet."""
    schema = json_schema()
    homes = {"runbook": schema, "phase": "Phase", "step": "Step", "need": "NeedDocument"}
    rows = ["| key | of | what it says |", "|---|---|---|"]
    for name in UNENFORCED:
        home, _, key = name.partition(".")
        of = homes[home] if isinstance(homes[home], dict) else schema["$defs"][homes[home]]
        rows.append(f"| `{key}` | {home} | {of['properties'][key]['description']} |")
    return "\n".join(rows)


def limits() -> str:
    """The bounds that authors can meet."""
    files = Limits()
    rolling = json_schema()["$defs"]["RollingDocument"]["properties"]["batches"]
    retries = json_schema()["$defs"]["RetryDocument"]["properties"]["count"]
    bounds = {
        "size of a YAML file": f"{files.size // MIB} MiB",
        "lists and mappings inside each other": f"{files.depth}",
        "entries that YAML aliases may repeat": f"{files.expansions:,}",
        "files that include each other, and includes of a runbook": f"{including.DEEPEST} deep, {including.MOST:,}",
        "hosts of an inventory, groups inside each other": f"{estate_ranges.MAX_HOSTS:,}, {estate_tree.MAX_DEPTH}",
        "size of an iCalendar file, and how often its events take place": (
            f"{calendar_files.MAX_BYTES // MIB} MiB, {calendar_events.MOST:,}"
        ),
        "years in which an event repeats: of a window, of a freeze": (
            f"{estate_times.WINDOW_YEARS}, {estate_times.FREEZE_YEARS}"
        ),
        "length of a selector, parentheses in it": f"{selecting.LONGEST:,} characters, {selecting.DEEPEST}",
        "entries of `batches`": f"{rolling['maxItems']:,}",
        "a duration": f"{values.LONGEST_S / 86400:g} days",
        "choices of a question": f"{decide._CHOICES}",
        "`retries`": f"{retries['maximum']:,}",
        "what a template becomes, expressions inside each other": f"{LONGEST_TEXT:,} characters, {expressions.DEEPEST}",
        "what a step saves with `save_as`": f"{LONGEST_SAVED // 1024} KiB",
        "a script or a template (a file for `upload` may have any size)": f"{projects.FILE_LIMIT_BYTES // MIB} MiB",
        "a file that is handed in as evidence": f"{attaching.LIMIT_BYTES // MIB} MiB",
        "the answer to an HTTP request": f"{LinkSettings(run_folder=DOCS).http_bytes // MIB} MiB",
    }
    return "\n".join(["| what | at most |", "|---|---|", *(f"| {what} | {most} |" for what, most in bounds.items())])


@pytest.mark.parametrize(
    ("page", "name", "make"),
    [
        ("runbook-format.md", "keys", keys),
        ("runbook-format.md", "filters", filters),
        ("runbook-format.md", "unenforced", unenforced),
        ("runbook-format.md", "limits", limits),
        ("inventory.md", "keys", inventory_keys),
    ],
)
def test_what_is_made_from_the_program_is_on_the_page(page: str, name: str, make: Callable[[], str]) -> None:
    """The marked part of the page is what the program says today."""
    file = DOCS / page
    text = file.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: made by the tests -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    assert found
    assert closed
    right = f"{before}{begin}{make()}\n{end}{after}"
    if os.environ.get("RUNBOOK_ACCEPT") == "1":
        file.write_text(right, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == right, "RUNBOOK_ACCEPT=1 writes it anew"


def test_every_part_of_the_schema_has_a_table() -> None:
    """No mapping of the format is left out of the page."""
    mappings = {name for name, said in json_schema()["$defs"].items() if said["type"] == "object"}

    assert mappings - LIKE.keys() == SECTIONS.keys()


@pytest.mark.parametrize(("name", "make"), [("runbook", json_schema), ("included", included_json_schema)])
def test_the_schemas_in_docs_are_those_of_the_program(name: str, make: Callable[[], dict[str, Any]]) -> None:
    """The file that editors are told to use says the same as `runbook schema`."""
    file = DOCS / f"{name}.schema.json"
    right = json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("RUNBOOK_ACCEPT") == "1":
        file.write_text(right, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == right, "RUNBOOK_ACCEPT=1 writes it anew"


def test_the_page_names_the_answers_at_which_a_run_stays() -> None:
    """Each word that means no is on the page."""
    text = (DOCS / "runbook-format.md").read_text(encoding="utf-8").partition("### decide")[2].partition("### pause")[0]

    assert [word for word in decide.STAYING if f"`{word}`" not in text] == []
