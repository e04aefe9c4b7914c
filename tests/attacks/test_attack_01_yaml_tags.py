"""Attack 1: a file that is read must not make objects or run anything."""

from pathlib import Path

import pytest

from attacks.source_code import imported
from attacks.told import mistakes_of
from runbook_engine.loading import load_estate, load_runbook, read_document
from runbook_engine.model.errors import NotValid

PYTHON = "tag:yaml.org,2002:python/"
TAGS = [
    *(f"!!python/{kind}" for kind in ("none", "bool", "str", "unicode", "bytes", "int", "long", "float", "complex")),
    *(f"!!python/{kind}" for kind in ("list", "tuple", "dict", "name:os.system", "module:os", "object:os.environ")),
    *(f"!!python/object/{how}:os.system" for how in ("apply", "new")),
    *(f"!<{PYTHON}object/{how}:subprocess.Popen>" for how in ("apply", "new")),
    *("!!python/object/apply:eval", "!!python/object/new:exec", "!!python/object/apply:builtins.__import__"),
    *("!!binary", "!!timestamp", "!!set", "!!omap", "!!pairs", "!!merge", "!!value", "!!yaml"),
    *("!include", "!env", "!ENV", "!secret", "!file", "!!java.lang.Runtime", "!ruby/object:Gem::Requirement", "!!js/function"),
    *("!vault", "!unsafe", "!!python/object/apply:os.system%20", "!<!python/object/apply:os.system>", "!"),
]
SHAPES = ["{tag} 'touch {trap}'", "{tag} ['touch {trap}']", "{tag} {{args: ['touch {trap}']}}"]


@pytest.mark.parametrize("tag", TAGS)
def test_attack_01_no_tag_makes_anything_but_plain_data(tmp_path: Path, tag: str) -> None:
    """Every tag of a table of 47 is refused on texts, lists and mappings, or is plain text; nothing is run."""
    trap = tmp_path / "trap"
    for shape in SHAPES:
        text = "format: 1\nhosts: " + shape.format(tag=tag, trap=trap) + "\n"
        told = mistakes_of(text)
        assert all(line.startswith("2: ") for line in told)
        assert told or (tag == "!" and str(trap) in str(read_document(text, "hosts.yml").data)), "only '!' means plain text"
        for load in (load_runbook, load_estate):
            file = tmp_path / "file.yml"
            file.write_text(text)
            with pytest.raises(NotValid):
                load(file)
    assert not trap.exists()


def test_attack_01_the_tree_has_one_loader() -> None:
    """Of PyYAML the program uses the parser and the nodes, and no loader at all."""
    used = {(module, name) for module, name in imported() if name.partition(".")[0] == "yaml"}
    allowed = {"yaml.MarkedYAMLError", "yaml.YAMLError", "yaml.Mark", "yaml.cyaml.CParser"}
    allowed |= {f"yaml.{kind}Node" for kind in ("", "Scalar", "Mapping", "Sequence")}
    assert {name for _, name in used} <= allowed
    assert {module.partition("/")[0] for module, _ in used} == {"loading"}
