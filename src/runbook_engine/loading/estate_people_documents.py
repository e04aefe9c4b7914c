"""What an inventory file may say of people: who they are, what they can, when they work, what an hour of them costs."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from runbook_engine.loading.estate_shapes import Closed, Entry, one_or_list, or_list
from runbook_engine.loading.estate_values import (
    Certificates,
    Email,
    Factor,
    FilePath,
    Hours,
    Moment,
    Name,
    Names,
    Rate,
    SshKey,
    User,
    Week,
)
from runbook_engine.loading.fields import SomeTime


class LeaveDocument(Closed):
    """When somebody is not there."""

    start: Moment | None = Field(None, alias="from", description="First day, or the moment it begins; needed without `ics`")
    end: Moment | None = Field(None, alias="to", description="Last day, or the moment it ends; the first day if not said")
    why: str = Field("", description="The reason, if others may know it")
    ics: FilePath = Field("", description="An iCalendar file in the inventory; each event is a leave", validate_default=False)


class ExtraDocument(Closed):
    """When somebody works beside their calendar."""

    start: Moment = Field(alias="from", description="When it begins: 2026-12-05 22:00")
    end: Moment = Field(alias="to", description="When it ends")
    why: str = Field("", description="The reason, if others may know it")


class LimitsDocument(Entry):
    """How much somebody may work."""

    day: SomeTime | None = Field(None, description="At most so long on one day: 8h")
    week: SomeTime | None = Field(None, description="At most so long in one week: 40h")
    rest: SomeTime | None = Field(None, description="At least so long between the work of two days: 11h")


class PersonDocument(Entry):
    """Somebody who does, decides or is told."""

    name: str = Field("", description="Full name")
    email: Email = Field("", description="Where messages go", validate_default=False)
    department: str = Field("", description="The department that the person belongs to")
    skills: dict[Name, Annotated[int, Field(strict=True, ge=1, le=10)]] = Field(
        default_factory=dict, description="Level of each skill, 1 to 10"
    )
    certificates: Certificates = Field(
        default_factory=dict, description="With the last day on which each is valid: {forklift: 2027-03-01}; or a list"
    )
    site: str = Field("", description="Where the person works, and where each day begins")
    sites: Names = Field((), description="Where the person may work; everywhere if not said")
    calendar: str = Field("", description="When the person works")
    work: Week = Field(
        default_factory=dict, description="Hours of the person's own, instead of those of the calendar: {mon-thu: 07:00-16:00}"
    )
    leave: Annotated[tuple[LeaveDocument, ...], BeforeValidator(one_or_list)] = Field(
        (), description="When the person is not there", max_length=1_000
    )
    also: Annotated[tuple[ExtraDocument, ...], BeforeValidator(one_or_list)] = Field(
        (), description="When the person works beside the calendar: overtime, a shift of somebody else", max_length=1_000
    )
    limits: LimitsDocument | None = Field(None, description="How much the person may work")
    rate: Rate | None = Field(None, description="What an hour costs: 95 EUR/h")
    ssh_keys: Annotated[tuple[SshKey, ...], BeforeValidator(or_list)] = Field((), description="Public keys, for signatures")
    logins: Annotated[tuple[User, ...], BeforeValidator(or_list)] = Field(
        (), description="Users of control machines who are this person; the person's own name if not said"
    )


class DepartmentDocument(Entry):
    """A part of the organisation."""

    title: str = Field("", description="Its name for people")
    head: str = Field("", description="The person who heads it; gives the role head-of-DEPARTMENT")


class RatesDocument(Closed):
    """How many times the usual rate an hour costs; of several the dearest counts."""

    night: Factor = Field(Decimal(1), description="In hours of the night: 1.5", json_schema_extra={"default": 1})
    weekend: Factor = Field(Decimal(1), description="On Saturdays and Sundays: 2", json_schema_extra={"default": 1})
    holiday: Factor = Field(Decimal(1), description="On public holidays of their calendar: 2", json_schema_extra={"default": 1})
    night_hours: Hours = Field(("22:00-06:00",), description="When it is night", json_schema_extra={"default": "22:00-06:00"})
