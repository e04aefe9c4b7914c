"""YAML text → `Runbook` and `Estate`, or every mistake of every file at once with its file, line and column.

Nothing here connects to anything or looks at a clock: reading the same files gives the same values. Read `runbooks` for
runbooks, `estate` for inventories, `document` for the reader that both stand on.
"""

from runbook_engine.loading.days_off import days_off
from runbook_engine.loading.document import Document, read_document, read_file
from runbook_engine.loading.estate import load_estate
from runbook_engine.loading.explain import explain, validated
from runbook_engine.loading.nodes import joined
from runbook_engine.loading.params import missing_params, param_values, read_params_file
from runbook_engine.loading.parse import Limits
from runbook_engine.loading.references import check, settled
from runbook_engine.loading.runbooks import load_runbook
from runbook_engine.loading.schema import included_json_schema, json_schema
from runbook_engine.loading.unenforced import UNENFORCED

__all__ = [
    "load_runbook",
    "load_estate",
    "days_off",
    "check",
    "settled",
    "param_values",
    "missing_params",
    "read_params_file",
    "json_schema",
    "included_json_schema",
    "UNENFORCED",
    "Document",
    "Limits",
    "read_document",
    "read_file",
    "joined",
    "explain",
    "validated",
]
