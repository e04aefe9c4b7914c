"""The reader: YAML 1.2, places, and one mistake for each thing that is wrong with a file."""

import math

import pytest

from runbook_engine.loading import Limits, joined, read_document, read_file
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Place


def mistakes(text, **options):
    """The mistakes of a file called f.yml, as 'line:column message / hint'."""
    with pytest.raises(NotValid) as caught:
        read_document(text, "f.yml", **options)
    return [f"{m.place.line}:{m.place.column} {m.message} / {m.hint}" for m in caught.value.mistakes]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("22:30", "22:30"),
        ("1:30", "1:30"),
        ("0644", "0644"),
        ("-07", "-07"),
        ("2026-11-30", "2026-11-30"),
        ("2.19.1", "2.19.1"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("tRUE", "tRUE"),
        ("n/a", "n/a"),
        (".", "."),
        ("+", "+"),
        ("1e", "1e"),
        ("e1", "e1"),
        ("0x", "0x"),
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0o17", 15),
        ("0xFf", 255),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1e3", -1000.0),
        ("12e-1", 1.2),
        ("-.inf", -math.inf),
        (".INF", math.inf),
        ("1" * 101, "1" * 101),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("!!int 12", 12),
        ("!!float 12", 12.0),
        ("!!null ~", None),
        ("|\n  a\n  b", "a\nb\n"),
        ("[a, 1, {b: c}]", ["a", 1, {"b": "c"}]),
    ],
)
def test_words_mean_what_the_core_rules_of_yaml_1_2_say(written, value):
    """A word is read by YAML 1.2, except that leading zeros make it text."""
    found = read_document(f"key: {written}\n", "f.yml").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_float():
    """.nan is the one value that does not equal itself."""
    assert math.isnan(read_document("a: .nan", "f.yml").data["a"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1\n", "2:1 a tab in the indentation / indent with spaces"),
        ("a: 'x\nb: 1\n", "1:4 this quote is not closed / close the quote, or double it inside single quotes"),
        ("a: b: c\n", "1:5 ': ' starts a value where no key can stand / put quotes around text that contains ': '"),
        (
            "a: {{ x }}/y\n",
            "1:4 a value that begins with {{ is read as a mapping / put quotes around a value that begins with {{",
        ),
        (
            "a: {{ x }}\n",
            "1:4 a value that begins with {{ is read as a mapping / put quotes around a value that begins with {{",
        ),
        ("- {{ x }}\n", "1:3 a value that begins with {{ is read as a mapping / put quotes around a value that begins with {{"),
        ("[{{ x }}]\n", "1:2 a value that begins with {{ is read as a mapping / put quotes around a value that begins with {{"),
        (
            "b: 1\na: {{ x['y'] }}\n",
            "2:4 a value that begins with {{ is read as a mapping / put quotes around a value that begins with {{",
        ),
        ("a: [1, 2\nb: 3\n", "1:4 this [ list is not closed, or lacks a comma / close it with ]"),
        ("a: {b: 1\n", "1:4 this { mapping is not closed, or lacks a comma / close it with }"),
        ("b: 1\na: [\n", "2:4 this bracket is not closed, or a value is missing after it / close the bracket"),
        ("a: {b: [1,\n", "1:8 this bracket is not closed, or a value is missing after it / close the bracket"),
        ("- a\nb: 1\n", "2:1 expected another '- ' entry of the list / mend the indentation"),
        ("key: |\n  x\n y\n", "3:2 expected a key here / mend the indentation, or put quotes around the text"),
        ("a: - b\n", "1:4 a '- ' entry cannot stand here / start the list on a line of its own"),
        ('a: "\\q"\n', "1:5 unknown \\ sequence inside double quotes / use single quotes, or \\\\ for one \\"),
        ("a: *b\n", "1:4 no anchor of this name was set before / set it with & first"),
        ("a: &b 1\nc: &b 2\n", "2:4 this anchor was set before / give it another name"),
        ("a: 1\n---\nb: 2\n", "2:1 the file holds more than one document / keep one document in each file"),
        ("a: @x\n", "1:4 this character cannot begin a value / put quotes around the text"),
        ("a: !x!y z\n", "1:4 this tag is not known / put quotes around a text that begins with !"),
        ("%YAML 3.0\n---\na: 1\n", "1:1 this version of YAML is not known / remove the %YAML line"),
        ("a: 1\nb: 2\na: 3\n", "3:1 the key 'a' is here twice; the first is in line 1 / keep one of them"),
        ("1: a\n", "1:1 a key must be text, found number 1 / put quotes around the key"),
        ("true: a\n", "1:1 a key must be text, found true / put quotes around the key"),
        ("? [a]\n: b\n", "1:3 a key must be text, found a list / "),
        ("a: !!python/object:os.system x\n", "1:4 the tag !!python/object:os.system is not known here / remove it"),
        ("a: !vault x\n", "1:4 the tag !vault is not known here / remove it"),
        ("a: !!int x\n", "1:4 'x' is not a int / remove the tag"),
        ("a: !!set {b}\n", "1:4 the tag !!set is not known here / remove it"),
        ("a: 1\n<<: 2\n", "2:5 '<<' needs a mapping, or a list of mappings / name an anchor: <<: *anchor"),
        ("a: \u202eb\n", "1:4 the invisible character U+202E (right-to-left override) is not allowed in a file / remove it"),
        ("a: pay\u200bpal\n", "1:7 the invisible character U+200B (zero width space) is not allowed in a file / remove it"),
        ("a: x\u200dy\n", "1:5 the invisible character U+200D (zero width joiner) is not allowed in a file / remove it"),
        ("a: 1\nb\x00: 2\n", "2:2 a NUL byte (U+0000) is not allowed in a file / remove it"),
        ("a: \x1b[2J\n", "1:4 the control character U+001B is not allowed in a file / remove it"),
        ("a: x\u2028y\n", "1:5 the invisible character U+2028 (line separator) is not allowed in a file / remove it"),
        ("a: \ud800\n", "1:4 the control character U+D800 is not allowed in a file / remove it"),
        ('a: "\\u202e"\n', "1:4 the invisible character U+202E (right-to-left override) is not allowed in a value / remove it"),
        ('a: "x\\0"\n', "1:4 a NUL byte (U+0000) is not allowed in a value / remove it"),
        (b"a: 1\nb: x\xff\n", "2:5 the file is not UTF-8: byte 0xff / save it as UTF-8"),
        ("a: 1\n".encode("utf-16"), "1:1 the file is not UTF-8: byte 0xff / save it as UTF-8"),
    ],
)
def test_a_mistake_is_named_where_it_is_with_the_repair(text, expected):
    """Every kind of bad file gives one readable mistake at its line and column."""
    assert mistakes(text) == [expected]


def test_all_mistakes_of_a_file_come_at_once():
    """Mistakes that do not stop the reading are collected."""
    assert [m.split(" ")[0] for m in mistakes("a: 1\na: {{ x }}\n2: !y z\n")] == ["2:1", "2:4", "3:1", "3:4"]


def test_scripts_that_need_joiners_and_emoji_may_use_them():
    """A joiner between letters that are not ASCII is part of the script."""
    text = "a: \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f468\u200d\U0001f4bb\n"
    assert read_document(text, "f.yml").data["a"] == text[3:-1]


def test_a_byte_order_mark_is_dropped():
    """A file saved by an editor that writes the mark is read like any other."""
    assert read_document(b"\xef\xbb\xbfa: 1\n", "f.yml").data == {"a": 1}
    assert read_document("\ufeffa: 1\n", "f.yml").data == {"a": 1}


def test_an_empty_file_is_nothing():
    """No document at all is read as None."""
    assert read_document("# nothing\n", "f.yml").data is None


def test_a_bomb_of_aliases_is_refused():
    """Nine short lines that stand for a billion entries are refused without building them."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert mistakes("\n".join(rows)) == ["1:5 aliases repeat more than 1,000 entries / write fewer aliases"]


@pytest.mark.parametrize(("count", "fine"), [(1_000, True), (1_001, False)])
def test_a_thousand_aliases_are_fine_and_one_more_is_not(count, fine):
    """The limit counts each repeated entry, words too."""
    text = "a: &a x\nb: [" + ", ".join(["*a"] * count) + "]\n"
    if fine:
        assert len(read_document(text, "f.yml").data["b"]) == count
    else:
        assert mistakes(text) == ["1:4 aliases repeat more than 1,000 entries / write fewer aliases"]


def test_an_alias_inside_itself_is_refused():
    """A list that contains itself ends at the limit of depth."""
    assert mistakes("a: &a [*a]\n") == ["1:4 nested more than 64 deep / make it flatter"]


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 50_000 + "x", "[" * 66 + "]" * 66])
def test_deep_nesting_is_refused_before_it_exhausts_the_stack(text):
    """More than 64 levels are one mistake."""
    assert next(m.split(" ", 1)[1] for m in mistakes(text)).startswith(("nested more than", "the file is nested too deep"))


def test_sixty_four_levels_are_fine():
    """The limit itself is allowed."""
    assert read_document("[" * 64 + "]" * 64, "f.yml").data


def test_a_file_over_the_size_limit_is_refused_unread(tmp_path):
    """Size is checked before anything is parsed, on disk and in memory."""
    file = tmp_path / "f.yml"
    file.write_text("{{{{ not even YAML " * 10)
    limits = Limits(size=100)
    assert mistakes(file.read_bytes(), limits=limits) == ["1:1 the file is larger than 100 bytes / split it"]
    with pytest.raises(NotValid) as caught:
        read_file(file, "f.yml", limits=limits)
    assert caught.value.mistakes[0].message == "the file is larger than 100 bytes"


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path):
    """A missing file and a folder are told in words."""
    for path, message in ((tmp_path / "no.yml", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(NotValid) as caught:
            read_file(path)
        assert caught.value.mistakes[0].message == f"cannot read the file: {message}"


def test_anchors_aliases_and_merge_keys_work():
    """Own keys win over merged ones, earlier merges over later ones."""
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], a: 0}\nw: {b: 9, <<: *y}\n"
    data = read_document(text, "f.yml").data
    assert data["z"] == {"a": 0, "b": 1, "c": 2}
    assert data["w"] == {"b": 9, "c": 2}


def test_every_part_has_its_place():
    """Values and keys are found by path; what was merged is where it was written; what is missing is its holder's."""
    document = read_document("a:\n  - x: &x {p: 1}\n    é: [2, z]\nb:\n  <<: *x\n  q: 'two words'\n", "f.yml")
    places = document.places
    assert places.of(()) == Place("f.yml", 1, 1)
    assert places.of(("a", 0, "x", "p")) == Place("f.yml", 2, 15)
    assert places.of(("a", 0, "é"), key=True) == Place("f.yml", 3, 5)
    assert places.of(("a", 0, "é", 1)) == Place("f.yml", 3, 12)
    assert places.of(("b", "p")) == Place("f.yml", 2, 15)
    assert places.of(("b", "q")) == Place("f.yml", 6, 6)
    assert places.of(("b", "none", "deeper")) == Place("f.yml", 5, 3)
    assert ("b", "q") in places.values
    assert ("b", "none") not in places.values
    assert ("a", 0, "é", 0) in set(places.values)
    assert ("b",) in set(places.keys)
    assert len(places.keys) == 6
    mistake = document.mistake(("b", "q"), "no")
    assert (mistake.source, mistake.width) == ("  q: 'two words'", 11)


def test_places_of_several_documents_are_joined():
    """The first part of a path names the document; a path that names none belongs to the one called ''."""
    one, two = read_document("a: 1\n", "one.yml"), read_document("\na: 2\n", "two.yml")
    places = joined({"": one.places, "two": two.places})
    assert places.of(("a",)) == Place("one.yml", 1, 4)
    assert places.of(("two", "a")) == Place("two.yml", 2, 4)
    assert places.source(places.of(("two", "a"))) == "a: 2"
    assert set(places.values) == {(), ("a",), ("two",), ("two", "a")}


def test_known_tags_can_be_read_as_text():
    """A caller names the tags whose words it takes as text."""
    document = read_document("a: !vault |\n  x\nb: !unsafe 1\n", "f.yml", text_tags=frozenset({"!vault", "!unsafe"}))
    assert document.data == {"a": "x\n", "b": "1"}
