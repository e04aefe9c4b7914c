"""From the checked documents to the frozen nouns of the model."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from runbook_engine.loading.param_values import converted
from runbook_engine.loading.runbook_document import (
    ApprovalDocument,
    BudgetDocument,
    CostDocument,
    FailuresDocument,
    ParamDocument,
    RollingDocument,
    StakeholderDocument,
)
from runbook_engine.loading.step_document import RollBackDocument
from runbook_engine.loading.step_parts import DeadlineDocument, NeedDocument, RetryDocument, TakesDocument, WhoDocument
from runbook_engine.model.places import Path
from runbook_engine.model.runbook import (
    ApprovalRule,
    Budget,
    Cost,
    Deadline,
    Lag,
    Param,
    Retry,
    RollBack,
    Rolling,
    Stakeholder,
    Takes,
    Who,
)
from runbook_engine.model.text import SecretRef, Text, plain, shell
from runbook_engine.model.words import FailureScope, Repeat


def takes_of(written: TakesDocument) -> Takes:
    """How long."""
    return Takes(
        low_s=written.low,
        high_s=written.longest,
        likely_s=written.likely,
        per_batch=written.per == "batch",
        pausable=written.pausable,
    )


def who_of(written: tuple[WhoDocument, ...]) -> tuple[Who, ...]:
    """Who; a bare word stands in `person` until the estate tells what it is (see `settled`)."""
    return tuple(
        Who(
            person=w.person or "",
            role=w.role or "",
            skill=w.skill or "",
            level=w.level,
            count=w.count,
            certificate=w.certificate or "",
        )
        for w in written
    )


def lags_of(written: tuple[NeedDocument, ...]) -> dict[str, Lag]:
    """How a step follows those that it needs, where that is more than 'after its end'."""
    lags = {need.step: Lag(kind=need.kind, lag_s=need.lag_s, at_most_s=need.at_most) for need in written}
    return {step: lag for step, lag in lags.items() if lag != Lag()}


def deadline_of(written: DeadlineDocument | None) -> Deadline | None:
    """By when."""
    return Deadline(by=written.by, soft=written.soft) if written else None


def retry_of(written: RetryDocument | None) -> Retry:
    """How often again."""
    return Retry(count=written.count, wait_s=written.wait, longest_s=written.longest) if written else Retry()


def roll_back_of(written: RollBackDocument, action: str, path: Path) -> RollBack:
    """The way back. `action` is the key of its action; empty when there is none."""
    return RollBack(
        action=action,
        params=getattr(written, action) if action else None,
        none=written.none or "",
        retries=retry_of(written.retries),
        timeout_s=written.timeout,
        verify=shell(written.verify) if written.verify else None,
        repeat=Repeat.SAFE if written.repeat else None,
        **(become_of(written.become) if written.become else {}),
        path=path,
    )


def _shells(written: tuple[str, ...]) -> tuple[Text, ...]:
    return tuple(shell(line) for line in written)


def _environment(written: Mapping[str, str]) -> tuple[tuple[str, Text], ...]:
    return tuple((name, plain(value)) for name, value in written.items())


# keys of a step that mean something else in the model than they say → how they are converted
STEP_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "title": plain,
    "takes": takes_of,
    "who": who_of,
    "needs": lambda written: tuple(need.step for need in written),
    "deadline": deadline_of,
    "evidence": lambda written: tuple(written.items()),
    "retries": retry_of,
    "guard": _shells,
    "skip_if": _shells,
    "verify": _shells,
    "directory": plain,
    "environment": _environment,
}


def become_of(written: Any) -> dict[str, Any]:
    """The user, and the secret that holds the password of sudo."""
    secret = SecretRef(written.password.secret) if written.password else None
    return {"become": plain(written.user), "become_password": secret}


def rolling_of(written: RollingDocument | None) -> Rolling | None:
    """How the hosts go in turn."""
    if written is None:
        return None
    failures = written.max_failures or FailuresDocument(limit=0, over=FailureScope.PHASE)
    return Rolling(
        batches=written.batches,
        pause_s=written.pause or 0.0,
        max_failures=failures.limit,
        on_failure=written.on_failure,
        failures_over=failures.over,
        soak_s=written.soak or 0.0,
        canary=written.canary or "",
        order=written.order,
        spread_over=written.spread_over or "",
        never_together=written.never_together or "",
    )


def param_of(name: str, written: ParamDocument, *, loose: bool = False) -> Param:
    """A param; a loose one has no choices, so that the choices themselves can be checked with it."""
    plain_param = Param(name=name, type=written.type, pattern=written.pattern or "", secret=written.secret)
    return Param(
        name=name,
        type=written.type,
        default=_safely(plain_param, written.default),
        required="default" not in written.model_fields_set,
        choices=() if loose else tuple(_safely(plain_param, choice) for choice in written.choices or ()),
        pattern=written.pattern or "",
        help=written.help or "",
        secret=written.secret,
    )


def _safely(param: Param, value: Any) -> Any:
    """The value as the param's type; as it is written when it does not fit, which is reported elsewhere."""
    try:
        return converted(param, value)
    except ValueError:
        return value


def budget_of(written: BudgetDocument | None) -> Budget | None:
    """What it may cost."""
    if written is None:
        return None
    return Budget(amount=written.amount, contingency_percent=written.contingency or Decimal(0), owner=written.owner or "")


def cost_of(written: CostDocument) -> Cost:
    """One expense."""
    return Cost(item=written.item, amount=written.amount, phase=written.phase or "")


def approval_of(written: ApprovalDocument) -> ApprovalRule:
    """Who must sign."""
    return ApprovalRule(
        by=written.by,
        before=written.before,
        count=written.count,
        condition=written.condition or "",
        expires_s=written.expires,
    )


def stakeholder_of(written: StakeholderDocument) -> Stakeholder:
    """Who is told."""
    return Stakeholder(who=written.who, audience=written.audience, tell=tuple(written.tell))
