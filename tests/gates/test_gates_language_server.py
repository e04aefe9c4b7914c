"""Editors: what yaml-language-server says about runbooks, with the schemas in docs/ that the files name themselves.

It runs where Node.js is found: the server named by RUNBOOK_YAML_LS, else one that npm installs once into pytest's cache.
"""

import json
import os
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook_engine.actions import all_actions
from runbook_engine.loading import json_schema

ROOT = Path(__file__).parents[2]
VERSION = "1.25.0"  # of yaml-language-server
INSTALL_S = 180
ANSWER_S = 60
RUNBOOKS = sorted((ROOT / "runbooks").rglob("*.yml"))
RACK12 = ROOT / "runbooks" / "rack12-install.yml"
SETTINGS = {"validate": True, "hover": True, "completion": True, "yamlVersion": "1.2", "schemaStore": {"enable": False}}
HEAD = f"""\
# yaml-language-server: $schema={(ROOT / "docs" / "runbook.schema.json").as_uri()}
runbook: a
title: A
kind: install
owner: ana
why: W
impact: I
phases:
  - id: p
    title: P
    hosts: web
    steps:
      - id: s
        title: S
"""


class Server:
    """A language server that is talked to over its standard input and output."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._number = 0
        able = {"workspace": {"configuration": True}, "textDocument": {"hover": {"contentFormat": ["plaintext"]}}}
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": able})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": {"yaml": SETTINGS}}})

    def ask(self, method: str, params: Any) -> Any:
        """The answer to a question."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        return self._until(lambda said: said.get("id") == number and "method" not in said).get("result")

    def diagnostics(self, text: str, path: Path) -> list[dict[str, Any]]:
        """What it underlines in a file of this text at this place."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        method = "textDocument/publishDiagnostics"
        said = self._until(lambda s: s.get("method") == method and s["params"]["uri"] == path.as_uri())
        return list(said["params"]["diagnostics"])

    def at(self, method: str, path: Path, line: int, character: int) -> Any:
        """Ask about a position in an open file; lines and characters count from 0."""
        position = {"line": line, "character": character}
        return self.ask(method, {"textDocument": {"uri": path.as_uri()}, "position": position})

    def end(self) -> None:
        """Stop it."""
        self.ask("shutdown", None)
        self._send({"method": "exit", "params": None})
        self._process.wait(10)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _read(self) -> None:
        assert self._process.stdout
        stream = open(self._process.stdout.fileno(), "rb", closefd=False)  # noqa: SIM115 - closed by its owner
        size = 0
        while line := stream.readline():
            if line.lower().startswith(b"content-length:"):
                size = int(line.partition(b":")[2])
            elif line == b"\r\n":
                self._said.put(json.loads(stream.read(size)))
        self._said.put(None)

    def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            said = self._said.get(timeout=ANSWER_S)
            assert said is not None, "the language server has ended"
            if "method" in said and "id" in said:
                asked = said["params"].get("items", []) if said["method"] == "workspace/configuration" else []
                self._send({"id": said["id"], "result": [SETTINGS if i.get("section") == "yaml" else None for i in asked]})
            if wanted(said):
                return said


def installed(config: pytest.Config) -> list[str]:
    """The command of the server. Skips with the reason when there is none."""
    if given := os.environ.get("RUNBOOK_YAML_LS"):
        return [given, "--stdio"]
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("no Node.js here: node and npm are needed, or RUNBOOK_YAML_LS")
    if not config.cache:
        pytest.skip("pytest keeps no cache here to install yaml-language-server into")
    folder = config.cache.mkdir(f"yaml-language-server-{VERSION}")
    script = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    if not script.is_file():
        command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        try:
            done = subprocess.run(
                [*command, f"yaml-language-server@{VERSION}"], capture_output=True, text=True, check=False, timeout=INSTALL_S
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install yaml-language-server within {INSTALL_S} s")
        if done.returncode:
            pytest.skip(f"npm could not install yaml-language-server: {done.stderr.strip()[-300:]}")
    return [node, str(script), "--stdio"]


@pytest.fixture(scope="module")
def server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """A running language server."""
    it = Server(installed(pytestconfig))
    yield it
    it.end()


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_the_shipped_files_are_without_a_mark(server, path):
    """No shipped file is underlined anywhere; each names its schema, so this needs no setting of the editor."""
    assert server.diagnostics(path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (RACK12, "impact: ", "impct: "),
        (RACK12, "  - {by: change-board, before: ", "  - {by: change-board, befor: "),
        (RACK12, "    window: night", "    windw: night"),
        (RACK12, "rolling: {batches: [1, 4, rest], pause: ", "rolling: {batches: [1, 4, rest], pase: "),
        (RACK12, "        verify: fwtool", "        verfy: fwtool"),
        (RACK12, "        wait_for: {ssh: true, within: ", "        wait_for: {ssh: true, withn: "),
        (RACK12, "    healthy_when:", "    healty_when:"),
        (ROOT / "runbooks" / "shared" / "out-of-service.yml", "    takes: 1m..3m", "    taks: 1m..3m"),
        (ROOT / "runbooks" / "shared" / "hand-over.yml", "        evidence: {inv", "        evidenc: {inv"),
    ],
)
def test_a_misspelt_key_is_underlined(server, file, right, wrong):
    """One mark, on the key itself, that says so."""
    text = file.read_text(encoding="utf-8").replace(right, wrong, 1)
    key = re.findall(r"[a-z_]+(?=:)", wrong)[-1]
    marks = [d for d in server.diagnostics(text, file.with_name(f"{key}.yml")) if "not allowed" in d["message"]]

    assert [d["message"] for d in marks] == [f"Property {key} is not allowed."]
    line = text.splitlines()[marks[0]["range"]["start"]["line"]]
    assert line[marks[0]["range"]["start"]["character"] :].startswith(key)


@pytest.mark.parametrize(
    "step",
    [
        'script: {file: a.sh, args: [1, "{{ host.name }}"]}',
        "decide: {question: Q, choices: {left: , stop: {goes_on: false}}}",
        "http: {url: http://localhost/, headers: {X-Try: 1}, expect_status: [200, 204]}",
        "reboot:",
        "environment: {A: 1}\n        run: env",
        "become: true\n        run: id",
        "who: ana\n        takes: 15m",
        "who: [{skill: hands, level: 2}, ana]\n        takes: [10m, 15m, 25m]",
        "run: x\n        roll_back: {none: It cannot be taken back.}",
        "run: x\n        retries: {count: 2, wait: 10s}\n        repeat: safe",
    ],
)
def test_what_the_loader_takes_is_not_underlined(server, step, tmp_path):
    """Short forms, bare entries and whole numbers are right in an editor too."""
    assert server.diagnostics(f"{HEAD}        {step}\n", tmp_path / "a.yml") == []


@pytest.mark.parametrize(
    "step",
    [
        "run: x\n        takes: 5",
        "run: x\n        repeat: never",
        "run: x\n        timeout: ",
        "wait_for: {port: 70000}",
        "run: x\n        save_as: two words",
        "run: x\n        become: false",
    ],
)
def test_a_wrong_value_is_underlined_on_its_line(server, step, tmp_path):
    """The mark is where the mistake is, not at the phase or the file."""
    text = f"{HEAD}        {step}\n"
    marks = server.diagnostics(text, tmp_path / "a.yml")

    assert {mark["range"]["start"]["line"] for mark in marks} == {len(text.splitlines()) - 1}


def offered(server: Server, path: Path, text: str) -> set[str]:
    """What is offered at the end of a text."""
    server.diagnostics(text, path)
    lines = text.split("\n")
    found = server.at("textDocument/completion", path, len(lines) - 1, len(lines[-1]))
    return {item["label"] for item in found["items"]}


def test_completion_offers_every_action(server, tmp_path):
    """After the title of a step, each kind of step and each other key is offered, and what stands there already is not."""
    step = json_schema()["$defs"]["Step"]["properties"].keys()

    assert all_actions().keys() <= step
    assert offered(server, tmp_path / "a.yml", HEAD + "        ") == step - {"id", "title"}


@pytest.mark.parametrize(
    ("rest", "some"),
    [
        ("        wait_for:\n          ", {"port", "ssh", "file", "run", "http", "absent", "within", "every"}),
        ("        run: x\n        repeat: ", {"once", "verify", "safe", "manual"}),
        ("        per: ", {"host", "batch", "phase"}),
        ("    rolling:\n      ", {"batches", "pause", "max_failures", "on_failure"}),
        ("        evidence:\n          a: ", {"text", "file", "photo", "number", "yes_no"}),
    ],
)
def test_completion_offers_keys_and_words(server, rest, some, tmp_path):
    """Inside an action its parameters, at a closed list of words those words."""
    assert some <= offered(server, tmp_path / "a.yml", HEAD + rest)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("        run: x", "The command, for /bin/sh on the host."),
        ("        repeat: safe", "What may happen when it is unclear whether it was done."),
        ("        takes: 1m", "How long it takes"),
        ("        roll_back: {none: x}", "The way back"),
        ("    window: night", "the name of a window"),
    ],
)
def test_hover_explains_a_key(server, line, part, tmp_path):
    """The sentence of the documentation stands beside the key."""
    path, text = tmp_path / "a.yml", f"{HEAD}        run: x\n{line}\n" if "run:" not in line else f"{HEAD}{line}\n"
    server.diagnostics(text, path)
    shown = server.at("textDocument/hover", path, len(text.splitlines()) - 1, len(line) - len(line.lstrip()) + 1)

    assert part in json.dumps(shown["contents"]).replace("\\\\", "")
