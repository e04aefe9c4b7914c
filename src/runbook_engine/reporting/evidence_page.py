"""A run's evidence as a page: opens offline, needs no script, reads without colour, prints. Pure.

Nothing of it comes from anywhere but the evidence, and times are in UTC: whoever has the same records makes the same page,
byte for byte, which is how a page that somebody has changed is found.
"""

from base64 import b64encode
from hashlib import sha256

from runbook_engine.model.approvals import Say
from runbook_engine.model.gates import PhaseCleared
from runbook_engine.model.words import RunStatus
from runbook_engine.reporting.event_text import event_words
from runbook_engine.reporting.evidence_file import Evidence, Kept
from runbook_engine.reporting.evidence_happened import by_hand, deviations, failures, rolled_back
from runbook_engine.reporting.evidence_planned import approved, definitions, planned
from runbook_engine.reporting.evidence_story import Story, said, stamp, told
from runbook_engine.reporting.html_text import Markup, element, folded, section, together
from runbook_engine.reporting.standing import result_word
from runbook_engine.reporting.words import count

OUTPUTS_SHOWN = 1_000  # the others are in the file, and not on the page
BYTES_SHOWN = 64 * 1024  # of one output, half from its beginning and half from its end
EVENTS_SHOWN = 20_000
STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",Arial,sans-serif;color:#1b2430;
background:#fff;max-width:75rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;line-height:1.25;margin:.2em 0}h2{font-size:1.2rem;margin:2.2em 0 .6em;border-bottom:2px solid #1b2430}
p{margin:.4em 0}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15em 1.2em;margin:.8em 0}
dt{font-weight:600}dd{margin:0}
table{border-collapse:collapse;width:100%;margin:.8em 0}caption{text-align:left;font-style:italic;padding:.3em 0}
th,td{border:1px solid #9aa4b0;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}
td{min-width:6.5em}th{background:#eef1f5;overflow-wrap:normal}
td,dd,p,pre,summary,h1{unicode-bidi:isolate;white-space:pre-wrap;overflow-wrap:anywhere}
pre,code{font:13px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{border:1px solid #9aa4b0;padding:.6em;margin:.5em 0;background:#f7f8fa}
details{margin:.3em 0}summary{cursor:pointer}
img.proof{display:block;max-width:100%;max-height:30rem;border:1px solid #9aa4b0;margin:.3em 0}
.mark{border:3px double #1b2430;padding:.4em .8em;font-weight:700;letter-spacing:.04em}
.check{border:1px solid #1b2430;padding:.5em 1em;margin:1em 0}nav a{margin-right:1em}
@media print{body{max-width:none;padding:0;font-size:10.5pt}nav{display:none}h2{break-after:avoid}tr,img{break-inside:avoid}
details::details-content{content-visibility:visible;height:auto}pre{font-size:8.5pt}}
""".strip()
POLICY = (
    "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
)
_PARTS = (
    ("planned", "Plan and phases"),
    ("approved", "Approvals"),
    ("by-hand", "By hand"),
    ("failures", "Failures"),
    ("deviations", "Deviations"),
    ("rolled-back", "Roll-backs"),
    ("outputs", "Outputs"),
    ("journal", "Journal"),
)


def evidence_page(evidence: Evidence) -> str:
    """The whole page. Raises NoStory for records that no run can have written."""
    return page_of(told(evidence))


def page_of(story: Story) -> str:
    """The same, of a story that was told already."""
    evidence = story.evidence
    head = together(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=Markup(POLICY)),
            element("meta", name="referrer", content="no-referrer"),
            element("meta", name="viewport", content="width=device-width"),
            element("title", f"{evidence.run}: {story.plan.title}"),
            element("style", Markup(STYLE)),
        ),
        "\n",
    )
    sections = (planned, approved, by_hand, failures, deviations, rolled_back, _outputs, _journal)
    body = together((_top(story), *(part(story) for part in sections)))
    return f'<!doctype html>\n<html lang="en"><head>\n{head}\n</head><body>\n{body}\n{_last(story)}</body></html>\n'


def _top(story: Story) -> Markup:
    evidence, run = story.evidence, story.run
    head = evidence.records[-1]
    facts = [
        ("Run", evidence.run),
        ("Result", result_word(run)),
        ("Created", f"{stamp(story.created.at)} UTC by {story.created.by}, runbook-engine {story.created.version}"),
        ("Ended", f"{stamp(run.ended)} UTC" if run.ended else "not ended"),
        ("Exported", f"{stamp(evidence.made)} UTC by {evidence.by}, runbook-engine {evidence.version}"),
        ("Journal", f"{count(len(evidence.records), 'record')}, head {head.seq}:{head.hash}"),
    ]
    links = (element("a", words, href=f"#{name}") for name, words in _PARTS)
    return together(
        (
            *(element("p", mark, class_="mark") for mark in marks(story)),
            element("h1", f"Evidence: {story.plan.title}"),
            definitions(facts),
            _how_to_check(story),
            element("nav", together(links)),
        ),
        "\n",
    )


def marks(story: Story) -> list[str]:
    """What nobody may overlook: practice, break-glass, a run that is not over, approvals without signatures."""
    found = ["PRACTICE RUN: on practice hosts, not on real ones"] if story.created.demo else []
    found += _glass(story)
    if story.run.status not in (RunStatus.DONE, RunStatus.STOPPED):
        found.append("NOT OVER: the run had not ended when this was exported")
    missing = [k for k in (*story.evidence.attachments, *story.evidence.outputs) if k.data is None]
    if missing:
        found.append(f"NOT COMPLETE: {count(len(missing), 'file is', 'files are')} only named here, and not in this file")
    return found


def _glass(story: Story) -> list[str]:
    opened = sorted({event.phase for _, event in story.of(PhaseCleared) if event.glass})
    if opened:
        return [f"BREAK-GLASS: {', '.join(opened)} started although it was closed, see the approvals"]
    if any((s := said(sealed)) and s.say is Say.BREAK_GLASS for sealed in story.evidence.statements):
        return ["BREAK-GLASS was said, and no phase needed it to start, see the approvals"]
    return []


def _how_to_check(story: Story) -> Markup:
    run = story.evidence.run
    return element(
        "div",
        element("p", element("b", "How to check this page.")),
        element("p", "On any machine that has runbook-engine, without the database it came from:"),
        element("pre", "runbook verify THIS-FILE --seal sha256:… --head SEQ:HASH --signers PEOPLE"),
        element(
            "p",
            "The seal was printed when this file was made; whoever made it has kept it elsewhere. A head is one that was held "
            f"outside: in an approval, in a git tag, in an anchor file (runbook verify {run} --anchor FILE), or "
            "wherever it was written down. PEOPLE are keys that the auditor trusts: people.yml or an allowed_signers file.",
        ),
        element(
            "p",
            "Without any of the three it is still found when a part was changed and the others were not. It is then not found "
            "when somebody made the whole file anew: only what is held outside can show that.",
        ),
        class_="check",
    )


def _outputs(story: Story) -> Markup:
    outputs = story.evidence.outputs
    if not outputs:
        return section("outputs", "Outputs", element("p", "None."))
    shown = [_output(kept) for kept in outputs[:OUTPUTS_SHOWN]]
    more = len(outputs) - len(shown)
    note = (
        [element("p", f"{count(more, 'more output')} in this file: runbook verify --extract writes all.")] if more > 0 else []
    )
    return section("outputs", "Outputs", element("p", "Logs as they were written; times in UTC."), together(shown, "\n"), *note)


def _output(kept: Kept) -> Markup:
    head = f"{kept.name}: {kept.size:,} bytes, sha256:{kept.sha256}"
    if kept.data is None:
        return element("p", f"{head}. NOT IN THIS FILE: {kept.note}")
    return folded(head, element("pre", _excerpt(kept.data)))


def _excerpt(data: bytes) -> str:
    if len(data) <= BYTES_SHOWN:
        return data.decode("utf-8", "replace")
    half = BYTES_SHOWN // 2
    left_out = f"\n\n[{len(data) - 2 * half:,} bytes are in this file and not shown here]\n\n"
    return data[:half].decode("utf-8", "replace") + left_out + data[-half:].decode("utf-8", "replace")


def _journal(story: Story) -> Markup:
    lines = (f"#{number} {stamp(event.at)}  {event_words(event)}" for number, event in story.events[:EVENTS_SHOWN])
    more = len(story.events) - EVENTS_SHOWN
    left = f"\n{count(more, 'more record')} in this file" if more > 0 else ""
    body = element("pre", "\n".join(lines) + left)
    return section("journal", "Journal", folded(f"{count(len(story.events), 'record')}, times in UTC", body))


def _last(story: Story) -> Markup:
    below = element("p", "Below this line, and not shown: the records themselves.")
    return together((*(element("p", mark, class_="mark") for mark in marks(story)), below, Markup("")), "\n")
