"""Conditions of approvals: what is read, what is refused, and that nothing else happens."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_engine.model.approval_conditions import Facts, check_condition, holds
from runbook_engine.model.runbook import Money
from runbook_engine.model.words import Kind

FACTS = Facts(budget=Money(amount=Decimal(20000), currency="EUR"), kind=Kind.INSTALL, hosts=5, risk="reversible", batches=2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("budget >= 20000 EUR", True),
        ("budget>=20000EUR", True),
        ("20000.01 EUR <= budget", False),
        ("budget in [20000, 5 EUR]", True),
        ("budget > 1 USD", None),
        ("budget > 1 USD or hosts == 5", True),
        ("budget > 1 USD and hosts == 6", False),
        ("not (hosts < 10)", False),
        ("not not hosts < 10", True),
        ("hosts == 1 and hosts == 2 or hosts == 5", True),
        ("hosts == 5 or hosts == 1 and hosts == 2", True),
        ("kind != \"upgrade\" and kind not in ('upgrade')", True),
        ("risk == 'irreversible' or batches >= 2", True),
        ("  hosts\t!=  5 ", False),
    ],
)
def test_what_holds(text, value):
    """Comparisons, and, or, not, brackets, lists; nobody can tell is neither."""
    assert check_condition(text) == ""
    assert holds(text, FACTS) is value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a name or a value at the end"),
        ("budget", "expected a comparison such as >= at the end"),
        ("bugdet > 5", "there is no bugdet: the names are budget, hosts, batches, kind, risk; texts stand in quotes"),
        ("kind == install", "there is no install"),
        ("kind == 'instal'", "kind is one of install, upgrade, maintenance, never instal"),
        ("risk == 'high'", "risk is one of irreversible, reversible, never high"),
        ("kind > 'install'", "kind has no order"),
        ("kind == 5", "kind is one of"),
        ("hosts > '5'", "hosts is compared with a number"),
        ("hosts > 5 EUR", "hosts is compared with a number"),
        ("budget > 'much'", "budget is compared with a number, such as 20000 EUR"),
        ("hosts > batches", "compare hosts with a value, not with batches"),
        ("1 < hosts < 5", "expected and, or, or the end before <"),
        ("1 == 1", "one side must be a name"),
        ("hosts > 5 and", "expected a name or a value at the end"),
        ("(hosts > 5", "expected ) at the end"),
        ("hosts > 5)", "expected and, or, or the end before )"),
        ("hosts in 5", "expected [ before 5"),
        ("hosts in []", "expected a name or a value before ]"),
        ("hosts in [batches]", "a list has values only"),
        ("hosts not 5", "expected in before 5"),
        ("hosts = 5", "cannot read '= 5'"),
        ("hosts > 1e5", "cannot read '1e5'"),
        ("hosts > -1", "cannot read '-1'"),
        ("budget > 20000 EURO", "expected and, or, or the end before EURO"),
        ("budget > 20.000.000", "cannot read"),
        ("kind == 'inst\\x61ll'", "cannot read"),
        ("__import__('os').system('true')", "cannot read"),
        ("hosts.__class__ == 5", "cannot read '.__class__"),
        ("__import__ == 5", "there is no __import__"),
        ("hosts > 5 if kind else 6", "expected and, or, or the end before if"),
        ("hosts > 5\n; true", "cannot read '; true'"),
        ("(" * 50 + "hosts > 5" + ")" * 50, "more than 20 brackets inside each other"),
        ("not " * 50 + "hosts > 5", "more than 20 brackets inside each other"),
        ("hosts > 5 or " * 200 + "hosts > 5", "the condition is longer than 1,000 characters"),
    ],
)
def test_what_is_refused(text, message):
    """Names that there are not, values that do not fit, whatever else Python can do."""
    assert message in check_condition(text)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_anything_is_read_or_refused(text):
    """Every text gets an answer, and one that is right can be asked."""
    if check_condition(text) == "":
        assert holds(text, FACTS) in (True, False, None)


WORDS = st.sampled_from(
    ["budget", "kind", "hosts", "risk", "and", "or", "not", "in", "(", ")", "[", "]", ",", "==", "<", "5", "5 EUR", "'install'"]
)


@settings(deadline=None)
@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_any_row_of_its_words_is_read_or_refused(text):
    """Also those that are nearly right."""
    if check_condition(text) == "":
        assert holds(text, FACTS) in (True, False, None)
