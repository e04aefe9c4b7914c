"""Attack 31: what is stored and what is sent is JSON, and reading it makes nothing but the values that are known.

Workers on other machines do not exist yet; what exists (plans, journals, decisions) is tested here.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attacks.source_code import called, imported
from planning.planning_builders import book, estate, phase, planned, run
from runbook_engine.model.errors import RunbookError
from runbook_engine.planning import read_plan, write_plan

MAKERS = {
    "pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "jsonpickle",
    "copyreg",
    "multiprocessing",
    "dbm",
    "xmlrpc",
}
PLAN = json.loads(write_plan(planned(book(phase("p", run("s", "true"))), estate("a", groups={"web": ["a"]}))))
BAD = [
    {"__reduce__": ["os.system", ["id"]]},
    {"py/object": "os.system", "py/reduce": [{"py/function": "os.system"}, ["id"]]},
    {"kind": "os.system"},
    {"type": "subprocess.Popen", "args": ["id"]},
    {"$type": "System.Diagnostics.Process"},
    {"__class__": "object"},
]


def test_attack_31_no_module_that_makes_objects_from_bytes() -> None:
    """None of them is imported, and nothing evaluates text as code."""
    assert [(module, name) for module, name in imported() if name.partition(".")[0] in MAKERS] == []
    found = [
        (module, name, call.lineno) for module, name, call in called() if name in ("eval", "exec", "execfile", "PickleType")
    ]
    found = [entry for entry in found if not entry[0].startswith("lab/")]
    of_names_of_fields = ("model/values.py", "exec")  # as the standard library's dataclasses do
    assert [(module, name) for module, name, _ in found] == [of_names_of_fields]


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in some data."""
    found = [path] if path else []
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += places(part, (*path, key))
    return found


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(places(PLAN)), bad=st.sampled_from(BAD) | st.none() | st.integers() | st.text(max_size=5))
def test_attack_31_a_saved_plan_with_anything_put_in_is_refused(place: tuple[str | int, ...], bad: object) -> None:
    """Wherever it is put, the plan is not taken, for its digest or its form is another; or it says the same as before."""
    data = json.loads(json.dumps(PLAN))
    part = data
    for step in place[:-1]:
        part = part[step]
    same = part[place[-1]] == bad
    part[place[-1]] = bad
    text = json.dumps(data).encode()
    if same:
        assert read_plan(text, "x.plan").runbook == "book"
    else:
        with pytest.raises(RunbookError):
            read_plan(text, "x.plan")


@pytest.mark.parametrize(
    "data", [b"\x80\x04K\x01.", b"cos\nsystem\n(S'id'\ntR.", b"\xe3\x00\x00\x00", b"{}", b"[]", b"null", b"", b"\xff" * 50]
)
def test_attack_31_what_is_no_plan_is_told_so(data: bytes) -> None:
    """Pickles, marshalled code and nothing at all."""
    with pytest.raises(RunbookError):
        read_plan(data, "x.plan")
