"""Inventories in our own format: what becomes of what people write."""

import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from runbook_engine.loading import load_estate
from runbook_engine.model.estate import BmcSettings, Estate, Group, Host, SshSettings
from runbook_engine.model.runbook import Money
from runbook_engine.model.text import SecretRef
from runbook_engine.model.words import HostName

HOSTS = """\
format: 1
sites:   {ams1: {title: Amsterdam, time_zone: Europe/Amsterdam}}
racks:   {r12: {site: ams1, units: 42, power: {A: 5000 W, B: 5.5 kW}}}
services: {orders: {title: Order system, owner: sales-it, depends_on: [database]}, database: }
groups:
  rack12: {hosts: ["r12-u[01:03]"], ssh: {user: ops}, vars: {bios_tool: fwtool}}
hosts:
  r12-u01: {address: 10.1.12.1, rack: r12, unit: 1, owner: compute, serves: [orders], vars: {}, ssh: {port: 22}}
"""
PEOPLE = """\
people:
  ana.duarte: {name: Ana Duarte, email: ana@example.net, department: infrastructure, skills: {datacenter-hands: 2},
               site: ams1, calendar: office-ams, rate: 95 EUR/h, ssh_keys: [ssh-ed25519 AAAAC3Nza ana@laptop]}
  eva.koster: {department: infrastructure}
  tom.li:
departments: {infrastructure: {title: Infrastructure, head: eva.koster}}
roles: {change-board: [eva.koster, tom.li], head-of-finance: tom.li}
"""
CALENDARS = """\
calendars:
  office-ams:
    time_zone: Europe/Amsterdam
    work: {mon-thu: 09:00-17:00, fri: ["09:00-12:00", "13:00-16:00"]}
    holidays: NL
windows:   {night: {time_zone: Europe/Amsterdam, open: {mon-fri: "22:00-04:00"}}, working-hours: {calendar: office-ams}}
freezes:
- {from: 2026-12-19, to: 2027-01-04, sites: [ams1], why: Holiday trade,
   lift: [eva.koster, change-board, head-of-infrastructure]}
"""
MORE = """\
freezes: [{from: 2026-05-01 18:00, to: 2026-05-01T23:30, why: Release, services: orders, kinds: upgrade}]
resources: {server-lift: {capacity: 1, site: ams1}, sfp-10g: {stock: 48}}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """The inventory of the documentation, in several files and a nested folder."""
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    (tmp_path / "calendars.yml").write_text(CALENDARS)
    (tmp_path / "more" / "deep" / "more.yml").write_text(MORE)
    (tmp_path / "README.md").write_text("not: [an inventory")
    (tmp_path / ".hidden.yml").write_text("not: [an inventory")
    return load_estate(tmp_path)


def one_file(tmp_path: Path, text: str) -> Estate:
    """The estate of a single file."""
    (tmp_path / "hosts.yml").write_text(text)
    return load_estate(tmp_path)


def test_hosts_get_what_their_group_their_rack_and_they_themselves_say(estate: Estate) -> None:
    """A host has its own settings over those of its group, and its rack's site."""
    assert estate.hosts["r12-u01"] == Host(
        name="r12-u01",
        address="10.1.12.1",
        site="ams1",
        rack="r12",
        unit=1,
        owner="compute",
        serves=("orders",),
        groups=("all", "rack12"),
        vars={"bios_tool": "fwtool"},
        ssh=SshSettings(user="ops", port=22),
        path=estate.hosts["r12-u01"].path,
    )


def test_a_host_that_only_a_group_names_exists(estate: Estate) -> None:
    """A range in a group makes hosts with the group's settings, reached under their own names."""
    host = estate.hosts["r12-u03"]
    assert (host.address, host.vars, host.ssh) == ("r12-u03", {"bios_tool": "fwtool"}, SshSettings(user="ops"))
    assert list(estate.hosts) == ["r12-u01", "r12-u02", "r12-u03"]
    assert estate.groups["all"] == Group(name="all", hosts=("r12-u01", "r12-u02", "r12-u03"), children=("rack12",))


def test_hosts_know_where_they_were_written(estate: Estate) -> None:
    """The path of a host leads to its entry, or to the range that names it."""
    places = [str(estate.places.of(estate.hosts[name].path)).rsplit("/", 1)[1] for name in ("r12-u01", "r12-u02")]
    assert places == ["hosts.yml:8:12", "hosts.yml:6:20"]


def test_people_departments_and_roles_are_joined(estate: Estate) -> None:
    """A department is a role of all its people, and its head has the role head-of-DEPARTMENT."""
    assert estate.roles == {
        "infrastructure": ("ana.duarte", "eva.koster"),
        "head-of-infrastructure": ("eva.koster",),
        "change-board": ("eva.koster", "tom.li"),
        "head-of-finance": ("tom.li",),
    }
    ana = estate.people["ana.duarte"]
    assert (ana.rate, ana.skills) == (Money(amount=Decimal(95), currency="EUR"), {"datacenter-hands": 2})
    assert ana.ssh_keys == ("ssh-ed25519 AAAAC3Nza ana@laptop",)


def test_times_freezes_and_things_are_read(estate: Estate) -> None:
    """Hours, dates, date-times, power and stock become plain values; several files of freezes add up."""
    assert estate.calendars["office-ams"].work == {"mon-thu": ("09:00-17:00",), "fri": ("09:00-12:00", "13:00-16:00")}
    assert estate.windows["night"].open == {"mon-fri": ("22:00-04:00",)}
    assert estate.windows["working-hours"].calendar == "office-ams"
    first, second = estate.freezes
    assert (first.start, first.end) == (date(2026, 12, 19), date(2027, 1, 4))
    assert (str(second.start), str(second.end)) == ("2026-05-01 18:00:00", "2026-05-01 23:30:00")  # the site's own time
    assert (second.services, second.kinds) == (("orders",), ("upgrade",))
    assert estate.racks["r12"].power_w == {"A": 5000.0, "B": 5500.0}
    assert (estate.resources["server-lift"].capacity, estate.resources["sfp-10g"].stock) == (1, 48)
    assert [Path(file).name for file in estate.files] == ["calendars.yml", "hosts.yml", "people.yaml", "more.yml"]


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    """The same files give an equal estate, its order of hosts and groups included."""
    first, second = one_file(tmp_path, HOSTS), load_estate(tmp_path)
    assert first == second
    assert (list(first.hosts), list(first.groups)) == (list(second.hosts), list(second.groups))


NESTED = """\
groups:
  zoo: {hosts: [h], vars: {who: zoo, zoo: 1}, ssh: {user: zoo}, tags: [t-zoo], serves: [a]}
  inner: {hosts: [h], vars: {who: inner, inner: 1, deep: {x: 1}}, ssh: {port: 2201, key: ~/.ssh/inner}, owner: inner}
  outer: {children: [inner], vars: {who: outer, outer: 1, deep: {y: 2}}, ssh: {user: outer, port: 22},
          tags: t-outer, owner: outer}
  all: {vars: {who: all, all: 1}, ssh: {user: all, jump: bastion}}
services: {a: , b: }
hosts: {h: {vars: {own: 1}, ssh: {key: own.pem}, tags: [mine], serves: [b, a]}, other: }
"""


def test_later_layers_win_value_by_value(tmp_path: Path) -> None:
    """Groups count from outer to inner (by depth, then name) and the host most; a value replaces the earlier one whole."""
    host = one_file(tmp_path, NESTED).hosts["h"]
    assert host.groups == ("all", "outer", "zoo", "inner")
    assert host.vars == {"who": "inner", "all": 1, "outer": 1, "zoo": 1, "inner": 1, "deep": {"x": 1}, "own": 1}
    assert host.ssh == SshSettings(user="zoo", port=2201, key="own.pem", jump="bastion")
    assert (host.owner, host.serves, host.tags) == ("inner", ("a", "b"), {"t-zoo", "t-outer", "mine"})


@pytest.mark.parametrize(
    ("layers", "winner"),
    [
        ("all", "all"),
        ("all outer", "outer"),
        ("all outer inner", "inner"),
        ("outer zoo", "zoo"),
        ("zoo inner", "inner"),
        ("all outer zoo inner host", "host"),
        ("all host", "host"),
    ],
)
def test_precedence_table(tmp_path: Path, layers: str, winner: str) -> None:
    """Precedence is all < outer < (same depth: by name) < inner < host, whichever of them say something."""
    told = {name: f"vars: {{v: {name}}}" for name in layers.split()}
    estate = one_file(
        tmp_path,
        f"""\
groups:
  inner: {{hosts: [h], {told.get("inner", "")}}}
  zoo: {{hosts: [h], {told.get("zoo", "")}}}
  outer: {{children: [inner], {told.get("outer", "")}}}
  all: {{{told.get("all", "")}}}
hosts: {{h: {{{told.get("host", "")}}}}}
""",
    )
    assert estate.hosts["h"].vars["v"] == winner


def test_a_group_holds_the_hosts_of_its_children(tmp_path: Path) -> None:
    """Groups have all hosts below them, each once, in the order in which hosts were written."""
    estate = one_file(tmp_path, "groups: {a: {hosts: ['h[1:2]'], children: [b]}, b: {hosts: [h2, h0]}}")
    assert estate.groups["a"] == Group(name="a", hosts=("h1", "h2", "h0"), children=("b",))
    assert estate.groups["b"].hosts == ("h2", "h0")


def test_secrets_are_kept_by_name(tmp_path: Path) -> None:
    """{secret: NAME} becomes a reference wherever it stands in the variables; everything else stays as written."""
    text = 'p: {secret: "env:DB"}, l: [{secret: "file:/etc/x"}], d: {c: {secret: "cmd:pass show x"}}, t: "{{ a }}"'
    text += ', k: {secret: "keyring:bmc/ana"}, v: {secret: "vault:kv/a/b#c"}'
    values = one_file(tmp_path, f"hosts: {{h: {{vars: {{{text}}}}}}}").hosts["h"].vars
    assert values == {
        "p": SecretRef("env:DB"),
        "l": [SecretRef("file:/etc/x")],
        "d": {"c": SecretRef("cmd:pass show x")},
        "k": SecretRef("keyring:bmc/ana"),
        "v": SecretRef("vault:kv/a/b#c"),
        "t": "{{ a }}",
    }


def test_a_range_under_hosts_gives_each_the_same_settings(tmp_path: Path) -> None:
    """A range as a key of `hosts` is an entry for each of its hosts, and equal values are shared between them."""
    estate = one_file(tmp_path, 'hosts: {"n[1:3].lab": {owner: lab, vars: {a: [1]}, ssh: {user: ops}}}')
    assert list(estate.hosts) == ["n1.lab", "n2.lab", "n3.lab"]
    assert estate.hosts["n1.lab"].vars is estate.hosts["n3.lab"].vars
    assert estate.hosts["n1.lab"].ssh is estate.hosts["n3.lab"].ssh


def test_one_file_can_be_given_instead_of_a_folder(tmp_path: Path) -> None:
    """An inventory may be a single file; what stands beside it is not read."""
    (tmp_path / "a.yml").write_text("hosts: {a: }")
    (tmp_path / "b.yml").write_text("hosts: {b: }")
    assert list(load_estate(tmp_path / "a.yml").hosts) == ["a"]


def test_twenty_thousand_hosts_load_fast(tmp_path: Path) -> None:
    """A range of 20,000 hosts loads in a moment: no work is done per host that can be done once."""
    (tmp_path / "hosts.yml").write_text('groups: {big: {hosts: ["h[00001:20000]"], vars: {a: 1}, ssh: {user: ops}}}')
    began = time.process_time()
    estate = load_estate(tmp_path)
    assert time.process_time() - began < 2
    assert len(estate.hosts) == 20_000
    assert estate.hosts["h00001"].vars is estate.hosts["h20000"].vars


def test_management_controllers_are_told_by_groups_and_hosts(tmp_path: Path) -> None:
    """What a host says is laid over what its groups say, key by key; addresses and fingerprints get one form."""
    text = """
groups:
  all: {bmc: {user: ops, password: {secret: "env:BMC"}}}
  rack: {hosts: [a, b, c, d], bmc: {verify: certs/bmc.pem}}
hosts:
  a: {bmc: {address: 10.9.12.1}}
  b: {bmc: {address: "bmc-b:8443", user: root, verify: "SHA256:FINGERPRINT", system: System.Embedded.1}}
  c: {bmc: {address: "http://127.0.0.1:8000", verify: true}}
"""
    (tmp_path / "hosts.yml").write_text(text.replace("FINGERPRINT", ":".join(["AB"] * 32)))
    hosts = load_estate(tmp_path).hosts
    secret = SecretRef("env:BMC")
    file = "certs/bmc.pem"
    assert [hosts[HostName(name)].bmc for name in "abcd"] == [
        BmcSettings(address="https://10.9.12.1", user="ops", password=secret, verify=file),
        BmcSettings(
            address="https://bmc-b:8443", user="root", password=secret, verify=f"sha256:{'ab' * 32}", system="System.Embedded.1"
        ),
        BmcSettings(address="http://127.0.0.1:8000", user="ops", password=secret),
        BmcSettings(user="ops", password=secret, verify=file),
    ]


def test_the_address_of_a_controller_may_be_one_of_ipv6(tmp_path: Path) -> None:
    """With and without brackets."""
    (tmp_path / "hosts.yml").write_text(
        'hosts: {a: {bmc: {address: "2001:db8::7"}}, b: {bmc: {address: "https://[2001:db8::7]:8443"}}}'
    )
    hosts = load_estate(tmp_path).hosts.values()
    assert [host.bmc.address for host in hosts] == ["https://[2001:db8::7]", "https://[2001:db8::7]:8443"]
