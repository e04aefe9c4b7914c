"""Included phases and steps: where they come from, what their params mean, and what is refused."""

import os
from pathlib import Path

import pytest

from runbook_engine.loading import included_json_schema, load_runbook
from runbook_engine.model.errors import NotValid
from runbook_engine.model.places import Place
from runbook_engine.model.runbook import Scope
from runbook_engine.model.text import plain, shell

HEAD = "runbook: try\ntitle: Try it\nkind: upgrade\nowner: ana\nwhy: To see\nimpact: None\nparams: {bios: {default: '1'}}\n"
FIRMWARE = """\
params:
  version: {}
  tries: {type: integer, default: 2}
steps:
  - {id: before, title: Look, run: fwtool --version, save_as: old, repeat: safe}
  - {id: flash, title: Flash, run: "fwtool --install {{ params.version }}", needs: [before]}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder: writes the given files, and gives the path of runbooks/try.yml."""
    monkeypatch.chdir(tmp_path)

    def write(**files):
        for name, text in files.items():
            file = Path("runbooks", name.replace("__", "/") + ".yml")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return Path("runbooks/try.yml")

    return write


def found(file):
    """The mistakes of a runbook as 'file:line:column message / hint'."""
    with pytest.raises(NotValid) as caught:
        load_runbook(file)
    return [f"{m.place} {m.message} / {m.hint}".removesuffix(" / ") for m in caught.value.mistakes]


def phase(steps):
    """A runbook with one phase of these steps; they begin in line 12."""
    return HEAD + "phases:\n  - id: p\n    title: P\n    steps:\n" + steps


def test_included_steps_stand_where_the_include_is(project):
    """Ids and needs get the prefix, values their own scope, and places lead into the included file."""
    text = phase(
        "      - {id: first, title: A, run: a}\n"
        "      - {include: shared/firmware.yml, with: {version: '{{ params.bios }}'}, prefix: fw-}\n"
        "      - {id: last, title: Z, run: z, needs: [fw-flash]}\n"
    )
    runbook = load_runbook(project(**{"try": text, "shared__firmware": FIRMWARE}))
    steps = runbook.phases[0].steps
    assert [s.id for s in steps] == ["first", "fw-before", "fw-flash", "last"]
    assert [s.scope for s in steps] == [0, 1, 1, 0]
    assert steps[2].needs == ("fw-before",)
    assert steps[3].needs == ("fw-flash",)
    assert steps[2].params.command == shell("fwtool --install {{ params.version }}")
    assert runbook.scopes == (Scope(), Scope(values={"version": plain("{{ params.bios }}"), "tries": 2}, parent=0))
    assert runbook.places.of((*steps[2].path, "run")) == Place("runbooks/shared/firmware.yml", 6, 36)
    assert runbook.places.source(runbook.places.of(steps[2].path)).startswith("  - {id: flash")


def test_included_phases_may_include_steps(project):
    """A file beside another is named from its own folder; scopes are nested; phases and steps have prefixes of their own."""
    phases = """\
params: {ver: {}}
phases:
  - id: one
    title: One
    steps:
      - {include: firmware.yml, with: {version: "{{ params.ver }}", tries: 5}}
  - {id: two, title: Two, needs: [one], steps: [{id: x, title: X, run: x, needs: [one/flash]}]}
"""
    text = HEAD + "phases:\n  - {include: shared/all.yml, with: {ver: '3'}, prefix: a-}\n"
    text += "  - {include: shared/all.yml, with: {ver: '4'}, prefix: b-}\n"
    runbook = load_runbook(project(**{"try": text, "shared__all": phases, "shared__firmware": FIRMWARE}))
    assert [p.id for p in runbook.phases] == ["a-one", "a-two", "b-one", "b-two"]
    assert runbook.phases[3].needs == ("b-one",)
    assert runbook.phases[3].steps[0].needs == ("b-one/flash",)
    assert [p.scope for p in runbook.phases] == [1, 1, 3, 3]
    assert runbook.scopes[4] == Scope(values={"version": plain("{{ params.ver }}"), "tries": 5}, parent=3)
    assert [s.scope for s in runbook.phases[2].steps] == [4, 4]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "{include: shared/firmwar.yml}",
            "runbooks/try.yml:12:19 there is no file shared/firmwar.yml / did you mean 'shared/firmware.yml'?",
        ),
        ("{include: ../../../etc/passwd}", "runbooks/try.yml:12:19 ../../../etc/passwd is outside the project folder"),
        ("{include: /etc/passwd}", "runbooks/try.yml:12:19 /etc/passwd is outside the project folder"),
        ("{include: link.yml}", "runbooks/try.yml:12:19 link.yml is outside the project folder"),
        ("{include: loop.yml}", "runbooks/try.yml:12:19 there is no such file"),
        ("{include: shared}", "runbooks/try.yml:12:19 there is no file shared"),
        ("{include: try.yml}", "runbooks/try.yml:12:19 files include each other: runbooks/try.yml → runbooks/try.yml"),
        ("{include: shared/phases.yml}", "runbooks/try.yml:12:19 this is a list of steps, but the file holds phases"),
        ("{include: shared/firmware.yml}", "runbooks/try.yml:12:19 the included file needs a value of 'version' / add with"),
        (
            "{include: shared/firmware.yml, with: {version: '1', trys: 1}}",
            "runbooks/try.yml:12:61 the included file has no param 'trys' / did you mean 'tries'?",
        ),
        (
            "{include: shared/firmware.yml, with: {version: 1.10}}",
            "runbooks/try.yml:12:56 version: expected text (put quotes around it), found number 1.1",
        ),
        (
            "{include: shared/firmware.yml, whith: {version: '1'}}",
            "runbooks/try.yml:12:40 unknown key 'whith' / did you mean 'with'?",
        ),
        ("{include: shared/bad.yml}", "runbooks/shared/bad.yml:1:5 ': ' starts a value where no key can stand"),
        ("{include: shared/closed.yml}", "runbooks/shared/closed.yml:1:1 unknown key 'title' / the keys here are: format"),
        ("{include: 7}", "runbooks/try.yml:12:19 expected text, found number 7"),
    ],
)
def test_an_include_that_cannot_be_is_told_where_it_is(project, tmp_path, entry, expected):
    """A table of includes that are refused; nothing outside the project folder is read, also not by a link."""
    file = project(
        **{
            "try": phase(f"      - {entry}\n"),
            "shared__firmware": FIRMWARE,
            "shared__phases": "phases: [{id: p, title: P, steps: [{id: a, title: A, run: x}]}]\n",
            "shared__bad": "a: b: c\n",
            "shared__closed": "title: x\nsteps: [{id: a, title: A, run: x}]\n",
        }
    )
    os.symlink("/etc/passwd", "runbooks/link.yml")
    os.symlink("loop.yml", "runbooks/loop.yml")
    assert found(file)[0].startswith(expected)


def test_a_circle_of_includes_is_told_as_a_chain(project):
    """The mistake names each file of the circle in turn."""
    file = project(
        **{"try": phase("      - {include: a.yml}\n"), "a": "steps: [{include: b.yml}]\n", "b": "steps: [{include: a.yml}]\n"}
    )
    assert found(file) == [
        "runbooks/b.yml:1:19 files include each other: runbooks/a.yml → runbooks/b.yml → runbooks/a.yml / take one include out"
    ]


def test_includes_have_a_depth_and_a_number(project):
    """Sixteen files deep is fine, seventeen is not; and a fan of includes ends at a thousand."""
    chain = {f"f{n}": f"steps: [{{include: f{n + 1}.yml}}]\n" for n in range(1, 16)} | {
        "f16": "steps: [{id: a, title: A, run: x}]\n"
    }
    file = project(**{"try": phase("      - {include: f1.yml}\n")}, **chain)
    assert [s.id for s in load_runbook(file).phases[0].steps] == ["a"]
    file = project(f16="steps: [{include: f17.yml}]\n", f17="steps: [{id: a, title: A, run: x}]\n")
    assert found(file) == ["runbooks/f16.yml:1:19 includes are more than 16 files deep / include less"]
    fan = {f"g{n}": "steps: [" + f"{{include: g{n + 1}.yml}}, " * 10 + "]\n" for n in range(6)}
    file = project(**{"try": phase("      - {include: g0.yml}\n"), "g6": "steps: [{id: a, title: A, run: x}]\n"}, **fan)
    assert "more than 1,000 includes" in found(file)[0]


def test_mistakes_of_all_files_come_at_once(project):
    """A bad step in an included file is told there, once, however often the file is included."""
    text = phase("      - {include: s.yml}\n      - {include: s.yml, prefix: b-}\n      - {id: z, title: Z, runn: x}\n")
    file = project(**{"try": text, "s": "steps:\n  - {id: a, title: A, comand: x}\n"})
    assert [m.split(" / ")[0] for m in found(file)] == [
        "runbooks/s.yml:2:23 unknown key 'comand'",
        "runbooks/try.yml:14:27 unknown key 'runn'",
    ]


def test_a_runbook_outside_a_folder_runbooks_keeps_to_its_own_folder(tmp_path):
    """Without `runbooks/` the project is the folder of the file."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "s.yml").write_text("steps: [{id: a, title: A, run: x}]\n")
    file = tmp_path / "inner" / "try.yml"
    file.write_text(phase("      - {include: ../s.yml}\n"))
    assert "outside the project folder" in found(file)[0]


def test_included_files_have_a_schema():
    """The schema of included files allows phases or steps, and nothing else."""
    shapes = included_json_schema()["anyOf"]
    assert [sorted(s["properties"]) for s in shapes] == [["format", "params", "phases"], ["format", "params", "steps"]]
    assert all(s["additionalProperties"] is False for s in shapes)
