"""Whatever is done to a runbook: it loads, or its mistakes are told with their places; never anything else."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook_engine.loading import load_runbook, read_document
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Place

EXAMPLE = Path(__file__).parent / "data" / "rack12-install.yml"
TEXT = EXAMPLE.read_text()
DOCUMENT = read_document(TEXT, "example.yml")
FREE = {("params", "bios"), ("phases", 0, "steps", 0, "uses", "server-lift")}  # names that the author chooses
KEYS = sorted((path for path in DOCUMENT.places.keys if path not in FREE), key=str)
VALUES = sorted((path for path in DOCUMENT.places.values if path), key=str)
OFTEN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def load(folder, text):
    """Loads a text; the mistakes, none when it is valid. Anything but NotValid is a failure of the test."""
    file = folder / "try.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        load_runbook(file)
    except NotValid as error:
        mistakes = error.mistakes
    else:
        return ()
    assert mistakes
    for mistake in mistakes:
        assert mistake.place.file == str(file)
        assert mistake.place.line >= 1
        assert mistake.place.column >= 1
        assert mistake.message.strip()
    return mistakes


def with_value(path, value):
    """The example with one value replaced, as YAML of another style (JSON, indented)."""
    data = json.loads(json.dumps(DOCUMENT.data))
    part = data
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return json.dumps(data, indent=1)


@pytest.mark.parametrize("path", KEYS, ids=lambda path: "/".join(map(str, path)))
def test_each_misspelt_key_is_refused_at_its_place(tmp_path, path):
    """No key of the format can be misspelt without file, line and column of that key being told."""
    place, key = DOCUMENT.places.of(path, key=True), str(path[-1])
    lines = TEXT.splitlines(keepends=True)
    line = lines[place.line - 1]
    for misspelt in (key + "x", key[:-1] + "_" + key[-1], key.upper()):
        lines[place.line - 1] = line[: place.column - 1] + misspelt + line[place.column - 1 + len(key) :]
        places = [(m.place.line, m.place.column) for m in load(tmp_path, "".join(lines))]
        assert (place.line, place.column) in places, misspelt


@pytest.mark.parametrize("value", [[[[]]], {"zz": {}}, None, True, 12.5], ids=repr)
def test_each_value_of_a_wrong_type_is_refused_at_its_place(tmp_path, value):
    """A list of lists, a mapping, nothing, true and a fraction are refused wherever they do not belong."""
    fine = []
    for path in VALUES:
        text = with_value(path, value)
        mistakes = load(tmp_path, text)
        if not mistakes:
            fine.append(path)
            continue
        places = read_document(text, str(tmp_path / "try.yml")).places
        near = {places.of(path), places.of((*path, 0)), places.of((*path, "zz")), places.of((*path, "zz"), key=True)}
        near |= {places.of(path[:-1])}  # such as: the whole list of times is not rising
        assert near & {m.place for m in mistakes}, (path, mistakes)
    allowed = {
        "{'zz': {}}": {("params",)},
        "None": {("phases", 1, "steps", 2, "reboot")},
    }
    assert [p for p in fine if p not in allowed.get(repr(value), ())] == []


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["{{ x }}", "10m", "1 EUR", "rest", "50%", "a/b"])
)
WORDS = st.sampled_from(
    sorted({str(path[-1]) for path in KEYS} | {"include", "with", "prefix", "decide", "http", "wait_for", "none", "<<"})
)
TREES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)


@OFTEN
@given(path=st.sampled_from(VALUES), value=TREES)
def test_any_value_anywhere_loads_or_is_told(tmp_path, path, value):
    """Replace any value of the example by any data."""
    assert all(m.place.line >= 1 for m in load(tmp_path, with_value(path, value)))


@OFTEN
@given(tree=st.dictionaries(WORDS, TREES, max_size=8))
def test_any_data_made_of_the_words_of_the_format_is_told(tmp_path, tree):
    """A file of the right words in the wrong places is never anything but not valid."""
    assert load(tmp_path, json.dumps(tree))


@OFTEN
@given(
    text=st.text(max_size=200)
    | st.text(alphabet="ab:-[]{},&*!|>'\"#%@`<?\\ \n\t\u202e\ufeff~01.", max_size=60)
    | st.binary(max_size=100)
)
def test_any_text_is_told(tmp_path, text):
    """Random text, text of the signs of YAML, and random bytes are never anything but not valid."""
    assert load(tmp_path, text)


@OFTEN
@given(at=st.integers(0, len(TEXT)), cut=st.integers(0, 40), put=st.text(alphabet=" \n:-{}[]'\"&*<!a1\t\x00\u200b", max_size=6))
def test_any_edit_of_the_example_loads_or_is_told(tmp_path, at, cut, put):
    """Cut a piece out of the example, or put signs in."""
    assert all(m.place.line >= 1 for m in load(tmp_path, TEXT[:at] + put + TEXT[at + cut :]))


def test_places_lie_inside_the_file():
    """Each place that the reader gives is a position in the text."""
    lines = TEXT.splitlines()
    for place in (*DOCUMENT.places.values.values(), *DOCUMENT.places.keys.values()):
        assert isinstance(place, Place)
        assert place.column <= len(lines[place.line - 1]) + 1
