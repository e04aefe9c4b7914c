"""Whether a case can be scheduled: its project, and the first schedule of it or what could not be placed."""

from runbook_engine.model.durations import Pick, likely
from runbook_engine.model.jobs import Job, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.feasibility_least import hopeless
from runbook_engine.scheduling.listing import Laid, laid_out, placing
from runbook_engine.scheduling.listing_case import Case as Tables
from runbook_engine.scheduling.listing_case import case_of
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason
from runbook_engine.scheduling.projects import project_of
from runbook_engine.scheduling.projects_known import Like
from runbook_engine.scheduling.projects_terms import Terms

PATIENCE = 1  # after so many lists that are no better than those before there is no hope
MOST_JOBS = 600  # hosts go together beyond that: a verdict needs no names on each of ten thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a try ended: with a schedule, or with a job that had no place."""

    project: Project
    solution: Solution | None = None
    trouble: NotPlaced | None = None

    @property
    def job(self) -> Job:
        """The job that had no place. Raises ValueError where all have one."""
        if self.trouble is None:
            raise ValueError("everything has its place")
        return self.project.jobs[self.trouble.job]

    @property
    def root(self) -> Job:
        """Where to look for the reason: of jobs that are late, the first that is, since others wait for it; else that job."""
        if self.trouble is None or self.trouble.reason is not Reason.DEADLINE:
            return self.job
        late = [self.project.jobs[number] for number in self.trouble.jobs]
        return next((job for job in late if job.package), self.job)


def tried(case: Case, pick: Pick = likely) -> Outcome:
    """Schedule a case once, by the figure of the durations that is picked."""
    project = project_for(case, pick)
    asked = _asked(project)
    laid = case.known.get(("fits", asked)) or case.known.once(("tried", asked), lambda: _laid(project))
    return Outcome(project=project, trouble=laid) if isinstance(laid, NotPlaced) else outcome_of(project, laid)


def outcome_of(project: Project, laid: Laid) -> Outcome:
    """The outcome that a schedule is. How good it is nobody asks: it has no bound."""
    placed = tuple(placing(laid.case, laid.books, job) for job in range(len(project.jobs)))
    finish = max((each.finish for each in placed), default=0)
    return Outcome(project=project, solution=Solution(placed=placed, finish=finish, bound=0))


def fits(case: Case) -> bool:
    """Whether a case can be scheduled. What no schedule could be enough for is not tried; the same is tried once."""
    project = project_for(case)
    return case.known.once(("fits", _asked(project)), lambda: _fitting(project)) is not None


def _fitting(project: Project) -> Laid | None:
    tables = case_of(project)
    found = None if hopeless(project, tables) else _laid(project, tables, hasty=True)
    return found if isinstance(found, Laid) else None


def _laid(project: Project, tables: Tables | None = None, *, hasty: bool = False) -> Laid | NotPlaced:
    """The first schedule of a project, or what could not be placed."""
    try:
        return laid_out(project, patience=PATIENCE, case=tables, hasty=hasty)
    except NotPlaced as trouble:
        return trouble


def _asked(project: Project) -> Like:
    return Like(project, (len(project.jobs), project.horizon, len(project.workers)))


def project_for(case: Case, pick: Pick = likely) -> Project:
    """The project of a case."""
    terms = Terms(
        parallel=case.parallel, pick=pick, pools=case.pools, learnt=case.learnt, booked=case.booked, most_jobs=MOST_JOBS
    )
    return project_of(case.plan, case.estate, case.days_off, case.at, terms, case.known)
