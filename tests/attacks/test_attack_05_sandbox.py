"""Attack 5: no template reaches anything but the plain values that it is given."""

from pathlib import Path
from tomllib import loads

import jinja2
import pytest

from attacks.source_code import ROOT
from planning.planning_builders import book, estate, host, phase, planned, run
from runbook_engine.model.errors import NotValid

WEB = estate(host("a", vars={"v": "1"}), groups={"web": ["a"]})
ESCAPES = [  # the ways of CVE-2016-10745, 2019-10906, 2024-56201, 2024-56326 and 2025-27516 are among them
    "''.__class__",
    "''.__class__.__mro__[1].__subclasses__()",
    "''['__class__']",
    "''|attr('__class__')",
    "host.__class__",
    "host['__class__']",
    "host.__init__.__globals__",
    "host.get.__self__",
    "host.get.__func__",
    "host.items().__class__",
    "vars.__getattribute__('x')",
    "vars.update({'a': 1})",
    "vars.pop('v')",
    "vars.clear()",
    "host.tags.append(1)",
    "host.tags.__add__([1])",
    "self",
    "self.__init__",
    "self._TemplateReference__context",
    "cycler.__init__.__globals__",
    "lipsum.__globals__",
    "joiner.__init__",
    "namespace.__init__.__globals__",
    "namespace(a=1).__class__",
    "range.__class__",
    "range.__self__",
    "dict(a=1)",
    "get_flashed_messages.__globals__",
    "config",
    "request.application",
    "url_for.__globals__",
    "open('/etc/passwd').read()",
    "__import__('os').system('id')",
    "eval('1')",
    "exec('1')",
    "globals()",
    "'{0.__class__}'.format(host)",
    "'{0.__class__.__init__}'.format_map({'0': 1})",
    "'%s'.__mod__(1)",
    "('{'~'0.__class__}').format(1)",
    "'a'.encode('idna')",
    "'a'.translate({97: 98})",
    "[].__class__.__base__",
    "().__class__.__bases__[0]",
    "{}.__class__.__subclasses__()",
    "(1).__class__",
    "1.0.__class__",
    "true.__class__",
    "none.__class__",
    "(host.name|map('attr', '__class__'))|list",
    "[host]|map(attribute='__class__')|list|join",
    "[host]|map('get')|list",
    "[1]|map('unknown')|list",
    "host.name|xmlattr",
    "host.name|pprint",
    "host|format",
    "vars|tojson(indent=10**9)|safe",
    "loop.__class__",
    "host.name.upper.__self__.__class__",
    "host.name.split.__call__('a')",
    "(host.name.upper)",
    "host.name.upper.__globals__",
    "''.join(['a']).__class__",
    "params.__dict__",
    "runbook.__class__.__init__.__globals__['sys']",
    "undefined_thing()",
    "host.name|default|attr('x')",
    "'{0.__class__.__init__.__globals__}'|attr('format')(host)",
    "(['{0.__class__}']|map('format', host))|list",
    "''|attr('for' ~ 'mat')('{0}')",
    "'{a.__class__}'.format_map({'a': host})",
    "{'f': '{0.__class__}'.format}.f(host)",
    "'a'.join.__self__.__class__",
    "host.name.startswith.__func__",
    "(host.name|list).sort.__self__",
    "namespace.__class__.__mro__",
    "loop.__init__.__globals__['__builtins__']",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "lipsum.__globals__['os'].popen('id').read()",
    "[].append.__self__.__class__",
    "host.name.__len__()",
]


@pytest.mark.parametrize("payload", ESCAPES)
def test_attack_05_no_template_leaves_the_sandbox(payload: str) -> None:
    """Eighty-one known ways out, each in an output, in a loop and in an assignment, end in a mistake; none gives a value."""
    for command in (
        f"echo {{{{ {payload} }}}}",
        f"{{% for x in [1] %}}{{{{ {payload} }}}}{{% endfor %}}",
        f"{{% set y = {payload} %}}{{{{ y.z }}}}",
    ):
        with pytest.raises(NotValid) as caught:
            planned(book(phase("p", run("s", command))), WEB)
        assert caught.value.mistakes[0].message


def test_attack_05_the_payloads_are_enough() -> None:
    """The table asks for sixty."""
    assert len(set(ESCAPES)) >= 60


def test_attack_05_jinja_is_as_new_as_it_must_be() -> None:
    """The project asks for 3.1.6, in which the last of the known ways was closed, and has it."""
    project = loads(Path(ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "jinja2>=3.1.6" in project["dependencies"]
    assert tuple(map(int, jinja2.__version__.split(".")[:3])) >= (3, 1, 6)
