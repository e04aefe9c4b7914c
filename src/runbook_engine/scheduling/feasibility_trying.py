"""Whether a case can be scheduled: its project, and the first schedule of it or what could not be placed."""

from runbook_engine.model.durations import Pick, likely
from runbook_engine.model.jobs import Job, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.listing_reasons import NotPlaced
from runbook_engine.scheduling.projects import project_of
from runbook_engine.scheduling.projects_terms import Terms


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


def tried(case: Case, pick: Pick = likely) -> Outcome:
    """Schedule a case once, by the figure of the durations that is picked."""
    terms = Terms(parallel=case.parallel, pick=pick, pools=case.pools, booked=case.booked, most_jobs=case.most_jobs)
    project = project_of(case.plan, case.estate, case.days_off, case.at, terms)
    try:
        return Outcome(project=project, solution=first(project))
    except NotPlaced as trouble:
        return Outcome(project=project, trouble=trouble)


def fits(case: Case) -> bool:
    """Whether a case can be scheduled."""
    return tried(case).solution is not None
