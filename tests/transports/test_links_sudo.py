"""Another user by sudo: nothing but the command may run, and a closed door is not a failed command."""

import getpass
import os
import pwd
import shutil
import time
from pathlib import Path

import pytest

from runbook_engine.model.commands import Become, Upload
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text, plain
from runbook_engine.model.words import Cause, Lane
from runbook_engine.transports import Secrets

pytestmark = pytest.mark.sshd

FAKE = r"""#!/bin/sh
# behaves like sudo -S towards its caller: asks on stderr, reads one line, up to three times
user=root prompt='[sudo] password: ' ask=yes
while [ $# -gt 0 ]; do
  case $1 in
    -S|-H) shift;;
    -n) ask=never; shift;;
    -p) prompt=$2; shift 2;;
    -u) user=$2; shift 2;;
    --) shift; break;;
  esac
done
printf '%s\n' "$*" >> "$SUDO_LOG"
[ "$user" = forbidden ] && { echo "ops is not allowed to execute '$1' as forbidden on r12-u01." >&2; exit 1; }
[ -e "$SUDO_LOG.no_password" ] && ask=no
[ $ask = never ] && { echo "sudo: a password is required" >&2; exit 1; }
if [ $ask = yes ]; then
  echo "We trust you have received the usual lecture." >&2
  for try in 1 2 3; do
    printf '%s' "$prompt" >&2
    IFS= read -r given || exit 1
    [ "$given" = "right 'one'" ] && break
    echo "Sorry, try again." >&2
    [ $try = 3 ] && { echo "sudo: 3 incorrect password attempts" >&2; exit 1; }
  done
fi
SUDO_USER=$(id -un) exec "$@"
"""


@pytest.fixture
def sudo_log(tmp_path):
    """What the make-believe sudo was called with."""
    return tmp_path / "sudo.log"


@pytest.fixture
def link(new_links, new_server, tmp_path, sudo_log):
    """A host where sudo asks for a password."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sudo").write_text(FAKE)
    (folder / "sudo").chmod(0o755)
    target = new_server(SetEnv=f"HOME={tmp_path} PATH={folder}:/usr/bin:/bin SUDO_LOG={sudo_log}")
    secrets = Secrets({"RIGHT": "right 'one'", "WRONG": "wrong one"})
    return new_links(secrets=secrets, auth_s=5.0, ending_s=1.0)(target)


RIGHT, WRONG = Become(password=SecretRef("env:RIGHT")), Become(password=SecretRef("env:WRONG"))


def test_the_password_is_given_once_and_never_shown(link, sh, log, sudo_log):
    """The command runs as asked, with its environment, directory and input; the password is in no output and no argument."""
    command = sh(
        'echo "$SUDO_USER $X $(pwd)"; cat; echo err >&2; exit 4',
        environment=(("X", plain("a b")),), directory=plain("/usr"), stdin=plain("input"), become=RIGHT,
    )  # fmt: skip
    answer = link.perform(command, log)
    assert answer.exit_code == 4
    assert answer.stdout == f"{getpass.getuser()} a b /usr\ninput".encode()
    assert answer.stderr == log.text(2) == b"err\n"
    assert "right" not in sudo_log.read_text()


def test_a_password_that_is_not_asked_for_is_not_sent(link, sh, log, sudo_log):
    """Where sudo lets us through, the command's input begins with its own first byte."""
    Path(f"{sudo_log}.no_password").touch()
    assert link.perform(sh("cat", stdin=plain("mine"), become=RIGHT), log).stdout == b"mine"


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("become", "words"),
    [
        (WRONG, "the password was not accepted"),
        (Become(), "none is configured"),
        (Become(user="forbidden"), "is not allowed to execute"),
    ],
)
def test_a_closed_door_is_refused_and_nothing_ran(link, sh, log, tmp_path, become, words):
    """A wrong password, none, or a rule against it: sudo refused, not started, and the command left no trace."""
    began = time.monotonic()
    with pytest.raises(TransportFault) as caught:
        link.perform(sh(f"touch {tmp_path}/trace", become=become), log)
    assert (caught.value.cause, caught.value.started) == (Cause.SUDO, False)
    assert words in caught.value.message
    assert not (tmp_path / "trace").exists()
    assert time.monotonic() - began < 4
    assert "wrong one" not in f"{caught.value.message} {caught.value.why}"


def test_a_command_that_fails_as_another_user_is_not_a_closed_door(link, sh, log):
    """Exit code 1 of the command is exit code 1."""
    assert link.perform(sh("exit 1", become=RIGHT), log).exit_code == 1


def test_time_out_ends_what_runs_as_another_user(link, sh, log, tmp_path):
    """The processes behind sudo are ended through sudo."""
    with pytest.raises(TransportFault) as caught:
        link.perform(sh(f"echo $$ > {tmp_path}/pid; sleep 60", become=RIGHT, timeout_s=1.0), log)
    assert (caught.value.cause, caught.value.started) == (Cause.TIMED_OUT, True)
    assert "it was ended" in caught.value.message
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_a_kept_shell_passes_the_door_once(link, sh, log, sudo_log, tmp_path):
    """Steps of one user share a shell behind sudo; each user has a shell of its own; nothing leaks from one to the other."""
    whole = {"environment": (("X", plain("a b")),), "directory": plain("/usr"), "become": RIGHT}
    answer = link.perform(sh('echo "${SUDO_USER-nobody} $X $(pwd)"; echo err >&2; exit 4', **whole), log, lane=Lane.QUICK)
    assert (answer.exit_code, answer.stdout) == (4, f"{getpass.getuser()} a b /usr\n".encode())
    assert answer.stderr == log.text(2) == b"err\n"
    script = f'echo "${{SUDO_USER-nobody}} ${{X-none}}"; (set; env; cat /proc/self/environ /proc/$PPID/cmdline) >{tmp_path}/all'
    said = [link.perform(sh(script, become=who), log, lane=Lane.QUICK).stdout for who in (RIGHT, None) * 2]
    assert said == [f"{getpass.getuser()} none\n".encode(), b"nobody none\n"] * 2
    assert sudo_log.read_text().count("-started:") == 1
    assert "right" not in sudo_log.read_text()
    assert b"right 'one'" not in (tmp_path / "all").read_bytes()


@pytest.mark.law(8)
@pytest.mark.parametrize("become", [WRONG, Become(), Become(user="forbidden")])
def test_a_kept_shell_behind_a_closed_door_is_refused(link, sh, log, tmp_path, become):
    """As on a channel of its own: sudo refused, not started, and the command left no trace."""
    link.perform(sh("true"), log, lane=Lane.QUICK)
    with pytest.raises(TransportFault) as caught:
        link.perform(sh(f"touch {tmp_path}/trace", become=become), log, lane=Lane.QUICK)
    assert (caught.value.cause, caught.value.started) == (Cause.SUDO, False)
    assert not (tmp_path / "trace").exists()


def test_time_out_ends_a_kept_shell_of_another_user(link, sh, log, tmp_path):
    """Its processes are ended through sudo, and the next step has a new shell."""
    quick = {"become": RIGHT, "timeout_s": 1.0}
    with pytest.raises(TransportFault) as caught:
        link.perform(sh(f"sh -c 'echo $PPID' >{tmp_path}/pid; sleep 60", **quick), log, lane=Lane.QUICK)
    assert (caught.value.cause, caught.value.started) == (Cause.TIMED_OUT, True)
    assert "it was ended" in caught.value.message
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()
    assert link.perform(sh("echo next", **quick), log, lane=Lane.QUICK).stdout == b"next\n"


def test_files_through_sudo(link, log, tmp_path):
    """An upload as another user goes through the same door."""
    answer = link.perform(Upload(target=plain(f"{tmp_path}/file"), content=Text(("x" * 100_000,)), become=RIGHT), log)
    assert answer.exit_code == 0
    assert (tmp_path / "file").read_text() == "x" * 100_000


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("sudo"), reason="needs root and sudo")
def test_the_real_sudo(new_links, target, sh, log, tmp_path):
    """Real sudo, without a password: the other user, the environment and the directory are as asked."""
    link = new_links()(target)
    user = pwd.getpwnam("nobody").pw_name
    setting = {"environment": (("X", plain("a'b")),), "directory": plain("/usr")}
    command = sh('id -un; echo "$X"; pwd', become=Become(user=user), **setting)
    assert link.perform(command, log).stdout == f"{user}\na'b\n/usr\n".encode()
    with pytest.raises(TransportFault) as caught:
        link.perform(sh("true", become=Become(user="no-such-user")), log)
    assert (caught.value.cause, caught.value.started) == (Cause.SUDO, False)
