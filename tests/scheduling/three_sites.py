"""A small project over three sites, as files: firmware at night in two, racks by day in the third, each with its own people."""

from pathlib import Path
from typing import Any

import pytest

from scheduling.test_scheduling_rotas import said

BOOK, INVENTORY = "book.yml", "inventory/all.yml"
AT = "2027-03-01T00:00"

_PEOPLE = "".join(
    f"  {key}: {{name: {name}, skills: {{{skills}}}, site: {site}, sites: [{site}], calendar: {calendar}{more}}}\n"
    for key, name, skills, site, calendar, more in (
        ("jan", "Jan Vos", "switching: 3", "ams1", "nights-ams", ", certificates: {ccnp: 2027-12-31}"),
        ("bob", "Bob Ray", "switching: 2", "nyc1", "nights-nyc", ", certificates: {ccnp: 2027-12-31}"),
        ("sue", "Sue Lee", "switching: 2", "nyc1", "nights-nyc", ", certificates: {ccnp: 2027-12-31}"),
        ("hugo", "Hugo Bach", "hands: 2, cabling: 2", "ber2", "office", ""),
        ("emma", "Emma Rot", "hands: 2, cabling: 2", "ber2", "office", ""),
        ("ina", "Ina More", "cabling: 2", "ber2", "office", ""),
    )
)
_INVENTORY = f"""\
sites:
  ams1: {{title: Amsterdam, time_zone: Europe/Amsterdam}}
  nyc1: {{title: New York, time_zone: America/New_York}}
  ber2: {{title: Berlin, time_zone: Europe/Berlin}}
racks:
  b05: {{site: ber2, units: 12}}
  b06: {{site: ber2, units: 12}}
groups:
  sw-ams: {{hosts: ["sw-a[1:4]"], site: ams1}}
  sw-nyc: {{hosts: ["sw-n[1:4]"], site: nyc1}}
  new: {{hosts: ["b05-u[1:5]"], rack: b05, height: 2}}
  new-too: {{hosts: ["b06-u[1:5]"], rack: b06, height: 2}}
hosts:
{"".join(f"  b0{rack}-u{n}: {{unit: {2 * n - 1}}}{chr(10)}" for rack in (5, 6) for n in range(1, 6))}\
people:
  ida: {{name: Ida Berg, site: ams1, calendar: office, department: network}}
  max: {{name: Max Dur, site: ams1, calendar: office, department: network}}
{_PEOPLE}\
departments: {{network: {{title: Network, head: max}}}}
calendars:
  office: {{time_zone: Europe/Amsterdam, work: {{mon-fri: "08:00-17:00"}}}}
  dock: {{time_zone: Europe/Berlin, work: {{mon-thu: "07:00-16:00"}}}}
  nights-ams: {{time_zone: Europe/Amsterdam, work: {{mon-fri: "21:00-05:00"}}}}
  nights-nyc: {{time_zone: America/New_York, work: {{mon-fri: "21:00-05:00"}}}}
windows:
  night-ams: {{time_zone: Europe/Amsterdam, open: {{mon-fri: "22:00-04:00"}}}}
  night-nyc: {{time_zone: America/New_York, open: {{mon-fri: "22:00-04:00"}}}}
freezes:
  - {{from: 2027-03-29, to: 2027-04-02, sites: [nyc1], why: Quarter end, lift: [ida]}}
resources:
  lift: {{capacity: 2, site: ber2, calendar: dock}}
"""


def _night(name: str) -> str:
    return f"""\
  - id: {name}
    title: New firmware at {name}
    needs: [prepare]
    hosts: sw-{name}
    window: night-{name}
    rolling: {{batches: [1, 3]}}
    steps:
      - id: flash
        title: Install the firmware
        run: fw-install 9.4
        verify: fw-version | grep -qx 9.4
        takes: 10m..20m
        roll_back: {{run: fw-install 9.3}}
      - id: lights
        title: Look at the lights
        manual: All green.
        who: {{skill: switching, level: 2, certificate: ccnp}}
        takes: 5m
"""


_BOOK = f"""\
runbook: three-sites
title: Firmware and racks at three sites
kind: install
owner: ida
why: Because.
impact: None.
start: 2027-03-08
deadline: 2027-03-26
approvals:
  - {{by: head-of-network, before: ams}}
phases:
  - id: prepare
    title: Get ready
    steps:
      - {{id: read, title: Read the notes, manual: Read., who: ida, takes: 1h}}
{_night("ams")}{_night("nyc")}\
  - id: racks
    title: Mount the servers
    needs: [prepare]
    hosts: new, new-too
    steps:
      - {{id: mount, title: Mount it, manual: Two lift., who: {{skill: hands, count: 2}}, uses: {{lift: 1}}, takes: 20m}}
      - {{id: cable, title: Cable it, manual: Both feeds., who: {{skill: cabling}}, takes: 10m}}
      - id: test
        title: Look at the cables
        manual: By the list.
        who: {{skill: cabling}}
        other_people_than: [mount, cable]
        takes: 5m
  - id: close
    title: Bring it to an end
    needs: [ams, nyc, racks]
    steps:
      - {{id: all, title: All is there, milestone: true, deadline: 2027-03-25}}
      - {{id: report, title: Write the report, manual: Write., who: ida, takes: 1h}}
"""

Edit = tuple[str, str, str]


class Sites:
    """The project as files of the folder in which the test is, and what is said of it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def verdict(self, *edits: Edit, code: int = 4, at: str = AT) -> Any:
        """The verdict on the project with some edits: (file, what stands there, what is to stand there)."""
        texts = {BOOK: _BOOK, INVENTORY: _INVENTORY}
        for file, before, after in edits:
            assert before in texts[file], before
            texts[file] = texts[file].replace(before, after, 1)
        for file, text in texts.items():
            Path(file).write_text(text, encoding="utf-8")
        return said(self._capsys, "feasibility", BOOK, "--from", at, code=code)

    def only(self, *edits: Edit, at: str = AT) -> Any:
        """The one finding of a project with some edits."""
        (found,) = self.verdict(*edits, at=at)["findings"]
        return found


def ways(found: Any) -> list[str]:
    """The ways out of a finding that were checked."""
    return [way["words"] for way in found["ways_out"] if way["proved"]]


def person(name: str, more: str) -> Edit:
    """An edit: something more about a person."""
    return INVENTORY, f"{{name: {name}, ", f"{{name: {name}, {more}, "
