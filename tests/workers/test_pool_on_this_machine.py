"""Actions, pool, logs and the real links of this machine, together."""

import http.server
import threading
import time
from pathlib import Path

import pytest

from runbook_engine.actions import all_actions
from runbook_engine.actions.contract import Setting
from runbook_engine.model.commands import Procedure, Shell
from runbook_engine.model.plan import Package
from runbook_engine.model.text import Text, plain, shell
from runbook_engine.model.words import Cause, PackageId, Purpose, Status, TaskId
from runbook_engine.transports.links import Links
from runbook_engine.transports.settings import LinkSettings
from runbook_engine.workers import Logs, Pool
from runbook_engine.workers.log_text import raw
from workers.scripted import attempt, package


class Beside:
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def content(self, path: Text) -> Text:
        """As it is."""
        return plain((self.folder / path.source).read_text())

    rendered = content


@pytest.fixture
def done(tmp_path):
    """Carry out one step on this machine, by a pool, and give its outcome."""
    links = Links(LinkSettings(run_folder=tmp_path / "run"))
    pool = Pool(2, links, Logs(tmp_path / "logs"))

    def carried_out(action: str, written: dict, *, purpose: Purpose = Purpose.DO, limit_s: float | None = None, **other):
        known = all_actions()[action]
        procedure = known.procedure(known.params.model_validate(written), Setting(timeout_s=limit_s), Beside(tmp_path))
        step: Package = package(id=PackageId(f"here/{action}"), hosts=(), **{"procedure": procedure, **other})
        pool.start([attempt(step, purpose=purpose, target=None, task=TaskId(step.id))])
        until = time.monotonic() + 20
        while time.monotonic() < until:
            for ended in pool.outcomes(0.2):
                return ended.outcome
        raise AssertionError("nothing came back")

    yield carried_out
    assert pool.close(5.0)
    links.close()


def test_a_script_with_arguments(done, tmp_path) -> None:
    """A file beside the runbook, its output in the log byte for byte, its saved values."""
    (tmp_path / "a.sh").write_text('printf "%s|" "$@"; printf "\\033[1m\\377\\\\ end"; echo warn >&2\n')
    outcome = done("script", {"file": "a.sh", "args": ["a b", "$HOME"]}, save_as="old")
    assert outcome.status is Status.OK
    assert outcome.saved == {"stdout": "a b|$HOME|\x1b[1m\ufffd\\ end", "stderr": "warn\n", "exit_code": "0"}
    lines = (tmp_path / "logs" / "here" / "script.log").read_text().splitlines()
    out = next(line.split(" ", 2)[2] for line in lines if " out- " in line)
    assert raw(out) == b"a b|$HOME|\x1b[1m\xff\\ end"


def test_a_template_is_put_and_waited_for(done, tmp_path) -> None:
    """An uploaded text is there for a command, and waiting for it ends at once; for its absence it does not."""
    (tmp_path / "motd").write_text("hello\n")
    place = tmp_path / "etc motd"
    assert done("template", {"from": "motd", "to": str(place), "mode": "0640"}).status is Status.OK
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("hello\n", 0o640)
    assert done("wait_for", {"file": str(place), "within": "5s"}).status is Status.OK
    gone = done("wait_for", {"file": str(place), "absent": True, "within": "0.3s", "every": "0.1s"})
    assert (gone.status, gone.exit_code) == (Status.FAILED, 1)


def test_http_and_ports_of_a_real_server(done) -> None:
    """A right answer is success, a wrong status is a failure in words, a closed port is waited for until the limit."""

    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/ok" else 503)
            self.end_headers()
            self.wfile.write(b"fine")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url, port = f"http://127.0.0.1:{server.server_port}", server.server_port
    assert done("http", {"url": f"{url}/ok", "expect_body": "fine"}).status is Status.OK
    wrong = done("http", {"url": f"{url}/no"})
    assert (wrong.status, wrong.message) == (Status.FAILED, "answered 503, expected 200")
    assert done("wait_for", {"port": port, "address": "127.0.0.1"}).status is Status.OK
    server.shutdown()
    server.server_close()
    assert done("wait_for", {"port": port, "address": "127.0.0.1", "absent": True, "within": "5s"}).status is Status.OK
    refused = done("http", {"url": f"{url}/ok"})
    assert refused.status is Status.UNREACHABLE, "a GET that nobody took has changed nothing"


@pytest.mark.law(8)
def test_a_command_that_runs_out_of_time_is_doubt_and_verify_settles_it(done, tmp_path) -> None:
    """A time-out says nothing about the work; verify, asked alone, tells the two cases apart."""
    mark = tmp_path / "done"
    late = done("run", {"command": "sleep 20"}, limit_s=0.2)
    assert (late.status, late.cause, late.exit_code) == (Status.UNKNOWN, Cause.TIMED_OUT, None)
    assert done("local", {"command": f"touch {mark}"}).status is Status.OK
    for path, status in ((mark, Status.OK), (tmp_path / "other", Status.FAILED)):
        check = Procedure(verify=(Shell(script=shell(f"test -e {path}")),))
        asked = done("run", {"command": "never"}, purpose=Purpose.VERIFY, procedure=check)
        assert asked.status is status
