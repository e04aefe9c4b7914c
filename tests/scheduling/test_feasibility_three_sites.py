"""Faults at one of three sites: told of the step and the phase that are there, with ways out that fit when followed."""

import re

import pytest

from scheduling.test_scheduling_rotas import project as folder
from scheduling.three_sites import BOOK, INVENTORY, Sites, person, ways

__all__ = ["folder"]

AWAY = "leave: [{{from: 2027-03-06, to: 2027-03-27, why: {}}}]"
BOTH_AWAY = (person("Bob Ray", AWAY.format("Skiing")), person("Sue Lee", AWAY.format("Moving")))


@pytest.fixture
def sites(folder, capsys):
    """The project in a folder of its own."""
    return Sites(capsys)


def test_nothing_is_invented_on_the_clean_plan(sites):
    """Three people share three jobs of which the last is for neither of those who did the others: it fits, whoever is first."""
    assert sites.verdict(code=0)["findings"] == []


def test_leave_is_told_of_the_step_at_the_site_of_those_who_are_away(sites):
    """Not of the like step at another site; one of both back is enough, and so is one more person there."""
    found = sites.only(*BOTH_AWAY)

    assert "(nyc/lights) needs switching" in found["reason"]
    told = ways(found)
    assert [words for words in told if "leave" in words] == [
        f"move {name}'s leave from Sat 6 Mar 2027 to Sat 27 Mar 2027 ({why})"
        for name, why in (("Bob Ray", "Skiing"), ("Sue Lee", "Moving"))
    ]
    assert any(words.startswith("one more person with switching of level 2") for words in told)
    more = "certificates: {ccnp: 2028-01-31}, site: nyc1, calendar: nights-nyc"
    ian = f"people:\n  ian: {{name: Ian, skills: {{switching: 2}}, {more}}}\n"
    assert sites.verdict(*BOTH_AWAY, (INVENTORY, "people:\n", ian), code=0)["findings"] == []


def test_who_may_not_work_at_a_site_is_not_sent_there(sites):
    """Neither with a higher level nor with a certificate; whoever is there with a lower level is named."""
    found = sites.only((BOOK, "level: 2", "level: 4"))
    assert found["ways_out"][0]["words"] == "let Jan Vos do it: has the skill, at level 3"
    assert "Bob Ray" not in str(found["ways_out"])

    ended = (INVENTORY, "[ams1], calendar: nights-ams, certificates: {ccnp: 2027-12-31}", "[ams1], calendar: nights-ams")
    found = sites.only(ended)
    assert found["matter"] == "certificate"
    assert [way["words"] for way in found["ways_out"]] == ["let Jan Vos get ccnp"]

    names = ("Bob Ray", "Sue Lee")
    less = [(INVENTORY, f"{{name: {n}, skills: {{switching: 2", f"{{name: {n}, skills: {{switching: 1") for n in names]
    words = [way["words"] for way in sites.only(*less)["ways_out"]]
    assert words[:2] == ["let Bob Ray do it: has the skill, at level 1", "let Sue Lee do it: has the skill, at level 1"]


def test_a_stand_in_at_one_site_hides_nothing_at_another(sites):
    """Nobody has the level in Amsterdam, and those in New York may work too little: both are found."""
    limits = [person(name, "limits: {day: 5m, week: 5m}") for name in ("Bob Ray", "Sue Lee")]
    soon = (BOOK, "deadline: 2027-03-26", "deadline: 2027-03-15"), (BOOK, "deadline: 2027-03-25", "deadline: 2027-03-15")
    found = sites.verdict((BOOK, "level: 2", "level: 4"), *limits, *soon)["findings"]

    assert [one["matter"] for one in found] == ["skill", "people"]
    assert "(nyc/lights)" in found[1]["reason"]


def test_a_freeze_of_one_site_is_told_of_its_phase_and_one_of_all_of_the_project(sites):
    """The phase that waits for it is not the one that has no time."""
    dates = (INVENTORY, "from: 2027-03-29, to: 2027-04-02", "from: 2027-03-07, to: 2027-04-02")
    assert sites.only(dates)["reason"].startswith("Phase 'New firmware at nyc' (nyc) has no time left")
    assert sites.only(dates, (INVENTORY, "sites: [nyc1], why", "why"))["reason"].startswith("The project has no time left")


def test_what_has_a_deadline_is_told_with_its_own_end(sites):
    """Not with that of the project; promised for then it fits, and a minute earlier it does not."""
    early = (BOOK, "deadline: 2027-03-25", "deadline: 2027-03-08")
    found = sites.only(early)

    assert found["reason"].startswith(
        "'All is there' (close/all) cannot be over by the end of Mon 8 Mar 2027: the earliest end is"
    )
    end = re.search(r"promise 'All is there' \(close/all\) for Tue 9 Mar 2027 (\d\d):(\d\d) CET", str(ways(found)))
    assert end
    hour, minute = int(end[1]), int(end[2])
    assert hour < 8  # the report is written after 8
    sites.verdict((BOOK, early[1], f"deadline: 2027-03-09 {hour:02}:{minute:02}"), code=0)
    before = divmod(60 * hour + minute - 1, 60)
    sites.verdict((BOOK, early[1], f"deadline: 2027-03-09 {before[0]:02}:{before[1]:02}"), code=4)


def test_two_deadlines_are_promised_for_later_together(sites):
    """Where all comes too late, a later end of one alone helps nobody."""
    late = (BOOK, "takes: 1h}\n  - id: ams", "takes: 1h, earliest: 2027-04-05}\n  - id: ams")
    found = sites.only(late)
    promised = next(words for words in ways(found) if words.startswith("promise"))

    ends = re.findall(r"for \w+ (\d+) Apr 2027 (\d\d:\d\d)", promised)
    assert len(ends) == 2
    assert "promise the end for" in promised
    assert "'All is there' (close/all) for" in promised
    whole, all_there = (f"2027-04-{int(day):02} {time}" for day, time in ends)
    fits = (BOOK, "deadline: 2027-03-26", f"deadline: {whole}"), (BOOK, "deadline: 2027-03-25", f"deadline: {all_there}")
    sites.verdict(late, *fits, code=0)
    sites.verdict(late, fits[0], code=4)


def test_what_the_hours_of_a_tool_forbid_is_not_laid_to_its_number(sites):
    """The dock is open on Saturdays: no third lift would help, other hours of it would."""
    found = sites.only(
        (INVENTORY, 'dock: {time_zone: Europe/Berlin, work: {mon-thu: "07', 'dock: {time_zone: Europe/Berlin, work: {sat: "07')
    )

    assert "needs lift, which can be used only in its hours dock" in found["reason"]
    assert "let lift be used outside its hours (dock)" in ways(found)
    assert not any("one more lift" in words for words in ways(found))


def test_what_makes_two_deadlines_late_is_told_once(sites):
    """A night shift is written in the wrong zone: it is there for an hour of the window, once clocks are changed."""
    zone = 'nights-nyc: {time_zone: America/New_York, work: {mon-fri: "21:00-05:00"}}'
    tokyo = 'nights-nyc: {time_zone: Asia/Tokyo, work: {mon-sat: "04:00-12:00"}}'
    soon = [(BOOK, f"deadline: 2027-03-{day}", "deadline: 2027-03-12") for day in (25, 26)]
    found = sites.only((INVENTORY, zone, tokyo), *soon)

    assert "the working hours nights-nyc" in found["reason"]
    assert "work beyond the usual hours (nights-nyc)" in ways(found)


def test_hours_that_never_meet_a_window_can_be_those_of_either(sites):
    """Whoever works by day has no time at night: they could work longer, or the window open by day."""
    hours = 'nights-nyc: {time_zone: America/New_York, work: {mon-fri: "'
    found = sites.only((INVENTORY, f"{hours}21:00-05:00", f"{hours}09:00-17:00"))

    assert found["matter"] == "people"
    assert "open window night-nyc while they work (nights-nyc)" in ways(found)
    assert "work beyond the usual hours (nights-nyc)" in ways(found)


def test_an_opening_that_is_told_is_long_enough_for_every_batch(sites):
    """With the way back of all batches; followed to the letter it fits."""
    short = (INVENTORY, 'night-ams: {time_zone: Europe/Amsterdam, open: {mon-fri: "22:00-04:00"}}')
    found = sites.only((*short, short[1].replace("04:00", "22:30")))
    need = re.search(r"an opening of (\d+) hours? (\d+) minutes in window night-ams", str(ways(found)))

    assert need
    assert "of them for the way back of all batches" in found["reason"]
    end = 60 * (22 + int(need[1])) + int(need[2])
    for minutes, code in ((end, 0), (end - 2, 4)):
        sites.verdict((*short, short[1].replace("04:00", f"{minutes // 60 % 24:02}:{minutes % 60:02}")), code=code)


def test_a_host_that_moves_to_another_rack_is_given_a_unit_there(sites):
    """As it is told it fits."""
    found = sites.only((INVENTORY, "b05: {site: ber2, units: 12}", "b05: {site: ber2, units: 9}"))

    assert "put b05-u5 (unit 11) into rack b06, which has room" in ways(found)
    moved = (INVENTORY, "b05-u5: {unit: 9}", "b05-u5: {rack: b06, unit: 11}")
    sites.verdict((INVENTORY, "b05: {site: ber2, units: 12}", "b05: {site: ber2, units: 9}"), moved, code=0)


@pytest.mark.parametrize(("since", "asked"), [("2027-02-25", False), ("2027-03-04", True)])
def test_nobody_is_asked_before_a_leave_that_has_begun(sites, since, asked):
    """On Monday morning, of somebody who is away, or who is there for some days but not for as long as an approval counts."""
    rule = (BOOK, "{by: head-of-network, before: ams}", "{by: head-of-network, before: ams}")
    found = sites.verdict(
        rule, person("Max Dur", f"leave: [{{from: {since}, to: 2027-03-27, why: Ill}}]"), code=0 if asked else 4
    )["findings"]

    assert (found == []) is asked
    for one in found:
        deputy, later = (way["words"] for way in one["ways_out"])
        assert deputy == "let somebody who is there head network, or ask another role"
        assert re.search("start phase ams after Mon 29 Mar .* promise the end for Tue 30 Mar .* and 'All is there'", later)


def test_a_person_who_cannot_approve_is_no_role(sites):
    """Who answers for the plan is to approve it."""
    (way,) = sites.only((BOOK, "by: head-of-network", "by: ida"))["ways_out"]

    assert way["words"] == "ask somebody else in place of Ida Berg"


def test_separate_duties_need_as_many_people_as_there_are(sites):
    """Without the third nobody is left for the last of them; one more person is a way out that is checked."""
    found = sites.only(person("Ina More", "leave: [{from: 2027-03-01, to: 2027-03-31}]"))
    assert "(racks/test" in found["reason"]
    gone = (INVENTORY, "name: Ina More, skills: {cabling: 2}", "name: Ina More, skills: {}")
    found = sites.only(gone)

    assert found["matter"] == "skill"
    assert "must not be done by the people of racks/mount" in found["reason"]
    assert "do racks/test without other_people_than" in ways(found)
    assert any(words.startswith("one more person with cabling") for words in ways(found))


def test_leave_is_not_hidden_by_another_rule_about_who_does_what(sites):
    """Of two rules of who may do what, one is in the way since somebody is on leave: that is told as without the other."""
    both = "who: {skill: switching, level: 3}"
    sign = (
        f"{{id: sign, title: Sign, manual: Sign., {both}, takes: 1h, needs: [{{step: read, lag: 2d}}], same_people_as: read}}"
    )
    signed = (BOOK, "who: ida, takes: 1h}\n  - id: ams", f"{both}, takes: 1h}}\n      - {sign}\n  - id: ams")
    away = person("Jan Vos", "leave: [{from: 2027-03-10, to: 2027-03-31, why: Wedding}]")
    gone = (INVENTORY, "name: Ina More, skills: {cabling: 2}", "name: Ina More, skills: {}")

    assert "Jan Vos is on leave" in sites.only(signed, away)["reason"]
    assert [one["matter"] for one in sites.verdict(signed, away, gone)["findings"]] == ["skill", "people"]


def test_each_of_what_cannot_all_hold_is_needed(sites):
    """Also who is asked for in a step whose people have to do the next: without it nobody would be tied to anybody."""
    carry = "{id: carry, title: Carry, manual: Carry., who: {skill: switching, level: 3}, takes: 1h}"
    count = "{id: count, title: Count, manual: Count., who: {skill: switching}, takes: 1h, needs: [{step: carry, lag: 2d}]"
    after = "who: ida, takes: 1h}\n"
    steps = f"{after}      - {carry}\n      - {count}, same_people_as: carry}}\n"
    tied = (BOOK, f"{after}  - id: ams", f"{steps}  - id: ams")
    away = person("Jan Vos", "leave: [{from: 2027-03-10, to: 2027-03-31, why: Wedding}]")
    conflict = sites.verdict(tied, away)["conflict"]

    assert "the leave of Jan Vos from Wed 10 Mar 2027 to Wed 31 Mar 2027 (Wedding)" in conflict
    assert {"switching of level 3", "who may do prepare/count with whom (same_people_as)"} <= set(conflict)


def test_a_long_wait_between_two_steps_is_part_of_what_makes_it_long(sites):
    """The report is written thirty days after all is there: to wait less is a way out."""
    report = "manual: Write., who: ida, takes: 1h"
    found = sites.only((BOOK, report, f"{report}, needs: [{{step: all, lag: 30d}}]"))

    assert "What makes it long: close/report 30 days after what it needs" in found["reason"]
    assert "wait less (close/report 30 days after what it needs)" in ways(found)


def test_one_window_of_two_phases_is_opened_for_both(sites):
    """Nobody works on Saturday night, neither for the one phase nor for the other: what would help is told of each."""
    one = (INVENTORY, "  night-nyc: {time_zone: America/New_York", "  night-too: {time_zone: America/New_York")
    opens = "night-ams: {time_zone: Europe/Amsterdam, open: "
    night = (INVENTORY, f"{opens}{{mon-fri", f"{opens}{{sat")
    both = sites.verdict(one, night, (BOOK, "window: night-nyc", "window: night-ams"))["findings"]

    assert {one["matter"] for one in both} == {"people"}
    assert any("open window night-ams while they work" in words for words in ways(both[0]))
