"""Whether a case can be scheduled: its project, and the first schedule of it or what could not be placed."""

from runbook_engine.model.durations import Pick, likely
from runbook_engine.model.jobs import Job, Project, Solution
from runbook_engine.model.values import dataclass
from runbook_engine.scheduling.crew_path import earliest
from runbook_engine.scheduling.feasibility_case import Case
from runbook_engine.scheduling.listing import first
from runbook_engine.scheduling.listing_case import BIG, case_of
from runbook_engine.scheduling.listing_reasons import NotPlaced, Reason
from runbook_engine.scheduling.projects import project_of
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
    try:
        return Outcome(project=project, solution=first(project, patience=PATIENCE))
    except NotPlaced as trouble:
        return Outcome(project=project, trouble=trouble)


def project_for(case: Case, pick: Pick = likely) -> Project:
    """The project of a case."""
    terms = Terms(
        parallel=case.parallel, pick=pick, pools=case.pools, learnt=case.learnt, booked=case.booked, most_jobs=MOST_JOBS
    )
    return project_of(case.plan, case.estate, case.days_off, case.at, terms, case.known)


def fits(case: Case) -> bool:
    """Whether a case can be scheduled. What is late even if nothing had to share anything is not tried."""
    project = project_for(case)
    if _too_late(project):
        return False
    try:
        first(project, patience=PATIENCE)
    except NotPlaced:
        return False
    return True


def _too_late(project: Project) -> bool:
    """Whether a job comes too late by work and calendars alone."""
    ends = [job.deadline if job.deadline is not None else project.horizon or BIG for job in project.jobs]
    return any(finish > end for (_, finish), end in zip(earliest(project, case_of(project)), ends, strict=True))
