"""Ansible inventories are read as Ansible reads them. What is expected here was printed by ansible-inventory 2.19."""

import json
import os
from pathlib import Path

import pytest

from runbook_engine.loading import load_estate
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate, Group, SshSettings

INI = """\
# first some without a group
bastion ansible_host=192.0.2.1 ansible_port=2222
lonely:2200

[web]
www[01:03].example.com  http_port=80 greeting="hello world" flag=True ratio=0.5 none=None tup="(1, 2)" # a comment
www-[a:c] role='front end' json='{"a": [1, "x"]}' octal=0755 version=1.10 hash=a#b
10.0.0.7 ansible_user=deploy

[db]
db[1:9:4] ansible_ssh_private_key_file=~/.ssh/db
[2001:db8::1]:2022 six=yes

[site:children]
web
db

[site:vars]
ansible_user=ops
port=8080
text=two words # not a comment
quoted="in quotes"
level=site
where=ini

[db:vars]
level=db
ansible_ssh_common_args='-J jump@bastion.example.com:2222'
"""
VARS_FILES = {
    "group_vars/all.yml": """\
level: all-file
where: group_vars-all
flag_yes: yes
quoted_yes: "yes"
template: "{{ level }} and more"
nested: {a: [1, 2], b: {c: no}}
""",
    "group_vars/web/a.yml": "from_a: 1\nboth: a\n",
    "group_vars/web/b.yml": "both: b\nhttp_port: 8080\n",
    "group_vars/site": "level: site-file\n",
    "group_vars/nobody.yml": "x: 1\n",
    "host_vars/bastion.yaml": "ansible_port: 22022\nwho: host_vars\n",
    "host_vars/www-a.json": '{"json_var": [1, 2]}',
}
ALL = {
    "level": "all-file",
    "where": "group_vars-all",
    "flag_yes": True,
    "quoted_yes": "yes",
    "template": "{{ level }} and more",
    "nested": {"a": [1, 2], "b": {"c": False}},
}
SITE = {
    **ALL,
    "ansible_user": "ops",
    "port": 8080,
    "text": "two words # not a comment",
    "quoted": "in quotes",
    "level": "site-file",
}
WEB = {**SITE, "from_a": 1, "both": "b", "http_port": 8080}
WWW = {**WEB, "http_port": 80, "greeting": "hello world", "flag": True, "ratio": 0.5, "none": None, "tup": [1, 2]}
FRONT = {**WEB, "role": "front end", "json": {"a": [1, "x"]}, "octal": "0755", "version": 1.1, "hash": "a"}
DB = {**SITE, "ansible_ssh_common_args": "-J jump@bastion.example.com:2222"}
DBS = {**DB, "ansible_ssh_private_key_file": "~/.ssh/db"}
HOSTVARS = {
    "bastion": {**ALL, "ansible_host": "192.0.2.1", "ansible_port": 22022, "who": "host_vars"},
    "lonely": {**ALL, "ansible_port": 2200},
    "www01.example.com": WWW,
    "www02.example.com": WWW,
    "www03.example.com": WWW,
    "www-a": {**FRONT, "json_var": [1, 2]},
    "www-b": FRONT,
    "www-c": FRONT,
    "10.0.0.7": {**WEB, "ansible_user": "deploy"},
    "db1": DBS,
    "db5": DBS,
    "db9": DBS,
    "2001:db8::1": {**DB, "ansible_port": 2022, "six": "yes"},
}
WEBS = ("www01.example.com", "www02.example.com", "www03.example.com", "www-a", "www-b", "www-c", "10.0.0.7")
LISTED = {
    "_meta": {"hostvars": HOSTVARS, "profile": "inventory_legacy"},
    "all": {"children": ["ungrouped", "site"]},
    "db": {"hosts": ["db1", "db5", "db9", "2001:db8::1"]},
    "site": {"children": ["web", "db"]},
    "ungrouped": {"hosts": ["bastion", "lonely"]},
    "web": {"hosts": list(WEBS)},
}
TREE = """\
all:
  hosts:
    bastion: {ansible_host: 192.0.2.1, ansible_port: 2222}
    lonely:2200:
  children:
    site:
      vars: {ansible_user: ops, port: 8080, text: "two words # not a comment", quoted: in quotes, level: site, where: yaml}
      children:
        web:
          hosts:
            www[01:03].example.com: {http_port: 80, greeting: hello world, flag: yes, ratio: 0.5, none: , tup: [1, 2]}
            www-[a:c]: {role: front end, json: {a: [1, x]}, octal: "0755", version: 1.1, hash: a}
            10.0.0.7: {ansible_user: deploy}
        db:
    db:
      vars: {level: db, ansible_ssh_common_args: -J jump@bastion.example.com:2222}
      hosts:
        db[1:9:4]: {ansible_ssh_private_key_file: ~/.ssh/db}
        "[2001:db8::1]:2022": {six: "yes"}
"""


def written(folder: Path, files: dict[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    "files",
    [
        {"hosts": INI, **VARS_FILES},
        {"production": INI, **VARS_FILES},
        {"inventory.ini": INI, **VARS_FILES},
        {"inventory.yml": TREE, **VARS_FILES},
        {"hosts": TREE, **VARS_FILES},
        {"dynamic.json": json.dumps(LISTED)},
        {"dynamic.json": json.dumps(LISTED, indent=4), **VARS_FILES, "host_vars/bastion.yaml": "who: host_vars"},
    ],
    ids=["hosts", "without ending", "ini", "yaml", "yaml without ending", "json", "json with folders"],
)
def test_every_form_gives_the_hosts_and_variables_that_ansible_prints(tmp_path: Path, files: dict[str, str]) -> None:
    """INI, YAML and the printed list with group_vars and host_vars give each host the variables that Ansible gives it."""
    estate = load_estate(written(tmp_path, files))
    assert {name: dict(host.vars) for name, host in estate.hosts.items()} == HOSTVARS
    assert {name: set(group.hosts) for name, group in estate.groups.items()} == {
        "all": set(HOSTVARS),
        "ungrouped": {"bastion", "lonely"},
        "site": set(HOSTVARS) - {"bastion", "lonely"},
        "web": set(WEBS),
        "db": {"db1", "db5", "db9", "2001:db8::1"},
    }


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """The INI inventory with its folders of variables."""
    return load_estate(written(tmp_path, {"hosts": INI, **VARS_FILES}))


def test_variables_about_the_connection_become_its_settings(estate: Estate) -> None:
    """Address, port, user, key and jump host are what Ansible would use."""
    assert (estate.hosts["bastion"].address, estate.hosts["bastion"].ssh) == ("192.0.2.1", SshSettings(port=22022))
    assert estate.hosts["lonely"].ssh == SshSettings(port=2200)
    assert estate.hosts["10.0.0.7"].ssh == SshSettings(user="deploy")
    assert estate.hosts["db5"].ssh == SshSettings(user="ops", key="~/.ssh/db", jump="jump@bastion.example.com:2222")
    assert estate.hosts["2001:db8::1"].address == "2001:db8::1"


def test_groups_of_a_host_go_from_outer_to_inner(estate: Estate) -> None:
    """A host knows its groups in the order in which their variables count."""
    assert estate.hosts["db5"].groups == ("all", "site", "db")
    assert estate.groups["site"] == Group(
        name="site", hosts=(*WEBS, "db1", "db5", "db9", "2001:db8::1"), children=("web", "db")
    )


def test_a_host_is_found_in_its_file(estate: Estate) -> None:
    """The path of a host leads to the line that says most about it."""
    assert str(estate.places.of(estate.hosts["db5"].path)).endswith("/hosts:11:1")


ODD = r"""
[all:vars]
x=1
list=[1, 'a', "b"]
d={'k': True}
empty=
spaces =  padded
eq=a=b
neg=-5
exp=1e3
big=123456789012345678901234567890
hex=0x1F
under=1_000
comment="a b" # tail
none=None
small=true
yes=yes
dots=...
[web.example]
h[1:2]  q="a \"b\" c" esc=a\ b single='$x "y"'  emp=""
[web.example:children]
inner
[inner]
h4 x=2
h[01:10:3].dc1
[other-group]
h1
"""


def test_values_of_the_ini_form_have_the_types_that_ansible_gives_them(tmp_path: Path) -> None:
    """Values are read as Python's numbers, lists and mappings where they are such, in host lines and :vars alike."""
    estate = load_estate(written(tmp_path, {"inventory.ini": ODD}))
    common = {
        "x": 1,
        "list": [1, "a", "b"],
        "d": {"k": True},
        "empty": "",
        "spaces": "padded",
        "eq": "a=b",
        "neg": -5,
        "exp": 1000.0,
        "big": 123456789012345678901234567890,
        "hex": 31,
        "under": 1000,
        "comment": "a b",
        "none": None,
        "small": "true",
        "yes": "yes",
        "dots": "...",
    }
    assert estate.hosts["h1"].vars == {**common, "q": 'a "b" c', "esc": "a b", "single": '$x "y"', "emp": ""}
    assert estate.hosts["h4"].vars == {**common, "x": 2}
    assert list(estate.hosts) == ["h1", "h2", "h4", "h01.dc1", "h04.dc1", "h07.dc1", "h10.dc1"]
    assert estate.hosts["h1"].groups == ("all", "other-group", "web.example")


RANKED = """\
all:
  vars: {level: all, on_word: on}
  hosts:
    free: {level: own}
  children:
    europe:
      children:
        ams:
          hosts:
            ams[1:2]: {ansible_port: 2201}
            ams3:2203:
          vars: {level: ams}
        fra:
          hosts: {fra1: {}, ams1: }
      vars: {level: europe, zone: eu}
    aaa:
      hosts: {ams1: }
      vars: {level: aaa}
    prio:
      hosts: {ams1: , fra1: }
      vars: {level: prio, ansible_group_priority: 10}
"""


def test_depth_then_priority_then_name_decide_between_groups(tmp_path: Path) -> None:
    """Inner groups win over outer ones, ansible_group_priority decides among equals, and is no variable itself."""
    estate = load_estate(written(tmp_path, {"inventory.yml": RANKED}))
    assert estate.hosts["ams1"].vars == {"ansible_port": 2201, "level": "ams", "on_word": True, "zone": "eu"}
    assert estate.hosts["fra1"].vars == {"level": "prio", "on_word": True, "zone": "eu"}
    assert estate.hosts["ams3"].vars == {"ansible_port": 2203, "level": "ams", "on_word": True, "zone": "eu"}
    assert estate.hosts["free"].vars == {"level": "own", "on_word": True}
    assert estate.groups["ungrouped"].hosts == ("free",)


def test_our_files_add_to_an_ansible_inventory(tmp_path: Path) -> None:
    """A folder may hold both: ours adds sites, racks and facts to hosts and groups that Ansible's names, and wins."""
    ours = """\
sites: {ams1: }
racks: {r1: {site: ams1}}
groups: {web: {tags: [front], vars: {http_port: 81}}}
hosts: {www-a: {rack: r1, unit: 3, ssh: {user: root}}}
"""
    estate = load_estate(written(tmp_path, {"hosts": INI, "ours.yml": ours}))
    host = estate.hosts["www-a"]
    assert (host.site, host.unit, host.tags, host.groups) == ("ams1", 3, {"front"}, ("all", "site", "web"))
    assert (host.ssh, host.vars["http_port"], host.vars["role"]) == (SshSettings(user="root"), 81, "front end")
    assert estate.hosts["www-b"].tags == {"front"}
    assert len(estate.hosts) == len(HOSTVARS)


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ("-J b.example.com", SshSettings(jump="b.example.com")),
        ("-Jops@b:22,c", SshSettings(jump="ops@b:22,c")),
        ("-o ProxyJump=ops@b", SshSettings(jump="ops@b")),
        ("-oProxyJump=[2001:db8::1]:22", SshSettings(jump="[2001:db8::1]:22")),
        ('-o ProxyCommand="ssh -W %h:%p -q -p 2222 ops@b"', SshSettings(jump="ops@b:2222")),
        ("-J b -o UserKnownHostsFile=~/.ssh/lab", SshSettings(jump="b", known_hosts="~/.ssh/lab")),
    ],
)
def test_ways_to_jump_are_taken_over(tmp_path: Path, arguments: str, settings: SshSettings) -> None:
    """The forms of ansible_ssh_common_args that name a jump host become one."""
    inventory = {"all": {"hosts": {"h": {"ansible_ssh_common_args": arguments}}}}
    estate = load_estate(written(tmp_path, {"inventory.yml": json.dumps(inventory)}))
    assert estate.hosts["h"].ssh == settings


VAULTED = "$ANSIBLE_VAULT;1.1;AES256\n62313365396662343061393464336163\n3764373764613633\n"
TREE_WITH_VAULT = "all:\n  hosts: {h: }\n  vars:\n    p: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6231\n"

MISTAKES = [
    ("hosts", "[web]\nh1 port\n", "hosts:2:4: 'port' is not a variable"),
    ("hosts", "[web]\nh1 a='x\n", "hosts:2:1: No closing quotation"),
    ("hosts", "[web]\n  h[1:\n", "hosts:2:3: 'h[1:' has a bracket without its partner"),
    ("hosts", "[web x]\nh1\n", "hosts:1:1: '[web x]' is not a section"),
    ("hosts", "[web:childs]\nh1\n", "hosts:1:6: 'childs' is not a kind of section"),
    ("hosts", "[web:children]\ndbs\n[db]\nh1\n", "hosts:2:1: there is no group 'dbs'"),
    ("hosts", "h1\n[web:vars]\na=1\n", "hosts:2:2: [web:vars] is for a group that is not in this file"),
    ("hosts", "h1\n[all:vars]\nabc\n", "hosts:3:1: 'abc' is not a variable: write key=value"),
    ("hosts", "[we;b]\nh1\n", "hosts:1:2: 'we;b' is not a name"),
    ("hosts", "[web]\n-oX\n", "hosts:2:1: '-oX' is not a host name"),
    ("hosts", "[web]\nh1:99999\n", "hosts:2:1: 99999 is not a port"),
    ("hosts", "h1 ansible_port=no\n", "hosts:1:4: ansible_port: 'no' is not a port"),
    ("hosts", "h1 ansible_host='{{ x }}'\n", "hosts:1:4: ansible_host: '{{ x }}' is neither a host name nor"),
    ("hosts", "h1 ansible_user='-oX'\n", "hosts:1:4: ansible_user: '-oX' is not a login name"),
    ("hosts", "h1 ansible_password=hunter2\n", "hosts:1:4: ansible_password holds a password in clear text"),
    (
        "hosts",
        "h1\n[all:vars]\nansible_ssh_common_args=-o StrictHostKeyChecking=no\n",
        "hosts:3:1: ansible_ssh_common_args: '-o StrictHostKeyChecking=no' is not taken over",
    ),
    ("hosts", "h1 ansible_ssh_common_args='-F x'\n", "hosts:1:4: ansible_ssh_common_args: '-F' is not taken over"),
    ("hosts", "#!/usr/bin/env python3\nprint(1)\n", "hosts:1:1: a script is not run to find hosts"),
    ("i.yml", "all: {hosts: [h1]}", "i.yml:1:14: hosts must be keys and values"),
    ("i.yml", "all: {children: {web: {host: {h1: }}}}", "i.yml:1:24: unknown key 'host' in a group of Ansible"),
    ("i.yml", "all: {hosts: {h1: 5}}", "i.yml:1:19: the variables of a host must be keys and values"),
    ("i.yml", "all: {hosts: {-h: }}", "i.yml:1:15: '-h' is not a host name"),
    ("i.yml", "all: {vars: {a: !vault x, b: 1}, hosts: {h: {ansible_port: 0}}}", "i.yml:1:60: ansible_port: '0' is not a port"),
    ("i.yml", TREE_WITH_VAULT, "i.yml:4:8: 'p' is encrypted by Ansible Vault, which is not opened here"),
    ("group_vars/all.yml", VAULTED, "group_vars/all.yml:1:1: 'all' is encrypted by Ansible Vault, which is not opened here"),
    ("group_vars/all.yml", "- a\n", "group_vars/all.yml:1:1: a file of variables must be keys and values"),
    ("host_vars/some.yml", "a: [\n", "host_vars/some.yml:1:"),
    ("d.json", "{", "d.json:1:2: not valid JSON: Expecting property name enclosed in double quotes"),
    ("d.json", "[1]", "d.json:1:1: expected a mapping of groups"),
    ("d.json", '{"web": {"hosts": "h1"}}', "d.json:1:19: expected a list of names"),
    ("d.json", '{"web": {"hosts": ["h1", 5]}}', "d.json:1:26: expected a name"),
    ("d.json", '{"web": {"host": []}}', "d.json:1:10: unknown key 'host' in a group"),
    (
        "d.json",
        '{"_meta": {"hostvars": {"h1": {"p": {"__ansible_vault": "x"}}}}}',
        "d.json:1:37: 'p' is encrypted by Ansible Vault",
    ),
]


@pytest.mark.parametrize(("file", "text", "expected"), MISTAKES, ids=[f"{file}: {text[:40]}" for file, text, _ in MISTAKES])
def test_a_mistake_in_an_ansible_inventory_has_its_place(tmp_path: Path, file: str, text: str, expected: str) -> None:
    """What cannot be taken over from Ansible is refused with file, line and column; nothing is dropped silently."""
    written(tmp_path, {"other.yml": "hosts: {some: }", file: text})
    with pytest.raises(NotValid) as caught:
        load_estate(tmp_path)
    (mistake,) = caught.value.mistakes
    assert f"{mistake.place}: {mistake.message}".replace(f"{tmp_path}/", "").startswith(expected)


def test_templates_and_odd_connections_stay_as_text(tmp_path: Path) -> None:
    """Variables with braces are kept as they are; a password that is only a template is no secret in clear text."""
    text = "h become_ok='{{ a }}' ansible_password='{{ vault }}' ansible_connection=local ansible_become=true\n"
    host = load_estate(written(tmp_path, {"hosts": text})).hosts["h"]
    assert host.vars == {
        "become_ok": "{{ a }}",
        "ansible_password": "{{ vault }}",
        "ansible_connection": "local",
        "ansible_become": "true",
    }


def test_files_that_are_no_inventory_are_left_alone(tmp_path: Path) -> None:
    """Texts, keys and programs beside an inventory are not read."""
    others = {
        "README": "Our inventory.\nSee: nothing",
        "LICENSE": "MIT",
        "notes.txt": "[web]\nx",
        "ansible.cfg": "[defaults]\n",
    }
    estate = load_estate(written(tmp_path, {"hosts": "h1\n", "keys/id_ed25519": "-----BEGIN KEY-----\n", **others}))
    assert [Path(file).name for file in estate.files] == ["hosts"]


def test_a_pipe_in_the_folder_is_not_waited_for(tmp_path: Path) -> None:
    """Only files are read: a pipe among them would keep the reader waiting for ever."""
    os.mkfifo(written(tmp_path, {"a.yml": "hosts: {a: }"}) / "b.yml")
    assert list(load_estate(tmp_path).hosts) == ["a"]
