"""Selectors: what they mean, and that none of them surprises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.planning_builders import estate, host
from runbook_engine.model.errors import NotValid
from runbook_engine.planning import select

ESTATE = estate(
    host("web-1", site="ams1", rack="r12", owner="shop", serves=("orders",), tags=frozenset({"canary"})),
    host("web-2", site="ams1", rack="r13"),
    host("db-1", site="fra2", rack="r12", serves=("orders", "stock")),
    host("lb", site="fra2"),
    groups={"web": ["web-1", "web-2"], "db": ["db-1"], "empty": [], "front-end": ["lb", "web-1"]},
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("web", "web-1 web-2"),
        ("web-1", "web-1"),
        ("web-*", "web-1 web-2"),
        ("all", "web-1 web-2 db-1 lb"),
        ("web & site=ams1", "web-1 web-2"),
        ("all - web", "db-1 lb"),
        ("all - web - db-1", "lb"),
        ("db | web", "web-1 web-2 db-1"),
        ("lb, db", "db-1 lb"),
        ("(db | web) & rack=r12", "web-1 db-1"),
        ("db | web & rack=r12", "web-1 db-1"),
        ("front-end - tag:canary", "lb"),
        ("tag=canary", "web-1"),
        ("serves=orders", "web-1 db-1"),
        ("owner=shop", "web-1"),
        ("rack=r1*", "web-1 web-2 db-1"),
        ("((lb))", "lb"),
    ],
)
def test_a_selector_means_these_hosts_in_the_order_of_the_estate(selector: str, expected: str) -> None:
    """Every form of selector gives its hosts in the order of the estate."""
    assert " ".join(select(ESTATE, selector)) == expected


@pytest.mark.law(6)
@pytest.mark.parametrize(
    ("selector", "message", "hint"),
    [
        ("wbe-1", "no group or host 'wbe-1'", "'web-1'"),
        ("web - db-1 & lb", "matches no host", ""),
        ("empty", "matches no host", ""),
        ("app*", "no host is called like", ""),
        ("web | app*", "no host is called like", ""),
        ("web - tag:canray", "no host has tag 'canray'", "canary"),
        ("site=asm1", "no host has site 'asm1'", "ams1"),
        ("color=red", "cannot be chosen by 'color'", "site"),
        ("web-db", "no group or host", "web - db"),
        ("", "missing at the end", ""),
        ("web &", "missing at the end", ""),
        ("(web", "closing parenthesis", ""),
        ("web)", "')' is not expected", ""),
        ("web db", "'db' is not expected", ""),
        ("(" * 60 + "web" + ")" * 60, "parentheses", ""),
        ("w" * 20_000, "longer than", ""),
    ],
)
def test_a_selector_that_is_misspelt_or_matches_nothing_is_an_error(selector: str, message: str, hint: str) -> None:
    """L6: nothing is widened or left out silently; the repair is named where there is one."""
    with pytest.raises(NotValid) as caught:
        select(ESTATE, selector)
    mistake = caught.value.mistakes[0]
    assert message in mistake.message
    assert hint in mistake.hint


@given(st.text(max_size=60))
def test_any_text_is_a_selector_or_a_mistake(selector: str) -> None:
    """No selector makes the program stumble."""
    try:
        found = select(ESTATE, selector)
    except NotValid:
        return
    assert found
    assert set(found) <= set(ESTATE.hosts)
