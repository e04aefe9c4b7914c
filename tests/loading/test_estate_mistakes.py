"""Mistakes in our own inventory files: each is found, at its place, with its likely repair, all of them at once."""

from pathlib import Path

import pytest

from runbook_engine.loading import load_estate
from runbook_engine.model.errors import Exit, NotValid

# what is written → line:column: message, and [hint] where there is one
MISTAKES = [
    ("hosts: {h: {adress: x}}", "1:13: unknown key 'adress' [did you mean 'address'?]"),
    ("host: {h: {}}", "1:1: unknown key 'host' [did you mean 'hosts'?]"),
    ("format: 2", "1:9: expected 1, found number 2"),
    ("hosts: {h: {address: 'a b'}}", "1:22: 'a b' is neither a host name nor an IP address"),
    ("hosts: {h: {address: -oX}}", "1:22: '-oX' is neither a host name nor an IP address"),
    ("hosts: {h: {address: '{{ a }}'}}", "1:22: '{{ a }}' is neither a host name nor an IP address, and templates are …"),
    ("hosts: {'-h': {}}", "1:9: '-h' is not a host name: use letters from a to z, digits, …"),
    ("hosts: {a/b: {}}", "1:9: 'a/b' is not a host name: use letters from a to z, digits, …"),
    ("hosts: {a@b: {}}", "1:9: 'a@b' is not a host name: use letters from a to z, digits, …"),
    ("groups: {'a;b': {}}", "1:10: 'a;b' is not a name: use letters from a to z, digits, …"),
    ("groups: {g: {hosts: ['h[3:1]']}}", "1:22: [3:1] runs backwards"),
    ("hosts: {'h[1:200000]': {}}", "1:9: [1:200000] gives 200,000 names; at most 100,000 are allowed"),
    (
        "hosts: {h: {ssh: {user: '-oProxyCommand=x'}}}",
        "1:25: '-oProxyCommand=x' is not a login name: use letters from a to z, digits, …",
    ),
    ("hosts: {h: {ssh: {port: 70000}}}", "1:25: must be at most 65535"),
    ("hosts: {h: {ssh: {port: '22'}}}", "1:25: expected a whole number, found text '22'"),
    ("hosts: {h: {ssh: {key: -i}}}", "1:24: '-i' is not a path of a file"),
    ("hosts: {h: {ssh: {jump: 'a@b@c'}}}", "1:25: 'a@b@c' is not a way to jump: write [user@]host[:port], …"),
    ("hosts: {h: {ssh: {jump: '-J x'}}}", "1:25: '-J x' is neither a host name nor an IP address"),
    ("hosts: {h: {vars: {p: {secret: hunter2}}}}", "1:32: a secret is given by name, never by its value [write …"),
    ("hosts: {h: {vars: {p: [{secret: 'env:A B'}]}}}", "1:33: a secret is given by name, never by its value [write …"),
    (
        "hosts: {h: {vars: {p: {secret: 'valt:kv/a#b'}}}}",
        "1:32: a secret is given by name, never by its value [did you mean 'vault'?]",
    ),
    ("hosts: {h: {vars: {p: {secret: 'vault:kv/a'}}}}", "1:32: a secret is given by name, never by its value [write …"),
    ('hosts: {h: {vars: {p: {secret: "vault:kv/a#b\\t"}}}}', "1:32: a secret is given by name, never by its value [write …"),
    ("hosts: {h: {bmc: {adress: b}}}", "1:19: unknown key 'adress' [did you mean 'address'?]"),
    ("hosts: {h: {bmc: {address: 'http://b'}}}", "1:28: http:// would show the password of b on the way: write https://, …"),
    ("hosts: {h: {bmc: {address: 'https://ops:pw@b'}}}", "1:28: expected the address of a management controller, such as …"),
    ("hosts: {h: {bmc: {address: 'b:99999'}}}", "1:28: expected the address of a management controller, such as …"),
    ("hosts: {h: {bmc: {address: '-b'}}}", "1:28: '-b' is neither a host name nor an IP address"),
    ("hosts: {h: {bmc: {verify: false}}}", "1:27: the certificate is always checked: expected true, …"),
    (
        "hosts: {h: {bmc: {verify: 'sha256:12'}}}",
        "1:27: expected a fingerprint of 64 hexadecimal digits after sha256:, found text 'sha256:12'",
    ),
    ("hosts: {h: {bmc: {user: 'a b'}}}", "1:25: expected a login name without blanks and colons, found text 'a b'"),
    ("hosts: {h: {bmc: {password: hunter2}}}", "1:29: a secret is given by name, never by its value [write …"),
    ("hosts: {h: {bmc: {password: {secret: 'en:A'}}}}", "1:29: a secret is given by name, never by its value [did you mean …"),
    ("hosts: {h: {vars: {p: .inf}}}", "1:23: infinite and undefined numbers cannot be kept [write it as text, in quotes]"),
    ("hosts: {h: {unit: 3}}", "1:12: h has a unit but no rack [write rack: NAME]"),
    ("hosts: {h: {rack: r1}}", "1:19: there is no rack 'r1' [define it under 'racks:']"),
    ("racks: {r1: {}}\nhosts: {h: {rack: r2}}", "2:19: there is no rack 'r2' [the racks are: r1]"),
    ("racks: {r: {units: 10}}\nhosts: {h: {rack: r, unit: 11}}", "2:12: h is in unit 11, but rack r has 10 units"),
    ("racks: {r: {}}\nhosts: {a: {rack: r, unit: 1}, b: {rack: r, unit: 1}}", "2:35: b and a are both in unit 1 of rack r"),
    (
        "sites: {s: , t: }\nracks: {r: {site: s}}\nhosts: {h: {rack: r, site: t}}",
        "3:12: h is at t, but its rack r is at s",
    ),
    ("racks: {r: {power: {A: 5000}}}", "1:24: expected a power with its unit, such as 5000 W or 5 kW, found number 5000"),
    (
        "sites: {s: {time_zone: Europe/Amsterdan}}",
        "1:24: 'Europe/Amsterdan' is not a time zone; did you mean Europe/Amsterdam?",
    ),
    ("services: {a: {depends_on: [b]}, b: {depends_on: a}}", "1:50: services depend on each other in a circle: a → b → a …"),
    ("services: {a: {depends_on: [x]}}", "1:29: there is no service 'x' [the services are: a]"),
    ("groups: {a: {children: [b]}, b: {children: [a]}}", "1:45: groups hold each other in a circle: a → b → a [take one out]"),
    ("groups: {a: {children: [a]}}", "1:25: groups hold each other in a circle: a → a [take one out]"),
    ("groups: {web: {children: [dbs]}, db: {}}", "1:27: there is no group 'dbs' [did you mean 'db'?]"),
    ("groups: {a: {children: [all]}}", "1:25: 'all' holds every group and cannot stand inside one [take it out]"),
    ("groups: {h: {}}\nhosts: {h: {}}", "2:12: 'h' is a host and a group; a selector could mean either [rename one of them]"),
    ("hosts: {'h[1:3]': {}, h2: {}}", "1:23: 'h2' is defined twice; the first is at hosts.yml:1:9 [keep one]"),
    ("people: {a: {department: d}}", "1:26: there is no department 'd' [define it under 'departments:']"),
    ("people: {a: {calendar: c}}", "1:24: there is no calendar 'c' [define it under 'calendars:']"),
    ("people: {a: {rate: 95}}", "1:20: expected an amount for an hour, such as 95 EUR/h, found number 95"),
    ("people: {a: {skills: {x: 11}}}", "1:26: must be at most 10"),
    ("people: {a: {email: nope}}", "1:21: expected a mail address, found 'nope'"),
    ("people: {a: {ssh_keys: [x]}}", "1:25: expected a public SSH key such as 'ssh-ed25519 AAAA…', found 'x'"),
    ("people: {anna: }\nroles: {r: [ana]}", "2:13: there is no person 'ana' [did you mean 'anna'?]"),
    ("people: {anna: }\nroles: {r: ana}", "2:12: there is no person 'ana' [did you mean 'anna'?]"),
    ("departments: {d: {head: x}}", "1:25: there is no person 'x' [define it under 'people:']"),
    ("people: {d: }\ndepartments: {d: {}}", "1:10: 'd' would mean two things: people, roles and departments need …"),
    ("departments: {d: }\nroles: {head-of-d: []}", "2:9: 'head-of-d' would mean two things: people, roles and …"),
    ("calendars: {c: {work: {mon-fri: 9-17}}}", "1:33: expected hours such as 09:00-17:00, found '9-17'"),
    ("calendars: {c: {work: {mo-fr: 09:00-17:00}}}", "1:24: 'mo-fr' is not a day: write mon, tue, …"),
    ("calendars: {c: {work: {mon-fri: 09:00-17:00, tue: '01:00-02:00'}}}", "1:23: tue stands in 'mon-fri' and in 'tue'; …"),
    (
        "calendars: {c: {holidays: Holland}}",
        "1:27: expected a country such as NL, or a part of one such as DE-BY, found 'Holland'",
    ),
    ("windows: {w: {calendar: c}}", "1:25: there is no calendar 'c' [define it under 'calendars:']"),
    ("windows: {w: {}}", "1:11: a window has either a calendar or hours of its own [write calendar: NAME, or …"),
    ("resources: {r: {}}", "1:13: a resource has either a capacity or a stock [capacity: how many …"),
    ("resources: {r: {capacity: 0}}", "1:27: must be at least 1"),
    ("freezes: [{from: 2026-01-02, to: 2026-01-01, why: x}]", "1:34: the freeze ends before it begins"),
    ("freezes: [{from: 2026-01-02, to: 2026-02-30, why: x}]", "1:34: there is no date '2026-02-30' in the calendar"),
    ("freezes: [{from: 2026-01-02, to: 2026-01-03}]", "1:11: the key 'why' is missing"),
    (
        "freezes: [{from: 2026-01-02, to: 2026-01-03, why: x, lift: [bob]}]",
        "1:61: there is no person, role or department 'bob' …",
    ),
    (
        "plugin: amazon.aws.aws_ec2\nregions: [a]",
        "1:1: this sets up a plugin of Ansible, which is not run here [run ansible-inventory …",
    ),
]


def mistakes_of(folder: Path) -> list[str]:
    """Every mistake of an inventory as one line; the folder's own name is left out."""
    with pytest.raises(NotValid) as caught:
        load_estate(folder)
    lines = (f"{m.place}: {m.message}" + (f" [{m.hint}]" if m.hint else "") for m in caught.value.mistakes)
    return [line.replace(f"{folder}/", "") for line in lines]


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[text[:60] for text, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    """One wrong thing gives exactly one mistake: where it is, what it is, and what to do."""
    (tmp_path / "hosts.yml").write_text(text)
    (tmp_path / "some.yml").write_text("hosts: {some: }")
    (found,) = mistakes_of(tmp_path)
    start, dots, _ = f"hosts.yml:{expected}".partition("…")
    assert found.startswith(start) if dots and expected.endswith("…") else found == f"hosts.yml:{expected}"


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    """Files with YAML errors, wrong keys, unknown names and Ansible mistakes are reported together, in order."""
    (tmp_path / "a.yml").write_text("hosts: {h1: {rack: r9, adress: x}, h2: {rack: r9}}\nracks: {r1: {unitz: 3}}")
    (tmp_path / "b.yml").write_text("hosts: {h2: }\nsites: {s: {time_zone: Mars}}")
    (tmp_path / "c.ini").write_text("[web\n[db]\nx y\n")
    assert mistakes_of(tmp_path) == [
        "a.yml:1:24: unknown key 'adress' [did you mean 'address'?]",
        "a.yml:1:47: there is no rack 'r9' [the racks are: r1]",
        "a.yml:2:14: unknown key 'unitz' [did you mean 'units'?]",
        "b.yml:1:9: 'h2' is defined twice; the first is at a.yml:1:36 [keep one]",
        "b.yml:2:24: 'Mars' is not a time zone, such as Europe/Amsterdam",
        "c.ini:1:1: '[web' has a bracket without its partner",
        "c.ini:3:3: 'y' is not a variable [write key=value, with quotes around spaces]",
    ]


def test_an_entry_with_a_mistake_is_still_known_by_its_name(tmp_path: Path) -> None:
    """A wrong key in a site does not make every reference to the site wrong as well."""
    (tmp_path / "a.yml").write_text("sites: {s: {titel: x}}\nracks: {r: {site: s}}\nhosts: {h: {site: s}}")
    assert mistakes_of(tmp_path) == ["a.yml:1:13: unknown key 'titel' [did you mean 'title'?]"]


def test_names_are_not_called_unknown_when_a_file_cannot_be_read(tmp_path: Path) -> None:
    """With a file that is no YAML, only that is reported: what seems unknown may stand in it."""
    (tmp_path / "a.yml").write_text("hosts: {h: {rack: r1}}\ngroups: {g: {children: [other]}}")
    (tmp_path / "b.yml").write_text("racks: {r1: [}")
    assert [line.split(":")[0] for line in mistakes_of(tmp_path)] == ["b.yml"]


@pytest.mark.parametrize("make", ["nothing", "folder", "no hosts"])
def test_no_inventory_says_how_to_write_one(tmp_path: Path, make: str) -> None:
    """A missing folder, an empty one and one without hosts end with the line that would begin an inventory."""
    folder = tmp_path / "inventory"
    if make != "nothing":
        folder.mkdir()
    if make == "no hosts":
        (folder / "sites.yml").write_text("sites: {a: }")
    with pytest.raises(NotValid) as caught:
        load_estate(folder)
    (mistake,) = caught.value.mistakes
    assert mistake.hint.startswith(f"write {folder}/hosts.yml with a line such as: hosts: {{web1: ")
    assert caught.value.exit_code == Exit.NOT_VALID


def test_what_an_error_says_to_write_works(tmp_path: Path) -> None:
    """The example of the message for people without an inventory is itself a good inventory."""
    from runbook_engine.loading.estate import EXAMPLE

    (tmp_path / "hosts.yml").write_text(EXAMPLE)
    assert load_estate(tmp_path).hosts["web1"].ssh.user == "ops"


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    """A mistake about a secret in clear text repeats neither the secret nor the line that holds it."""
    (tmp_path / "a.yml").write_text("hosts: {h: {vars: {p: {secret: hunter2}}}}")
    (tmp_path / "b.ini").write_text("web ansible_become_password=hunter2\n[all:vars]\nansible_ssh_pass=hunter2\n")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "web").write_text("ansible_password: hunter2")
    with pytest.raises(NotValid) as caught:
        load_estate(tmp_path)
    assert len(caught.value.mistakes) == 4
    assert "hunter2" not in repr(caught.value.mistakes)


def test_groups_that_lie_too_deep_are_refused(tmp_path: Path) -> None:
    """Groups nest at most fifty deep, and more than that is said once."""
    groups = "".join(f"  g{n}: {{children: [g{n + 1}]}}\n" for n in range(60))
    (tmp_path / "hosts.yml").write_text(f"groups:\n{groups}  g60: {{hosts: [h]}}\n")
    assert mistakes_of(tmp_path) == ["hosts.yml:52:3: groups lie more than 50 deep inside each other [make it flatter]"]
