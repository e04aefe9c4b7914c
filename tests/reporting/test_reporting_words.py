"""Words, numbers and names: each thing has one, and no two things share one."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.model.events import Outcome
from runbook_engine.model.harmless import HARMFUL
from runbook_engine.model.plan import Edge
from runbook_engine.model.run import PhaseState
from runbook_engine.model.runbook import Lag, LinkKind
from runbook_engine.model.words import Status
from runbook_engine.reporting.event_text import outcome_words
from runbook_engine.reporting.folding import fold_hosts
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.planned import planned_notes
from runbook_engine.reporting.standing import phase_word
from runbook_engine.reporting.tally import PART_DONE, WORD_STYLES, WORDS, word_of
from runbook_engine.reporting.words import (
    STATUS_WORDS,
    SYMBOLS,
    WORST_FIRST,
    count,
    duration,
    hours_of_work,
    listed,
    status_word,
)
from stand import SAME, manual

RANGE = re.compile(r"(.*)\[([0-9]+):([0-9]+)\](.*)")


def expanded(text: str) -> list[str]:
    """What the inventory makes of a list of names with ranges."""
    names: list[str] = []
    for part in text.split(", "):
        match = RANGE.fullmatch(part)
        if not match:
            names.append(part)
            continue
        before, first, last, after = match.groups()
        names += [f"{before}{str(n).zfill(len(first))}{after}" for n in range(int(first), int(last) + 1)]
    return names


host_names = st.one_of(
    st.from_regex(r"\A[a-z]{1,3}[0-9]{0,3}(-u[0-9]{1,2})?(\.ams[0-9])?\Z"),
    st.integers(0, 130).map("r12-u{:02}".format),
    st.integers(0, 130).map("web{}.ams1".format),
)


@pytest.mark.law(8)
def test_every_status_has_a_word_and_a_symbol_of_its_own() -> None:
    """Unreachable, failed, refused, not started, skipped and unknown are different words, with colour or without."""
    for table in (STATUS_WORDS, {s: SYMBOLS[s][0] for s in Status}, {s: SYMBOLS[s][1] for s in Status}):
        assert set(table) == set(Status)
        assert len({value.lower() for value in table.values()}) == len(Status)
    assert all(SYMBOLS[status][1].isascii() for status in Status)
    assert set(WORST_FIRST) == set(Status)
    assert set(WORDS) == set(STATUS_WORDS.values()) | {PART_DONE} == set(WORD_STYLES)


@pytest.mark.law(8)
@pytest.mark.parametrize("status", Status)
def test_many_tasks_are_never_called_better_than_one_of_them(status: Status) -> None:
    """A phase or a host is 'ok' only when every one of its tasks went well; not started is never success."""
    mixed = {Status.OK: 5, status: 1}

    assert word_of({status: 1}) == status_word(status)
    if status not in (Status.OK, Status.SKIPPED):
        assert word_of(mixed) == (PART_DONE if status is Status.NOT_STARTED else status_word(status))
    assert phase_word(PhaseState(total=3)) == "not started"


@pytest.mark.law(8)
def test_outcomes_keep_their_words() -> None:
    """How an attempt ended is told with the word of its status, whatever else is said."""
    told = {outcome_words(Outcome(status=status, exit_code=1, message="no")) for status in Status}

    assert len(told) == len(Status)
    for status in Status:
        assert outcome_words(Outcome(status=status)).startswith(status_word(status))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (0.42, "0.4s"),
        (59, "59s"),
        (59.7, "1m"),
        (61, "1m 1s"),
        (482, "8m 2s"),
        (15000, "4h 10m"),
        (3599.9, "1h"),
        (183600, "2d 3h"),
        (-90, "-1m 30s"),
    ],
)
def test_durations_are_told_in_two_units(seconds: float, words: str) -> None:
    """A length of time is told in its two largest units, rounded and never carried wrongly."""
    assert duration(seconds) == words


def test_counts_and_lists_read_like_sentences() -> None:
    """One host, three hosts, ten thousand hosts; a, b and c."""
    assert [count(n, "host") for n in (0, 1, 3, 10000)] == ["0 hosts", "1 host", "3 hosts", "10,000 hosts"]
    assert [listed(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_hosts_that_count_upwards_become_a_range() -> None:
    """Names are folded in their order, with the zeros they are written with, also inside a name."""
    assert fold_hosts([f"r12-u{n:02}" for n in range(1, 21)]) == "r12-u[01:20]"
    assert fold_hosts(["a1", "a2"]) == "a1, a2"
    assert fold_hosts(["web8.x", "web9.x", "web10.x", "db"]) == "web[8:10].x, db"
    assert fold_hosts(["a3", "a2", "a1"]) == "a3, a2, a1"
    assert fold_hosts(["b", "c", "d", "e"], most=2) == "b, c and 2 more"


@given(st.lists(host_names, max_size=30))
def test_folding_is_undone_by_expanding(names: list[str]) -> None:
    """What fold_hosts writes is read back as the same list in the same order."""
    folded = fold_hosts(names)

    assert (expanded(folded) if folded else []) == names


@given(st.lists(st.integers(0, 1200), min_size=1, max_size=60).map(sorted))
def test_folding_of_numbers_is_undone_by_expanding(numbers: list[int]) -> None:
    """The same for long runs, where counting passes from one width of numbers to the next."""
    names = [f"r12-u{n:02}" for n in numbers]

    assert expanded(fold_hosts(names)) == names


@given(st.text(max_size=300), st.integers(2, 80))
def test_one_line_is_one_harmless_line(text: str, longest: int) -> None:
    """Whatever the text, it becomes one line of bounded length without a character that acts on a terminal."""
    shown = one_line(text, longest)

    assert len(shown) <= longest
    assert len(shown.splitlines()) <= 1
    assert not re.search(f"[{HARMFUL}\n\t]", shown)


def test_outcome_of_success_tells_its_time() -> None:
    """A task that went well says how long it took, and nothing that looks like an error."""
    assert outcome_words(Outcome(status=Status.OK, exit_code=0, duration_s=482)) == "ok 8m 2s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0m"), (2700, "45m"), (35_100, "9h 45m"), (99_000, "27h 30m"), (90_000, "25h"), (3_601_000, "1,000h 17m")],
)
def test_work_is_summed_in_hours(seconds: float, words: str) -> None:
    """However many days it is: nobody works 24 hours a day."""
    assert hours_of_work(seconds) == words


@pytest.mark.parametrize(
    ("lag", "words"),
    [
        (Lag(lag_s=600), "starts 10m after the end of p/a"),
        (Lag(lag_s=-600), "starts 10m before the end of p/a"),
        (Lag(kind=LinkKind.START_START), "starts not before the start of p/a"),
        (Lag(at_most_s=1800), "starts at most 30m after the end of p/a"),
        (Lag(kind=LinkKind.FINISH_FINISH, lag_s=600, at_most_s=1800), "ends 10m to 30m after the end of p/a"),
        (Lag(lag_s=-600, at_most_s=1800), "starts from 10m before the end of p/a to 30m after it"),
    ],
)
def test_how_a_step_follows_another_reads_as_a_sentence(lag: Lag, words: str) -> None:
    """Lags, leads, and by when at most."""
    assert words in planned_notes(replace(manual("p/b"), needs=(Edge(before="p/a", kind=SAME, lag=lag),)))
