"""Attack 26: what a reviewer reads is what runs.

The samples follow the paper "Trojan Source" (CVE-2021-42574, CVE-2021-42694).
"""

from pathlib import Path

import pytest

from attacks.told import mistakes_of
from journeys.command_line import Person
from journeys.machines import steps
from runbook_engine.reporting.lookalikes import mixed_words

LRI, RLI, PDI, RLO, LRO, PDF, LRE, RLE, FSI = (
    "\u2066",
    "\u2067",
    "\u2069",
    "\u202e",
    "\u202d",
    "\u202c",
    "\u202a",
    "\u202b",
    "\u2068",
)
SAMPLES = {
    "early return": f"run: |\n  check # {RLI} ; exit 0\n",
    "commenting out": f"run: |\n  true # {RLO} {LRI} if admin {PDI} {LRI} begin\n  reboot\n",
    "stretched string": f'run: "[ $level != user{RLO} {LRI} && only admins {PDI} {LRI} ] && reboot"\n',
    "in a key": f"ru{LRO}n: reboot\n",
    "in a comment of the file": f"# nothing {RLE} to see\nrun: reboot\n",
    "in a plain word": f"run: echo {FSI}x{PDI}\n",
    "in single quotes": f"run: 'a{LRE}b{PDF}'\n",
    "as an escape in double quotes": 'run: "a\\u202eb"\n',
    "as a large escape": 'run: "a\\U0000202eb"\n',
    "invisible function": "run: check\u200b --all\n",
    "invisible letter": "run: re\u2060boot\n",
    "soft hyphen": "run: re\u00adboot\n",
    "no-break space of width nothing": "run: re\ufeffboot\n",
    "joiner in ASCII": "run: re\u200dboot\n",
    "filler that looks like a space": "run: rm -rf /tmp/\u3164/etc\n",
    "half width filler": "run: rm -rf /tmp/\uffa0/etc\n",
    "letters of a tag": "run: echo " + "".join(chr(0xE0000 + ord(c)) for c in "evil") + "\n",
    "another end of line": "run: true\u2028reboot\n",
    "next line": "run: true\x85reboot\n",
    "backspace": "run: reboot\x08\x08check\n",
    "escape": "run: reboot\x1b[2Kcheck\n",
    "marks of direction": "run: a\u200eb\u200fc\u061cd\n",
}
MIXED = {
    "r\u0435boot": ("r\\u0435boot", "Cyrillic"),
    "\u0430dmin": ("\\u0430dmin", "Cyrillic"),
    "r\u03bf\u03bft": ("r\\u03bf\\u03bft", "Greek"),
    "\uff52eboot": ("\\uff52eboot", "Fullwidth"),
    "sl\u0435\u03bfep": ("sl\\u0435\\u03bfep", "Cyrillic and Greek"),
    "c\u13a1": ("c\\u13a1", "Cherokee"),
    "\U0001d42boot": ("\\U0001d42boot", "Mathematical"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_attack_26_trojan_source_is_not_valid(name: str) -> None:
    """Each sample is refused with the line and the code of the character."""
    told = mistakes_of(SAMPLES[name])
    assert told
    assert any("U+" in line and "not allowed" in line for line in told)


def test_attack_26_the_place_of_the_character_is_told(person: Person) -> None:
    """The file, its line and column; the line is shown with the character as its code."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {}}\n")
    person.writes("runbooks/quick.yml", steps(f"id: one, title: One, run: 'check {RLI} reboot'"))
    said = person.types("validate", "runbooks/quick.yml", code=3)
    assert "runbooks/quick.yml:13:" in said.err
    assert "U+2067" in said.err
    assert RLI not in said.all


@pytest.mark.parametrize("word", MIXED)
def test_attack_26_words_of_two_scripts_are_found(word: str) -> None:
    """Their foreign letters are shown by their codes."""
    assert list(mixed_words(f"do {word} now")) == [MIXED[word]]


@pytest.mark.parametrize(
    "text", ["reboot", "Грузия и Москва", "größe naïve café", "α β γ", "日本 tokyo", "сервер web01", "5 µs"]
)
def test_attack_26_words_of_one_script_are_fine(text: str) -> None:
    """People write in their own languages."""
    assert list(mixed_words(text)) == []


def test_attack_26_a_plan_warns_of_look_alikes_before_it_is_approved(person: Person, tmp_path: Path) -> None:
    """In a command, in a title and in a value of the inventory; in text and as data."""
    person.writes("inventory/hosts.yml", "format: 1\nhosts: {box: {vars: {v: p\u0430ge}}}\n")
    lines = ("id: one, title: R\u0435start it, run: 'true'", "id: two, title: Two, run: '/sbin/r\u0435boot {{ host.vars.v }}'")
    person.writes("runbooks/quick.yml", steps(*lines))
    said = person.types("plan", "runbooks/quick.yml", code=0)
    for word, where in (("R\\u0435start", "one"), ("r\\u0435boot", "two"), ("p\\u0430ge", "two")):
        assert f"work/{where}: the word {word} mixes Latin with Cyrillic letters that look like them" in said.out
    data = person.types("plan", "runbooks/quick.yml", "--json", code=0).json()
    assert len([line for line in data["warnings"] if "mixes Latin" in line]) == 3
