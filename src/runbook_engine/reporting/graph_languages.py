"""The picture of a plan in the languages of other tools: Mermaid for Markdown pages, DOT for Graphviz."""

import re

from runbook_engine.model.plan import Plan
from runbook_engine.reporting.graph_model import Lane, NodeKind, lanes_of
from runbook_engine.reporting.harmless import one_line

LABEL_LONGEST = 120
_MERMAID_SHAPES = {
    NodeKind.AUTOMATIC: ("[", "]"),
    NodeKind.PERSON: ("[\\", "/]"),
    NodeKind.DECISION: ("{{", "}}"),
    NodeKind.CHECK: ("[[", "]]"),
    NodeKind.PAUSE: ("([", "])"),
    NodeKind.BATCH: ("[(", ")]"),
}
_DOT_SHAPES = {
    NodeKind.AUTOMATIC: "box",
    NodeKind.PERSON: "invtrapezium",
    NodeKind.DECISION: "hexagon",
    NodeKind.CHECK: "box, peripheries=2",
    NodeKind.PAUSE: 'box, style="rounded,dashed"',
    NodeKind.BATCH: "box3d",
}
_SPECIAL = re.compile(r"[^\w .,:;×·–+=/-]")


def mermaid(plan: Plan) -> str:
    """A Mermaid flowchart: a subgraph per phase, thick arrows where all hosts must have come so far."""
    lanes = lanes_of(plan)
    names = _names(lanes)
    lines = ["flowchart TB"]
    for lane in lanes:
        lines.append(f'  subgraph p{lane.number}["{_mermaid_text(f"{lane.number}. {lane.title}")}"]')
        lines.append("    direction LR")
        for node in lane.nodes:
            opening, closing = _MERMAID_SHAPES[node.kind]
            label = f"{_mermaid_text(node.title)}<br/>{_mermaid_text(_note(node.kind, node.note))}"
            lines.append(f'    {names[node.id]}{opening}"{label}"{closing}')
        lines += [f"    {names[a.before]} {'==>' if a.barrier else '-->'} {names[a.after]}" for a in lane.links]
        lines.append("  end")
    lines += [f"  p{before} ==> p{after}" for before, after in _phase_needs(lanes)]
    return "\n".join(lines) + "\n"


def dot(plan: Plan) -> str:
    """A Graphviz digraph: a cluster per phase, bold arrows where all hosts must have come so far."""
    lanes = lanes_of(plan)
    names = _names(lanes)
    lines = ["digraph plan {", f"  label={_dot_text(plan.title)}; labelloc=t; rankdir=LR; compound=true; newrank=true;"]
    lines.append("  node [fontname=sans, fontsize=11]; edge [fontname=sans];")
    for lane in lanes:
        lines.append(f"  subgraph cluster_p{lane.number} {{")
        lines.append(f"    label={_dot_text(f'{lane.number}. {lane.title}')};")
        for node in lane.nodes:
            label = _dot_text(node.title, _note(node.kind, node.note))
            lines.append(f"    {names[node.id]} [label={label}, shape={_DOT_SHAPES[node.kind]}];")
        lines += [f"    {names[a.before]} -> {names[a.after]}{' [penwidth=3]' if a.barrier else ''};" for a in lane.links]
        lines.append("  }")
    lines += [_dot_phase_arrow(lanes[before - 1], lanes[after - 1], names) for before, after in _phase_needs(lanes)]
    return "\n".join([*(line for line in lines if line), "}"]) + "\n"


def _note(kind: NodeKind, note: str) -> str:
    return f"{kind}: {note}" if note else kind.value


def _names(lanes: tuple[Lane, ...]) -> dict[str, str]:
    """Short names that no tool can misread."""
    return {node.id: f"n{number}" for number, node in enumerate(n for lane in lanes for n in lane.nodes)}


def _phase_needs(lanes: tuple[Lane, ...]) -> list[tuple[int, int]]:
    numbers = {lane.id: lane.number for lane in lanes}
    return [(numbers[need], lane.number) for lane in lanes for need in lane.needs if need in numbers]


def _mermaid_text(text: str) -> str:
    """Everything but letters, digits and plain signs as a numbered entity, which Mermaid shows as the character."""
    return _SPECIAL.sub(lambda m: f"#{ord(m.group())};", one_line(text, LABEL_LONGEST))


def _dot_text(*lines: str) -> str:
    """A quoted string of DOT; each line on its own."""
    quoted = (one_line(line, LABEL_LONGEST).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(quoted) + '"'


def _dot_phase_arrow(before: Lane, after: Lane, names: dict[str, str]) -> str:
    """Graphviz joins clusters through a node of each; an empty phase has none."""
    if not before.nodes or not after.nodes:
        return ""
    ends = f"ltail=cluster_p{before.number}, lhead=cluster_p{after.number}"
    return f"  {names[before.nodes[-1].id]} -> {names[after.nodes[0].id]} [penwidth=3, {ends}];"
