"""The person's SSH configuration: the allow-list, OpenSSH's order of precedence, and nothing executed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from runbook_engine.model.errors import TransportFault
from runbook_engine.model.estate import SshSettings
from runbook_engine.model.plan import Target
from runbook_engine.model.words import Cause
from runbook_engine.transports.routes import Routes
from runbook_engine.transports.ssh_config import SshConfig, local_user

TEXT = """
User=everyone
# comment
Host web* !web9
    HostName %h.example.net
    Port 2222
    IdentityFile ~/.ssh/web_%r
    IdentityFile "/keys/with space"
    ProxyJump ops@bastion:2200,second
    UserKnownHostsFile ~/kh1 ~/kh2
    ForwardAgent yes
Host web1
    User late
    IdentitiesOnly yes
Match host *.example.net user everyone
    IdentityFile /keys/match
Host *
    Port 22
"""


def config(tmp_path, text, home=None):
    """A configuration of this text."""
    path = tmp_path / "config"
    path.write_text(text)
    return SshConfig([path], home or tmp_path)


def test_first_value_wins_and_identities_add_up(tmp_path):
    """Host patterns, exclusions, tokens, quotes, lists and Match as OpenSSH reads them."""
    found = config(tmp_path, TEXT).of("web1")
    assert (found.host_name, found.user, found.port) == ("web1.example.net", "everyone", 2222)
    assert found.identity_files == (f"{tmp_path}/.ssh/web_everyone", "/keys/with space", "/keys/match")
    assert found.jump == "ops@bastion:2200,second"
    assert found.known_hosts == (f"{tmp_path}/kh1", f"{tmp_path}/kh2")
    other = config(tmp_path, TEXT).of("web9")
    assert (other.host_name, other.port, other.jump, other.identity_files) == ("", 22, "", ())


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not installed")
@pytest.mark.parametrize("host", ["web1", "web9", "db"])
def test_openssh_says_the_same(tmp_path, host):
    """`ssh -G` finds the same user, port, address and jump."""
    found = config(tmp_path, TEXT).of(host)
    printed = subprocess.run(
        ["ssh", "-G", "-F", tmp_path / "config", host], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    theirs = dict(text.split(" ", 1) for text in printed if " " in text)
    assert theirs["user"] == (found.user or local_user())
    assert theirs["port"] == str(found.port or 22)
    assert theirs["hostname"] == (found.host_name or host)
    assert theirs.get("proxyjump", "") == found.jump


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Host x\n  ProxyCommand touch {}\n", 2),
        ("Match exec 'touch {}'\n  User root\n", 1),
        ("Match host x exec 'touch {}'\n  User root\n", 1),
    ],
)
def test_programs_are_refused_by_file_and_line_and_never_run(tmp_path, text, number):
    """ProxyCommand and Match exec that would apply to the host are refused; nothing is executed to find out."""
    trap = tmp_path / "trap"
    with pytest.raises(TransportFault) as caught:
        config(tmp_path, text.format(trap)).of("x")
    assert caught.value.cause is Cause.CONFIGURATION
    assert not caught.value.started
    assert f"{tmp_path}/config:{number}" in caught.value.message
    assert not trap.exists()


def test_programs_that_do_not_apply_are_no_matter(tmp_path):
    """Another host's ProxyCommand, a Match exec without a keyword that is used, a way that the inventory gives."""
    assert config(tmp_path, "Host y\n ProxyCommand z\n").of("x").jump == ""
    assert config(tmp_path, "Match host y exec z\n User root\n").of("x").user == ""
    assert config(tmp_path, "Match exec z\n ForwardAgent yes\n").of("x").user == ""
    assert config(tmp_path, "Host *\n ProxyCommand z\n").of("x", jump_is_set=True).jump == ""
    assert config(tmp_path, "Host *\n ProxyCommand none\n").of("x").jump == ""
    assert config(tmp_path, "Host *\n ProxyJump j\n ProxyCommand z\n").of("x").jump == "j"


def test_includes(tmp_path):
    """Include reads files under ~/.ssh, by patterns, where they stand; a circle is an error with a cause."""
    folder = tmp_path / ".ssh" / "conf.d"
    folder.mkdir(parents=True)
    (folder / "a.conf").write_text("Host x\n User ann\n")
    (folder / "b.conf").write_text("Host x\n User bob\n Port 77\n")
    found = config(tmp_path, "Include conf.d/*.conf\nHost x\n Port 78\n").of("x")
    assert (found.user, found.port) == ("ann", 77)
    (folder / "a.conf").write_text(f"Include {folder}/a.conf\n")
    with pytest.raises(TransportFault) as caught:
        config(tmp_path, f"Include {folder}/a.conf\n")
    assert caught.value.cause is Cause.CONFIGURATION


def way(tmp_path, text, target, **targets):
    """The hops to a target."""
    return Routes(config(tmp_path, text), targets, (Path("/kh"),)).to(target)


def test_the_inventory_wins_over_the_configuration(tmp_path):
    """User, port, key, known_hosts, address and jump of the inventory come first; the rest is filled in."""
    ssh = SshSettings(user="ops", port=2022, key="/k", jump="none", known_hosts="/other")
    (hop,) = way(tmp_path, TEXT, Target(name="web1", address="10.0.0.1", ssh=ssh))
    assert (hop.address, hop.user, hop.port, hop.known_hosts) == ("10.0.0.1", "ops", 2022, (Path("/other"),))
    assert hop.identity.files == ("/k",)
    first, second, last = way(tmp_path, TEXT, Target(name="web1", address="web1"))
    assert (first.name, first.user, first.port) == ("bastion", "ops", 2200)
    assert (second.name, second.user, second.port) == ("second", "everyone", 22)
    assert (last.address, last.port) == ("web1.example.net", 2222)


def test_a_jump_may_name_a_host_of_the_inventory(tmp_path):
    """Its own address, user, port and key are used; round in a circle is an error."""
    gate = Target(name="gate", address="10.0.0.9", ssh=SshSettings(user="g", port=29, key="/gk"))
    first, last = way(tmp_path, "", Target(name="db", address="db", ssh=SshSettings(jump="gate")), gate=gate)
    assert (first.address, first.user, first.port, first.identity.files) == ("10.0.0.9", "g", 29, ("/gk",))
    assert last.address == "db"
    circle = Target(name="a", address="a", ssh=SshSettings(jump="a"))
    with pytest.raises(TransportFault, match="circle"):
        way(tmp_path, "", circle, a=circle)


@pytest.mark.parametrize("jump", ["-oProxyCommand=x", "a:b:c", "u@", "host:99x"])
def test_a_jump_that_makes_no_sense_is_refused(tmp_path, jump):
    """What is no user@host:port is an error before anything is connected to."""
    with pytest.raises(TransportFault) as caught:
        way(tmp_path, "", Target(name="db", address="db", ssh=SshSettings(jump=jump)))
    assert caught.value.cause is Cause.CONFIGURATION
