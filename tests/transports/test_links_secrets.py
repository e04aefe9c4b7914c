"""Secrets reach the command and nothing else: no list of processes, no log, no message, no print."""

import copy
import os
import pickle
import threading
import time
from pathlib import Path

import pytest

from runbook_engine.model.commands import Http, Shell
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import SecretRef, Text, plain, shell
from runbook_engine.model.words import Cause
from runbook_engine.transports import Secrets, SecretValue
from runbook_engine.transports.command_lines import order

VALUE = "s3cr3t 'quoted' $value \\ \"x\""
PASSWORD = SecretRef("env:TEST_PASSWORD")


@pytest.fixture
def link(new_links, target):
    """A link that knows a secret."""
    return new_links(secrets=Secrets({"TEST_PASSWORD": VALUE}))(target)


def arguments():
    """The arguments of all processes of this machine, which is also the host's."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            continue


@pytest.mark.sshd
@pytest.mark.law(5)
@pytest.mark.parametrize("on_controller", [False, True])
def test_a_secret_is_in_no_argument_list_and_in_no_log(link, log, on_controller):
    """While a command with secrets in script, environment and directory runs, no process shows them; the log has names."""
    seen = []
    done = threading.Event()

    def look():
        while not done.wait(0.02):
            seen.extend(line for line in arguments() if b"s3cr3t" in line)

    watcher = threading.Thread(target=look)
    watcher.start()
    script = Text(("read line; x=", PASSWORD, '; [ "$x" = "$TOKEN" ] && sleep 0.6; printf "%s/%s" "$x" "$line"'), shell=True)
    command = Shell(
        script=script, environment=(("TOKEN", Text((PASSWORD,))),), stdin=plain("own input\n"), on_controller=on_controller
    )
    began = time.monotonic()
    answer = link.perform(command, log)
    done.set()
    watcher.join()
    assert time.monotonic() - began > 0.6  # the two values were equal
    assert answer.stdout == log.text(1) == b"[secret env:TEST_PASSWORD]/own input"
    assert seen == []


@pytest.mark.sshd
def test_a_program_with_secrets_is_run_only_when_all_of_it_has_come(new_links, target, log):
    """What breaks off on the way to the host is not run in part."""
    links = new_links(secrets=Secrets({"TEST_PASSWORD": VALUE}))
    orders = order(Shell(script=Text(("echo one\necho ", PASSWORD), shell=True)), links.settings.secrets, "mark")
    session = links(target)._place.begin(orders.line)
    session.send(orders.first_input[:10])
    session.end_input()
    news = []
    while not news or news[-1][0]:
        news.append(session.take(5))
    assert session.exit_code == 125
    assert not any(data for _, data in news)


@pytest.mark.law(5)
def test_a_secret_cannot_be_printed_copied_or_kept():
    """repr, str, format, pickle and copy give its name or nothing; so does what is sent to a host."""
    secrets = Secrets({"TEST_PASSWORD": VALUE})
    value = secrets.value(PASSWORD)
    orders = order(Shell(script=Text((PASSWORD,), shell=True)), secrets, "mark")
    for text in (repr(value), str(value), f"{value}", f"{value!r:>40}", repr(orders), str(vars(SecretValue))):
        assert "s3cr3t" not in text
    assert b"s3cr3t" not in orders.line
    for keep in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            keep(value)


@pytest.mark.law(5)
def test_messages_hold_no_secret(new_links):
    """A fault that would tell a secret tells its name."""
    links = new_links(secrets=Secrets({"TEST_PASSWORD": "s3cr3t"}))
    url = Text(("nonsense://", PASSWORD, "/"))
    with pytest.raises(TransportFault) as caught:
        links(None).perform(Http(url=url), lambda _stream, _data: None)
    told = f"{caught.value} {caught.value.message} {caught.value.why} {caught.value.next_command}"
    assert "s3cr3t" not in told
    assert "[secret env:TEST_PASSWORD]" in told


def test_the_three_places_of_secrets(tmp_path):
    """Environment, file and command; a last line break is not part of a secret; each is looked up once."""
    (tmp_path / "pw").write_text("from file\r\n")
    counter = tmp_path / "count"
    secrets = Secrets({"X": "from env"})
    assert secrets.value(SecretRef("env:X")).reveal() == "from env"
    assert secrets.value(SecretRef(f"file:{tmp_path}/pw")).reveal() == "from file"
    name = SecretRef(f"cmd:echo x >> {counter}; echo from command")
    workers = [threading.Thread(target=secrets.value, args=(name,)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert secrets.value(name).reveal() == "from command"
    assert counter.read_text() == "x\n"


@pytest.mark.law(8)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("env:NOT_SET", "NOT_SET is not set"),
        ("env:EMPTY", "empty"),
        ("file:/no/such/file", "No such file"),
        ("cmd:exit 3", "exit code 3"),
        ("vault:x", "vault:MOUNT/PATH#FIELD"),
        ("keyring:x", "keyring:SERVICE/USER"),
        ("safe:x", "env:NAME, file:PATH, cmd:COMMAND, keyring:SERVICE/USER or vault:MOUNT/PATH#FIELD"),
        ("env:", "env:NAME"),
    ],
)
def test_a_missing_secret_says_which_and_how(new_links, target, log, name, words):
    """Cause `secret not available`, nothing started, its name and what is wrong."""
    link = new_links(secrets=Secrets({"EMPTY": ""}))(target)
    with pytest.raises(TransportFault) as caught:
        link.perform(Shell(script=Text((SecretRef(name),), shell=True)), log)
    assert (caught.value.cause, caught.value.started) == (Cause.SECRET, False)
    assert name in caught.value.message
    assert words in caught.value.message


def test_the_command_of_a_secret_leaves_nothing_behind(tmp_path):
    """A cmd: secret reads no terminal and its errors are not shown."""
    assert Secrets({}).value(SecretRef("cmd:cat; echo x >&2; echo y")).reveal() == "y"
    assert os.listdir(tmp_path) == []


def test_quoting_of_secrets_in_shell_and_plain_text():
    """In a shell text a secret is one word; unquoted or in plain text it is as it is."""
    secrets = Secrets({"TEST_PASSWORD": "a b"})
    parts = ("echo ", PASSWORD, " ", SecretRef("env:TEST_PASSWORD", quoted=False))
    assert order(Shell(script=Text(parts, shell=True)), secrets, "m").first_input == b"echo 'a b' a b\nm\n"
    assert order(Shell(script=Text(parts)), secrets, "m").first_input == b"echo a b a b\nm\n"
    assert order(Shell(script=shell("true")), secrets, "m").first_input == b""
