"""What a plan means for services, in plain sentences for people who decide and do not know the machines."""

import textwrap
from collections.abc import Iterator, Sequence

from runbook_engine.model.impact import Lasting, Level, Named, NoReturn, PhaseImpact, ServiceImpact
from runbook_engine.reporting.harmless import one_line
from runbook_engine.reporting.words import count, listed

STEPS_SHOWN = 5  # titles in one sentence


def impact_lines(impacts: Sequence[PhaseImpact], width: int) -> list[str]:
    """The impact of a plan as a block of text, without the phases of which others notice nothing; empty when that is all."""
    lines: list[str] = []
    for number, impact in enumerate(impacts, 1):
        if _is_noticed(impact):
            lines.append(f"  {number}  {one_line(impact.title)}")
            lines += [line for sentence in impact_sentences(impact) for line in _bullet(sentence, width)]
    told = next((impact.stakeholders for impact in impacts if impact.stakeholders), ())
    if lines and told:
        text = one_line(f"Told of it: {_titles(told)}.", 2000)
        lines += textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    return ["What others notice, by the inventory", *lines] if lines else []


def _is_noticed(impact: PhaseImpact) -> bool:
    said = any(step.why or not step.by_person for step in impact.no_way_back)
    return bool(impact.hosts) or impact.no_return is not None or said


def _bullet(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(
        sentence, width, initial_indent="     – ", subsequent_indent="       ", break_long_words=False, break_on_hyphens=False
    )


def impact_sentences(impact: PhaseImpact) -> tuple[str, ...]:
    """What a phase means, one sentence each; at least one."""
    return tuple(one_line(sentence, 2000) for sentence in _sentences(impact))


def _sentences(impact: PhaseImpact) -> Iterator[str]:
    yield from _services(impact)
    if impact.beside and impact.hosts:
        yield f"This may go on at the same time: {_titles(impact.beside)}. What it takes out of service comes on top."
    if impact.owners:
        yield f"It concerns {_titles(impact.owners)}."
    yield from _way_back(impact)


def _services(impact: PhaseImpact) -> Iterator[str]:
    felt = [service for service in impact.services if service.level is not Level.NONE or service.without]
    for service in felt:
        yield from service_sentences(service)
    calm = [service.service for service in impact.services if service not in felt]
    if calm:
        yield f"{_titles(calm)} {'needs' if len(calm) == 1 else 'need'} this and {'keeps' if len(calm) == 1 else 'keep'} going."
    if impact.hosts and not felt:
        yield f"{count(len(impact.hosts), 'machine')} {_are(len(impact.hosts))} worked on; no known service runs there."
    if not impact.hosts:
        yield "No machine is taken out of service." if impact.changes else "Nothing is changed."


def service_sentences(service: ServiceImpact) -> Iterator[str]:
    """What users of one service notice."""
    title, times = service.service.title, f", in {service.batches} batches" if service.batches > 1 else ""
    match service.level:
        case Level.DOWN:
            yield f"{title}: OUT OF SERVICE for {about(service.lasting)}. {_all_out(service.hosts)}"
        case Level.NO_REDUNDANCY:
            left = f"only one of its {service.hosts} machines is left{times}"
            yield f"{title}: no spare machine for {about(service.lasting)}; {left}."
        case Level.LESS_REDUNDANCY:
            some = "one" if service.out == 1 else f"up to {service.out}"
            out = f"{some} of its {service.hosts} machines {_are(service.out)} out of service at a time{times}"
            yield f"{title}: {out}, for {about(service.lasting)}."
        case Level.NONE:
            pass
    if service.level is not Level.NONE and service.reduced != service.lasting:
        yield f"{title}: fewer machines than usual for {about(service.reduced)} in all."
    if service.without:
        lost = f"{_titles(service.without)}, which it needs, {_are(len(service.without))} out of service"
        yield f"{title}: AFFECTED for {about(service.affected)}, because {lost}."


def _all_out(machines: int) -> str:
    if machines == 1:
        return "Its only machine is worked on."
    return f"All of its {machines} machines are worked on at the same time."


def about(lasting: Lasting) -> str:
    """'about 40 minutes (at most 1 hour 10 minutes)'; what nobody stated is called so."""
    if not lasting.likely_s and not lasting.high_s:
        return "less than a minute" if lasting.stated else "a time that nobody has stated"
    if not lasting.stated:
        return f"at least {in_words(lasting.low_s)} (not every step says how long it takes)"
    most = f" (at most {in_words(lasting.high_s)})" if in_words(lasting.high_s) != in_words(lasting.likely_s) else ""
    return f"about {in_words(lasting.likely_s)}{most}"


def in_words(seconds: float) -> str:
    """A length of time in whole words, rounded up to minutes: '1 minute', '1 hour 10 minutes', '2 days 3 hours'."""
    minutes = max(1, -int(-seconds // 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [count(number, unit) for number, unit in ((days, "day"), (hours, "hour"), (minutes, "minute")) if number]
    return " ".join(parts[:2])


def _way_back(impact: PhaseImpact) -> Iterator[str]:
    said = [step for step in impact.no_way_back if step.why]
    unsaid = [step.title for step in impact.no_way_back if not step.why and not step.by_person]
    if impact.no_return:
        yield no_return_sentence(impact.no_return)
    elif impact.changes and impact.has_way_back:
        yield "Every step can be undone."
    for step in said[:STEPS_SHOWN]:
        yield f"'{step.title}' cannot be undone: {step.why.rstrip('.')}."
    if len(said) > STEPS_SHOWN:
        yield f"{count(len(said) - STEPS_SHOWN, 'more step')} cannot be undone."
    if unsaid:
        shown = [f"'{title}'" for title in unsaid[:STEPS_SHOWN]]
        more = [f"{len(unsaid) - STEPS_SHOWN} more"] if len(unsaid) > STEPS_SHOWN else []
        yield f"Nobody has said how to undo {listed([*shown, *more])}."
    if any(step.by_person and not step.why for step in impact.no_way_back):
        yield "Nobody has said how to undo some of what people do by hand."


def no_return_sentence(point: NoReturn) -> str:
    """From where on there is no way back, and why."""
    if point.step:
        return f"From '{point.title}' on there is no way back: {point.why}"
    return f"There is a point of no return: {point.why}"


def _titles(named: Sequence[Named]) -> str:
    return listed([one.title for one in named])


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
