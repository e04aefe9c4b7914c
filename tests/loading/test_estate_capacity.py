"""Capacity rules in the inventory: what becomes of them, and each mistake at its place."""

from pathlib import Path

import pytest

from runbook_engine.loading import load_estate
from runbook_engine.model.errors import NotValid
from runbook_engine.model.estate import Estate
from runbook_engine.model.world import Pool
from runbook_engine.planning import check_capacity, pools

INVENTORY = """\
services: {orders: {title: Order system}, idle: {}}
racks: {r1: {}, r2: {}}
hosts:
  etcd-[1:3]: {serves: [orders]}
  pdu-[1:2]: {rack: r1, tags: [pdu], vars: {pair: 7, secretive: {secret: "env:X"}}}
  pdu-[3:4]: {rack: r2, tags: [pdu], vars: {pair: 7, several: [1]}}
  pdu-5: {tags: [pdu], vars: {pair: null}}
"""


def written(folder: Path, rules: str) -> Estate:
    """The inventory with these rules, in a file of their own."""
    (folder / "hosts.yml").write_text(INVENTORY, encoding="utf-8")
    (folder / "rules.yml").write_text(f"capacity:\n{rules}", encoding="utf-8")
    return load_estate(folder)


def told(mistakes: object, folder: Path) -> list[str]:
    """Each mistake on a line, without the folder."""
    return [f"{m.place}: {m.message} [{m.hint}]".replace(f"{folder}/", "") for m in mistakes]  # type: ignore[attr-defined]


def hosts(*names: str) -> frozenset[str]:
    """Hosts by name."""
    return frozenset(names)


def test_rules_become_pools(tmp_path: Path) -> None:
    """By selector, service, rack and variable; hosts without a value are in no pool, and the reason is kept."""
    rules = """\
  etcd: {hosts: "etcd-*", at_least: 2, why: A majority.}
  orders: {service: orders, at_most_out: 1}
  feeds: {hosts: "tag:pdu", at_most_out: 1, each: rack}
  pairs: {hosts: all, at_least: 3, each: pair}
"""

    assert pools(written(tmp_path, rules)) == (
        Pool(name="etcd", hosts=hosts("etcd-1", "etcd-2", "etcd-3"), out=1, why="A majority."),
        Pool(name="orders", hosts=hosts("etcd-1", "etcd-2", "etcd-3"), out=1),
        Pool(name="feeds (rack r1)", hosts=hosts("pdu-1", "pdu-2"), out=1),
        Pool(name="feeds (rack r2)", hosts=hosts("pdu-3", "pdu-4"), out=1),
        Pool(name="pairs (pair 7)", hosts=hosts("pdu-1", "pdu-2", "pdu-3", "pdu-4"), out=1),
    )


def test_an_inventory_without_rules_has_no_pools(tmp_path: Path) -> None:
    """Rules are for those who want them."""
    estate = written(tmp_path, "  {}\n")

    assert pools(estate) == ()
    assert check_capacity(estate) == []


def where(line: str, key: str) -> str:
    """The place of a value in the third line of the rules, as messages name it; of the rule itself when no key is named."""
    column = line.index(f"{key}: ") + len(key) + 3 if key else 3
    return f"rules.yml:3:{column}: "


@pytest.mark.parametrize(
    ("rule", "key", "expected"),
    [
        ("{}", "", "a rule is about some hosts, or about those of a service"),
        ("{hosts: all, service: orders, at_least: 1}", "", "a rule is about some hosts, or about those of a service"),
        ("{hosts: all}", "", "a rule says either at_least or at_most_out"),
        ("{hosts: all, at_least: 1, at_most_out: 1}", "", "a rule says either at_least or at_most_out"),
        ("{hosts: all, at_least: 0}", "at_least", "must be at least 1"),
        ("{hosts: all, at_most_out: -1}", "at_most_out", "must be at least 0"),
        ("{service: order, at_least: 1}", "service", "there is no service 'order' [did you mean 'orders'?]"),
    ],
)
def test_a_rule_that_says_too_little_or_too_much_is_a_mistake(tmp_path: Path, rule: str, key: str, expected: str) -> None:
    """Found when the inventory is read, at the rule or at its key."""
    line = f"  r: {rule}"
    with pytest.raises(NotValid) as caught:
        written(tmp_path, f"  good: {{hosts: all, at_most_out: 1}}\n{line}\n")

    assert told(caught.value.mistakes, tmp_path)[0].startswith(where(line, key) + expected)


@pytest.mark.parametrize(
    ("rule", "key", "expected"),
    [
        ("{hosts: etc, at_least: 1}", "hosts", "there is no group or host 'etc'"),
        ("{hosts: etcd-1 - etcd-1, at_least: 1}", "hosts", "'etcd-1 - etcd-1' matches no host []"),
        ("{hosts: 'etcd-', at_least: 1}", "hosts", "there is no group or host 'etcd-' [did you mean 'etcd-"),
        ("{hosts: 'tag:pud', at_least: 1}", "hosts", "no host has tag 'pud' [did you mean 'pdu'?]"),
        ("{service: idle, at_least: 1}", "service", "no host serves 'idle' [say serves: of the hosts that do]"),
        (
            "{hosts: 'etcd-*', at_least: 4}",
            "at_least",
            "at least 4 of them must stay in service, but there are only 3 [at_least",
        ),
        (
            "{hosts: 'pdu-*', at_least: 3, each: rack}",
            "at_least",
            "at least 3 of them must stay in service, but there are only 2 wi",
        ),
        ("{hosts: 'pdu-*', at_least: 1, each: pear}", "each", "none of its hosts has a pear [did you mean 'pair'?]"),
        ("{hosts: 'pdu-1', at_least: 1, each: secretive}", "each", "the variable secretive of pdu-1 is a secret"),
        ("{hosts: 'pdu-3', at_least: 1, each: several}", "each", "the variable several of pdu-3 is not a single value"),
    ],
)
def test_a_rule_that_cannot_be_kept_to_is_a_mistake_at_its_place(tmp_path: Path, rule: str, key: str, expected: str) -> None:
    """An empty selector, more that must stay than there are, a value that nobody has: planning says where it is written."""
    line = f"  r: {rule}"
    estate = written(tmp_path, f"  good: {{hosts: all, at_most_out: 1}}\n{line}\n")

    (found,) = told(check_capacity(estate), tmp_path)

    assert found.startswith(where(line, key) + expected)
    with pytest.raises(NotValid):
        pools(estate)


def test_a_rule_of_two_files_is_told_twice(tmp_path: Path) -> None:
    """As every name of an inventory."""
    (tmp_path / "more.yml").write_text("capacity: {r: {hosts: all, at_least: 1}}", encoding="utf-8")

    with pytest.raises(NotValid) as caught:
        written(tmp_path, "  r: {hosts: all, at_least: 2}\n")

    assert "'r' is defined twice" in told(caught.value.mistakes, tmp_path)[0]
