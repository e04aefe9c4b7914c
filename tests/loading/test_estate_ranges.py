"""Host ranges: what they stand for, and what is said about those that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.loading.estate_ranges import MAX_HOSTS, expand, host_names


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web1", ("web1",)),
        ("r12-u[01:03]", ("r12-u01", "r12-u02", "r12-u03")),
        ("www[8:11].example.com", ("www8.example.com", "www9.example.com", "www10.example.com", "www11.example.com")),
        ("db-[a:c]", ("db-a", "db-b", "db-c")),
        ("n[0:10:5]", ("n0", "n5", "n10")),
        ("n[:2]", ("n0", "n1", "n2")),
        ("[a:b][1:2]", ("a1", "a2", "b1", "b2")),
        ("web[1,3,x5]", ("web1", "web3", "webx5")),
    ],
)
def test_a_range_stands_for_its_names_in_order(pattern: str, names: tuple[str, ...]) -> None:
    """A pattern gives its names in order, zeros in front kept, several ranges multiplied."""
    assert expand(pattern) == names


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("n[3:1]", "runs backwards"),
        ("n[c:a]", "runs backwards"),
        ("n[01:120]", "[001:120]"),
        ("n[1:5:0]", "a step is 1 or more"),
        ("n[1:x]", "not a whole number"),
        ("n[aa:bb]", "single letters"),
        ("n[1:2:3:4]", "not a range"),
        ("n[1:]", "not a range"),
        ("n[]", "not a range"),
        ("n[1:2", "bracket without its partner"),
        ("n1:2]", "bracket without its partner"),
        ("n[1:999999999999]", "at most 100,000"),
        ("n[1:1000][1:1000]", "1,000,000 names; at most 100,000"),
    ],
)
def test_a_range_that_cannot_be_read_is_explained(pattern: str, words: str) -> None:
    """What is wrong with a range is said in words, and a huge one is refused before it is expanded."""
    with pytest.raises(ValueError, match=words.replace("[", r"\[").replace("]", r"\]")):
        expand(pattern)


@pytest.mark.parametrize(
    "pattern", ["-web", "a b", "a/b", "user@web", "web;reboot", "$(id)", "", "x" * 254, "[-o,b]", "a[1,/]"]
)
def test_no_host_can_be_an_option_or_a_command(pattern: str) -> None:
    """A host's name cannot start with a dash, and has no spaces, slashes, at signs or signs of the shell."""
    with pytest.raises(ValueError, match=r"not a host name|not a range"):
        host_names(pattern)


@given(begin=st.integers(0, 5000), count=st.integers(1, 300), step=st.integers(1, 9), width=st.integers(4, 6))
def test_a_numeric_range_has_the_length_that_arithmetic_gives(begin: int, count: int, step: int, width: int) -> None:
    """A padded range from A to B by steps of S has one name for each of range(A, B + 1, S), all of one length."""
    end = begin + count
    names = expand(f"h[{begin:0{width}}:{end:0{width}}:{step}]")
    assert [int(name[1:]) for name in names] == list(range(begin, end + 1, step))
    assert {len(name) for name in names} == {width + 1} or begin >= 1000


@given(st.text(max_size=30))
def test_any_text_is_expanded_or_refused_in_words(text: str) -> None:
    """Whatever stands in brackets, the answer is a bounded tuple of names or a ValueError."""
    try:
        names = expand(f"h[{text}]")
    except ValueError:
        names = ("refused",)
    assert 0 < len(names) <= MAX_HOSTS
