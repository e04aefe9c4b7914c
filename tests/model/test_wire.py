"""The JSON form of the model: what is written comes back as it was, and what was not written by us is refused."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.commands import Command, Procedure
from runbook_engine.model.conditions import AllOf, AnyOf, Compare, Condition, Constant, Not
from runbook_engine.model.decisions import Decision
from runbook_engine.model.events import AttemptEnded, AttemptStarted, Event, NoteAdded, Outcome
from runbook_engine.model.plan import Plan
from runbook_engine.model.text import Fill, Later, SecretRef
from runbook_engine.model.wire import WireError, canonical, from_data, to_data
from runbook_engine.model.words import AttemptId, Kind, Status, TaskId

zones = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-5, minutes=-30))])
texts = st.text(max_size=8) | st.sampled_from(["", "{{ x }}", "\x00", "\ud800", "Größe", "is", "2026-01-01"])
numbers = st.integers(-(2**63), 2**63)
floats = st.floats(allow_nan=False, allow_infinity=False)
SIMPLE: Mapping[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: numbers,
    bool: st.booleans(),
    float: floats,
    NoneType: st.none(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    datetime: st.datetimes(timezones=zones),
    date: st.dates(),
    Fill: st.builds(Fill, st.integers(0, 9)),
    Later: st.builds(Later, texts, st.lists(texts | numbers, max_size=3).map(tuple), st.booleans()),
    SecretRef: st.builds(SecretRef, texts, st.booleans()),
}


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value that a type hint allows."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    if hasattr(kind, "__supertype__"):
        return of(kind.__supertype__)
    origin, inner = get_origin(kind), get_args(kind)
    if kind in (Compare, AllOf, AnyOf, Not, Constant) or (origin is not None and Compare in inner):
        return conditions.filter(lambda value: origin is not None or isinstance(value, kind))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{f.name: st.deferred(lambda t=hints[f.name]: of(t)) for f in fields(kind) if f.compare})  # type: ignore[misc]
    if isinstance(kind, type) and origin is None:
        return st.sampled_from(kind)  # an enum
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(of(inner[0]), of(inner[1]), max_size=2)
    if origin is tuple and inner[-1] is not Ellipsis:
        return st.tuples(*map(of, inner))
    if origin is tuple:
        return st.lists(of(inner[0]), max_size=2).map(tuple)
    if origin is frozenset:
        return st.frozensets(of(inner[0]), max_size=2)
    return st.one_of(*map(of, inner))


literals = texts | numbers | floats | st.booleans() | st.none()
constants = st.builds(Constant, literals | st.lists(literals, max_size=2).map(tuple))
operands = constants | SIMPLE[Later]
conditions = st.recursive(
    operands | st.builds(Compare, st.sampled_from(["==", "in"]), operands, operands),
    lambda parts: (
        st.builds(AllOf, st.lists(parts, max_size=2).map(tuple))
        | st.builds(AnyOf, st.lists(parts, max_size=2).map(tuple))
        | st.builds(Not, parts)
    ),
    max_leaves=4,
)


def through_json(value: object) -> Any:
    """To bytes and back to plain data, as the journal does it."""
    return json.loads(canonical(to_data(value)).decode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("kind", [Event, Decision, Command, Condition], ids=["event", "decision", "command", "condition"])
def test_every_member_of_every_union_comes_back_as_it_was(kind: Any) -> None:
    """Events, decisions, commands, conditions: each value, of each class, survives the way through JSON bytes."""

    @settings(max_examples=300, deadline=None)
    @given(st.one_of(*map(of, get_args(kind))))
    def check(value: object) -> None:
        back = from_data(kind, through_json(value))
        assert back == value
        assert type(back) is type(value)
        assert canonical(to_data(back)) == canonical(to_data(value))

    check()


@settings(max_examples=40, deadline=None)
@given(of(Plan))
def test_every_plan_comes_back_as_it_was(plan: Plan) -> None:
    """A plan with anything in it is the same value, and the same bytes, after storing and reading."""
    back = from_data(Plan, through_json(plan))
    assert back == plan
    assert canonical(to_data(back)) == canonical(to_data(plan))


@pytest.mark.parametrize("deadline", [date(2026, 12, 11), datetime(2026, 12, 11, tzinfo=UTC), datetime(2026, 12, 11), None])  # noqa: DTZ001 - what the author wrote has no zone
def test_a_date_stays_a_date_and_a_moment_a_moment(deadline: date | None) -> None:
    """A deadline on a day lasts to the end of the day, one at midnight does not: the two are never confused."""
    plan = Plan(
        runbook="r",
        title="t",
        kind=Kind.INSTALL,
        owner="o",
        why="w",
        impact="i",
        phases=(),
        packages={},
        targets={},
        deadline=deadline,
    )
    back = from_data(Plan, through_json(plan))
    assert (type(back.deadline), back.deadline) == (type(deadline), deadline)


def test_the_bytes_are_always_the_same() -> None:
    """Canonical means: one byte form, with sorted keys, no spaces, and text as it is."""
    outcome = Outcome(status=Status.OK, exit_code=0, saved={"b": "ü", "a": "\n"})
    at = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    event = AttemptEnded(at=at, task=TaskId("a/b@h"), attempt=AttemptId("1"), outcome=outcome)
    assert canonical(to_data(event)).decode() == (
        '{"at":"2026-11-30T22:00:00+00:00","attempt":"1","is":"AttemptEnded","outcome":{"exit_code":0,"is":"Outcome",'
        '"saved":{"a":"\\n","b":"ü"},"status":"ok"},"task":"a/b@h"}'
    )


def test_what_is_at_its_default_is_left_out_but_not_what_only_equals_it() -> None:
    """False is not 0 and 1 is not 1.0: a value that merely compares equal to the default is written."""
    assert to_data(Constant(None)) == {"is": "Constant", "value": None}
    assert to_data(Outcome(status=Status.OK, duration_s=0.0)) == {"is": "Outcome", "status": "ok"}
    assert to_data(Outcome(status=Status.OK, exit_code=0))["exit_code"] == 0
    assert to_data(Outcome(status=Status.OK, duration_s=0)) == {"is": "Outcome", "status": "ok", "duration_s": 0}
    assert to_data(Procedure()) == {"is": "Procedure"}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "AttemptStarted",
        {},
        {"is": "NoSuchEvent"},
        {"is": "Outcome", "status": "ok"},
        {"is": "AttemptStarted"},
        {"is": "AttemptStarted", "at": "yesterday", "task": "a", "attempt": "b"},
        {"is": "AttemptStarted", "at": "2026-11-30T22:00:00+00:00", "task": 7, "attempt": "b"},
        {"is": "AttemptStarted", "at": "2026-11-30T22:00:00+00:00", "task": "a", "attempt": "b", "extra": 1},
        {"is": "AttemptStarted", "at": "2026-11-30T22:00:00+00:00", "task": "a", "attempt": "b", "purpose": "fun"},
        {"is": "RunEnded", "at": 5},
        {"is": ["RunEnded"]},
    ],
)
def test_what_we_did_not_write_is_refused(data: object) -> None:
    """Data of another shape, class, word or type gives a WireError and nothing else."""
    with pytest.raises(WireError):
        from_data(Event, data)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | texts
        | st.sampled_from(["NoteAdded", "RunEnded", "2026-11-30T22:00:00+00:00"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["is", "at", "by", "text", "task"]), inner, max_size=5)
        ),
        max_leaves=8,
    )
)
def test_no_data_makes_reading_fail_in_another_way(data: object) -> None:
    """Whatever JSON is read as an event: it is one, or a WireError says that it is not."""
    try:
        event = from_data(Event, data)
    except WireError:
        return
    assert type(event).__name__ == data["is"]  # type: ignore[index]


def test_a_value_without_a_json_form_is_refused() -> None:
    """A value that the model does not know is a mistake of ours and says so."""
    with pytest.raises(WireError, match="bytes has no JSON form"):
        to_data(NoteAdded(at=datetime(2026, 1, 1, tzinfo=UTC), by="x", text=b"x"))  # type: ignore[arg-type]


def test_an_event_is_small_and_quick() -> None:
    """The common events stay near 200 bytes, because a night's journal has hundreds of thousands."""
    at = datetime(2026, 11, 30, 22, 0, 1, 250000, tzinfo=UTC)
    started = AttemptStarted(at=at, task=TaskId("firmware/flash@r12-u01"), attempt=AttemptId("rack12-install-1:317"))
    ended = AttemptEnded(at=at, task=started.task, attempt=started.attempt, outcome=Outcome(status=Status.OK, exit_code=0))
    assert len(canonical(to_data(started))) < 160
    assert len(canonical(to_data(ended))) < 220
