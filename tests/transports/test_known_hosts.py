"""known_hosts files: read like OpenSSH reads them, quickly, and appended to without harm."""

import os
import stat
import subprocess
import sys

import pytest

from runbook_engine.transports import record_host_key
from runbook_engine.transports.known_hosts import HostKey, KnownHosts, load

A, B = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIA=="), HostKey("ssh-rsa", "AAAAB3NzaC1yc2E=")


def known(tmp_path, text):
    """Host keys from a file of this text."""
    path = tmp_path / "known_hosts"
    path.write_text(text)
    return KnownHosts([path])


def line(names, key):
    """A line of known_hosts."""
    return f"{names} {key.kind} {key.encoded} comment\n"


def test_names_ports_patterns_and_exclusions(tmp_path):
    """Plain names, [host]:port, wildcards with exclusions, several keys of one host, capital letters."""
    text = (
        line("Web1,10.0.0.1", A) + line("web1", B) + line("[web1]:2222", B) + line("*.lab,!bad.lab", A) + "# x\n\nshort line\n"
    )
    hosts = known(tmp_path, text)
    assert hosts.keys("web1", 22) == (A, B)
    assert hosts.keys("WEB1", 22) == (A, B)
    assert hosts.keys("10.0.0.1", 22) == (A,)
    assert hosts.keys("web1", 2222) == (B,)
    assert hosts.keys("web1", 23) == ()
    assert hosts.keys_without_port("web1", 23) == (A, B)
    assert hosts.keys("good.lab", 22) == (A,)
    assert hosts.keys("bad.lab", 22) == ()


def test_hashed_names_as_ssh_keygen_writes_them(tmp_path):
    """Entries that ssh-keygen -H has hashed are found."""
    path = tmp_path / "known_hosts"
    key = subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "k"], check=True)
    assert key.returncode == 0
    public = " ".join((tmp_path / "k.pub").read_text().split()[:2])
    path.write_text(f"web1 {public}\n[web1]:2222 {public}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True, capture_output=True)
    assert "web1" not in path.read_text()
    hosts = KnownHosts([path])
    assert [len(hosts.keys("web1", port)) for port in (22, 2222, 23)] == [1, 1, 0]
    printed = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "k.pub"], check=True, capture_output=True, text=True).stdout
    assert hosts.keys("web1", 22)[0].fingerprint == printed.split()[1]


def test_revoked_and_certified_keys(tmp_path):
    """@revoked holds for the host; @cert-authority trusts no key by itself."""
    hosts = known(tmp_path, line("@revoked web*", A) + line("web1", A) + line("@cert-authority *", B))
    assert hosts.revoked("web1", 22, A)
    assert not hosts.revoked("web1", 22, B)
    assert not hosts.revoked("db1", 22, A)
    assert hosts.keys("db1", 22) == ()


def calls(act):
    """How many functions are called meanwhile, in this thread: what a busy machine does not change."""
    number = 0

    def count(_frame, event, _argument):
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return number


def test_20000_lines_cost_ten_times_as_much_as_2000(tmp_path):
    """Reading grows with the lines and no faster; finding a host does not grow with them."""
    reading, finding = [], []
    for lines in (2_000, 20_000):
        path = tmp_path / f"known_hosts_{lines}"
        path.write_text("".join(line(f"host{n},10.0.{n // 250}.{n % 250}", A) for n in range(lines)))
        hosts = KnownHosts([path])
        reading.append(calls(lambda path=path: KnownHosts([path]).keys("host1", 22)))
        assert hosts.keys("host1", 22) == (A,)
        finding.append(
            calls(lambda hosts=hosts, lines=lines: [hosts.keys(f"host{n}", 22) for n in range(0, lines, lines // 100)])
        )
    assert reading[1] < 10.5 * reading[0]
    assert finding[1] < 1.1 * finding[0]


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path):
    """What was just trusted counts at once."""
    path = tmp_path / "known_hosts"
    assert load((path,)).keys("web1", 22) == ()
    record_host_key(path, line("web1", A).strip())
    assert load((path,)).keys("web1", 22) == (A,)
    assert load((path,)) is load((path,))


def test_recording_keeps_what_is_there(tmp_path):
    """A line is appended once, mode 0600 on a new file, also behind a last line without a line break."""
    path = tmp_path / "new" / "known_hosts"
    record_host_key(path, "web1 ssh-ed25519 AAAA")
    record_host_key(path, "web1 ssh-ed25519 AAAA")
    assert path.read_text() == "web1 ssh-ed25519 AAAA\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("# mine\nold ssh-rsa BBBB")
    os.chmod(path, 0o644)
    record_host_key(path, "web2 ssh-ed25519 CCCC")
    assert path.read_text() == "# mine\nold ssh-rsa BBBB\nweb2 ssh-ed25519 CCCC\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("text", ["|1|no-base64|x ssh-ed25519 AAAA\n", "|1| ssh-ed25519 AAAA\n", "\x00\xff\n", "@revoked x\n"])
def test_damaged_lines_name_no_host(tmp_path, text):
    """A line that makes no sense is passed over."""
    assert known(tmp_path, text + line("web1", A)).keys("web1", 22) == (A,)
