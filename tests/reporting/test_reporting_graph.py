"""Pictures: well formed whatever people write, nothing drawn over anything else, and every step in it."""

import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.made_plans import HOSTS, after, make_plan, package, rack12_plan, stage, with_texts
from reporting.made_texts import Golden
from runbook_engine.model.plan import Plan, PlannedPhase
from runbook_engine.model.words import EdgeKind, PhaseId
from runbook_engine.reporting.graph_drawing import dot, mermaid, svg
from runbook_engine.reporting.graph_layout import NODE_HEIGHT, NODE_WIDTH, lane_width, place
from runbook_engine.reporting.graph_model import BATCHES_DRAWN, NodeKind, lanes_of

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    """All that can be read in an SVG."""
    return ["".join(node.itertext()) for node in ET.fromstring(picture).iter(f"{SVG}text")]  # noqa: S314 - our own


@st.composite
def phases_of_any_order(draw: st.DrawFn) -> Plan:
    """One phase whose steps need each other in any way that is not a circle."""
    number = draw(st.integers(1, 24))
    steps = []
    for n in range(number):
        needs = draw(st.sets(st.integers(0, n - 1), max_size=3)) if n else set()
        kind = draw(st.sampled_from(EdgeKind))
        steps.append(package(f"p/s{n}", HOSTS, needs=after(*(f"p/s{need}" for need in sorted(needs)), kind=kind)))
    phase = PlannedPhase(id=PhaseId("p"), title="p", needs=(), stages=(stage(1, HOSTS, *steps),), hosts=HOSTS)
    return make_plan([phase], steps)


def test_the_picture_shows_every_step_and_every_kind(rack12: Plan) -> None:
    """Lanes, steps, folded batches and the legend are there in words; shapes differ, so colour never stands alone."""
    found = texts(svg(rack12))

    for title in ("1  Rack and cable", "Install BIOS 2.19.1", "Batch 3 of 4: 10 hosts", "host by host"):
        assert title in found
    assert set(NodeKind) <= set(found)
    root = ET.fromstring(svg(rack12))  # noqa: S314 - our own
    assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == rack12.title


def test_the_languages_of_other_tools(rack12: Plan, golden: Golden) -> None:
    """Mermaid and DOT say the same as the picture."""
    golden.check("plan.mermaid.txt", mermaid(rack12))
    golden.check("plan.dot.txt", dot(rack12))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_no_text_breaks_a_picture(text: str) -> None:
    """Any title gives well-formed XML, and cannot leave its quotes in Mermaid or DOT."""
    plan = with_texts(rack12_plan(), text)

    assert ET.fromstring(svg(plan)) is not None  # noqa: S314 - our own
    for line in mermaid(plan).splitlines():
        assert line.count('"') in (0, 2)
    for line in dot(plan).splitlines():
        assert line.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0


@settings(max_examples=60, deadline=None)
@given(phases_of_any_order())
def test_nothing_is_drawn_over_anything_else(plan: Plan) -> None:
    """Boxes never overlap and stay inside their lane; an arrow never leads backwards and none is lost."""
    placed = place(lanes_of(plan)[0])
    corners = {box.node.id: (box.x, box.y) for box in placed.boxes}

    assert len(set(corners.values())) == len(plan.packages)
    for name, (x, y) in corners.items():
        assert 0 <= x <= lane_width(placed.columns) - NODE_WIDTH
        assert 0 <= y <= placed.height - NODE_HEIGHT
        for other, (x2, y2) in corners.items():
            assert name == other or abs(x - x2) >= NODE_WIDTH or abs(y - y2) >= NODE_HEIGHT
    assert len(placed.paths) == len(placed.lane.links)


@settings(max_examples=60, deadline=None)
@given(phases_of_any_order())
def test_leaving_out_arrows_leaves_the_order_as_it_is(plan: Plan) -> None:
    """What came before a step still does, by the arrows that are drawn."""
    drawn: dict[str, set[str]] = {}
    for link in lanes_of(plan)[0].links:
        drawn.setdefault(link.after, set()).add(link.before)

    def all_before(name: str, needs: dict[str, set[str]]) -> set[str]:
        direct = needs.get(name, set())
        return direct.union(*(all_before(n, needs) for n in direct))

    written = {p.id: {e.before for e in p.needs} for p in plan.packages.values()}
    for name in plan.packages:
        assert all_before(name, drawn) == all_before(name, written)  # type: ignore[arg-type]


def test_many_batches_share_a_node() -> None:
    """A thousand batches do not make a thousand boxes."""
    stages, steps = [], []
    for number in range(1, 1001):
        step = package(f"p/s{f'#{number}' if number > 1 else ''}", [f"h{number}"])
        steps.append(step)
        stages.append(stage(number, [f"h{number}"], step))
    hosts = tuple(h for s in stages for h in s.hosts)
    phase = PlannedPhase(id=PhaseId("p"), title="p", needs=(), stages=tuple(stages), hosts=hosts)

    nodes = lanes_of(make_plan([phase], steps))[0].nodes

    assert len(nodes) == BATCHES_DRAWN
    assert nodes[-1].title == "Batches 6 to 1000 of 1000: 995 hosts"


def test_a_phase_that_skips_a_lane_has_an_arrow_of_its_own() -> None:
    """Needs between phases are drawn, next to each other or not, and an empty phase does no harm."""
    one = package("a/x")
    phases = [
        PlannedPhase(id=PhaseId("a"), title="A", needs=(), stages=(stage(0, (), one),), hosts=()),
        PlannedPhase(id=PhaseId("b"), title="B", needs=(), stages=(), hosts=()),
        PlannedPhase(id=PhaseId("c"), title="C", needs=(PhaseId("a"), PhaseId("b")), stages=(), hosts=()),
    ]
    plan = make_plan(phases, [one])

    assert svg(plan).count('class="phase"') == 2
    assert "p1 ==> p3" in mermaid(plan)
    assert "digraph" in dot(plan)
