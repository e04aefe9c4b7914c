"""The words between us and a kept shell: ends of streams in any pieces, requests that are cut, every kind of shell."""

import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.model.commands import Shell
from runbook_engine.model.text import SecretRef, Text, shell
from runbook_engine.transports import LinkSettings
from runbook_engine.transports.kept import open_shell
from runbook_engine.transports.kept_frames import Tail, fit, hello, opening, request
from runbook_engine.transports.local import LocalPlace

MARK = "abab12"
SHELLS = ["dash", "bash --posix", "bash", "busybox sh", "mksh", "ksh", "yash"]
BACKGROUND = "eval \"$(printf 'sleep 20 \\046')\""


@given(
    st.lists(st.sampled_from([b"ab", b"a", b"b", b"abab1", b"abab", b"\0", b"x\n", b"0\n", b"12"])).map(b"".join),
    st.sampled_from([b"0\n", b"137\n"]),
    st.binary(max_size=3),
    st.lists(st.integers(0, 60)),
)
def test_a_mark_is_found_in_any_pieces(before, word, after, cuts):
    """However the stream is cut, all before the mark is handed on, nothing of the mark is, and what follows it is noticed."""
    before = before.replace(MARK.encode(), b"")
    while MARK.encode() in before:
        before = before.replace(MARK.encode(), b"")
    stream = before + MARK.encode() + word + after
    places = sorted({0, len(stream), *(c for c in cuts if c < len(stream))})
    tail = Tail(MARK)
    found = b"".join(tail.feed(stream[a:b]) for a, b in pairwise(places))
    end = (before + MARK.encode()).index(MARK.encode())
    assert found == before[:end]
    assert tail.word == (stream[end + len(MARK) :].partition(b"\n")[0] if end < len(before) else word.strip())
    assert tail.after == stream[end + len(MARK) :].partition(b"\n")[2]
    assert tail.release() == b""


@given(st.lists(st.sampled_from([b"a", b"b", b"ab", b"abab", b"abab1", b"x", b"\n"])))
def test_a_stream_without_a_mark_is_whole_at_its_end(pieces):
    """At most the beginning of a mark is held back, and it comes at the end."""
    tail, found = Tail(MARK), b""
    for number, piece in enumerate(pieces, start=1):
        found += tail.feed(piece)
        assert len(b"".join(pieces[:number])) - len(found) < len(MARK)
    assert found + tail.release() == b"".join(pieces)
    assert tail.word is None


def test_an_echo_is_no_hello():
    """Only a shell can say its process id; a program that gives back what it reads cannot."""
    assert hello(b"12 f90b-82") is not None
    for said in (b"", b"$$ $runbook_b", b"12", b"12 a b", b"x 12"):
        assert hello(said) is None


@pytest.mark.parametrize(
    ("script", "is_fit"),
    [
        ("systemctl is-active x && test -e /y || exit 3", True),
        ("cmd >/dev/null 2>&1 <&3 | grep -q x; echo 17>x", True),
        ("sleep 1 &", False),
        ("a& b", False),
        ("a &>x", False),
        ("nohup x", False),
        ("setsid x", False),
        ("sudo -n true", False),
        ("echo $$", False),
        ("echo ${$}", False),
        ("exec 7>lock", False),
        ("true" + " " * 200_000, False),
    ],
)
def test_what_is_fit(script, is_fit):
    """What may leave a process behind, means the shell itself, or is very long takes a channel of its own."""
    assert fit(Shell(script=shell(script))) is is_fit
    assert fit(Shell(script=Text((script, SecretRef("env:X")), shell=True))) is is_fit
    assert not fit(Shell(script=shell("true"), stdin=shell("")))


class Place(LocalPlace):
    """The control machine with another /bin/sh."""

    def __init__(self, program):
        super().__init__()
        self._program = program.encode()
        self._begun = []

    def begin(self, line):
        """Begin the shell in question instead."""
        self._begun.append(super().begin(line.replace(b"/bin/sh", self._program)))
        return self._begun[-1]

    def wait(self):
        """Until all that was begun has ended; whoever reads nothing any more ends soon."""
        for session in self._begun:
            session._process.wait(20)


@pytest.fixture(params=SHELLS)
def program(request):
    """A shell of this machine."""
    if not shutil.which(request.param.split()[0]):
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture
def kept(program, tmp_path):
    """It as a kept shell."""
    place = Place(program)
    found = open_shell(place, None, LinkSettings(run_folder=tmp_path, linger_s=0.3, ending_s=1.0))
    assert found is not None
    yield found
    found.close()
    place.wait()


def ask(kept, script, **other):
    """One step."""
    return kept.perform(Shell(script=shell(script), **other), lambda _stream, _data: None)


def test_every_kind_of_shell(kept):
    """Answers, mistakes in scripts, exits and leaks are the same in all of them."""
    answer = ask(kept, "printf 'a\\0b'; echo err >&2; cat; cd /; umask 077; set -e; false; echo no")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, b"a\0b", b"err\n")
    for script in ("if", "'", ")", "echo $((", "exit 2"):
        assert ask(kept, script).exit_code > 0
        assert kept.at_rest
    assert ask(kept, "trap 'echo bye' EXIT; exit 5").stdout == b"bye\n"
    assert ask(kept, "umask; yes | head -n 1").stdout.split()[1] == b"y"
    assert ask(kept, "set; alias").stdout.count(b"runbook_b=") == 0
    assert kept.at_rest


def test_every_kind_of_shell_ends_with_what_is_left_behind(kept):
    """A background process ends the shell with the step's exit code."""
    answer = ask(kept, f"echo x; {BACKGROUND}; exit 6")
    assert (answer.exit_code, answer.stdout) == (6, b"x\n")
    assert "holds the output open" in answer.detail
    assert not kept.at_rest


def test_a_request_that_is_cut_is_not_begun(program, tmp_path):
    """A connection that ends in the middle of a request leaves nothing done, wherever it is cut."""
    trace = tmp_path / "trace"
    whole = request(f"touch {trace}\n>{trace}".encode(), MARK)
    for cut in (*range(1, len(whole) - 1, 7), len(whole) - 2):
        subprocess.run(program.split(), input=opening(MARK) + whole[:cut], capture_output=True, check=False, timeout=20)
        assert not trace.exists(), whole[:cut]
    done = subprocess.run(program.split(), input=opening(MARK) + whole, capture_output=True, check=False, timeout=20)
    assert trace.exists()
    assert done.stdout.endswith(f"{MARK}0\n".encode())


def test_a_host_where_nobody_can_tell_who_is_left_gives_no_shell(program, tmp_path):
    """Without the pipe that steps hold, the shell ends before it says anything and before it does anything."""
    trace = tmp_path / "trace"
    words = opening(MARK) + request(f">{trace}".encode(), MARK)
    said = subprocess.run(
        program.split(), input=words.replace(b"/proc/self/fd/9", b"/no/such"), capture_output=True, check=False, timeout=20
    )
    assert said.stdout == b""
    assert not trace.exists()
