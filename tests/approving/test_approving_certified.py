"""Certificates: who has none, or one that has run out, does not do the work that asks for it."""

from datetime import date

import pytest

from runbook_engine.approving import uncertified
from runbook_engine.model.estate import Estate, Person
from runbook_engine.model.runbook import Who
from stand import manual

TODAY = date(2026, 12, 1)
ESTATE = Estate(
    people={
        "ana": Person(id="ana", skills={"lift": 2}, certificates={"forklift": date(2026, 12, 1), "esd": None}),
        "ben": Person(id="ben", skills={"lift": 2}, certificates={"forklift": date(2026, 11, 30)}),
        "cas": Person(id="cas"),
    },
    roles={"team": ("ana", "cas")},
)


def reason(name: str, *who: Who, estate: Estate = ESTATE) -> str:
    """Why somebody may not do work of these."""
    return uncertified(manual("p/a", who=who), name, estate, TODAY)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ana", ""),
        ("ben", "the certificate forklift of ben was valid until 2026-11-30"),
        ("cas", "cas does not have the certificate forklift"),
        ("root", "root is nobody in the inventory, and it asks for the certificate forklift"),
    ],
)
def test_a_certificate_counts_to_its_last_day(name: str, expected: str) -> None:
    """The last day counts; the day after does not."""
    assert reason(name, Who(skill="lift", certificate="forklift")) == expected


def test_it_is_enough_to_be_one_of_the_crew() -> None:
    """Whoever helps needs no certificate where the help asks for none; a role's certificate is asked of the role."""
    driver = Who(skill="lift", certificate="forklift")
    assert reason("cas", driver, Who(role="team")) == ""
    assert reason("ana", driver, Who(role="team", certificate="esd")) == ""
    assert reason("cas", driver, Who(role="team", certificate="esd")) == "cas does not have the certificate esd"


def test_an_inventory_without_people_says_nothing() -> None:
    """Nor does work that asks for nothing."""
    assert reason("root", Who(skill="lift", certificate="forklift"), estate=Estate()) == ""
    assert reason("root", Who(skill="lift")) == ""
