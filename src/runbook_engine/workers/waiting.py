"""Ask until the answer is yes, or until the time is over. A link that fails meanwhile is a host that is not there yet."""

from dataclasses import replace

from runbook_engine.model.attempts import Answer
from runbook_engine.model.commands import Command, Probe, Shell, Wait
from runbook_engine.model.errors import TransportFault
from runbook_engine.model.text import Text, shell
from runbook_engine.model.values import dataclass
from runbook_engine.model.words import NOT_REACHED
from runbook_engine.workers.shown import question, shown
from runbook_engine.workers.work import Work

LONGEST_ASK_S = 60.0  # for one question, if neither its own limit nor the time left is shorter


@dataclass(slots=True, kw_only=True)
class Deadline:
    """A time limit on the clock of a piece of work."""

    work: Work
    at: float

    @property
    def left_s(self) -> float:
        """How much is left; not below zero."""
        return max(0.0, self.at - self.work.now())

    def rest(self, wanted_s: float) -> bool:
        """Sleep for so long, but not past the limit. False: there is no time left for another try."""
        if self.left_s <= 0:
            return False
        self.work.sleep(min(wanted_s, self.left_s))
        return True

    def limited(self, script: Shell) -> Shell:
        """The command with no more time than is left; a second at least, so that the last try is a fair one."""
        longest = min(script.timeout_s or LONGEST_ASK_S, max(1.0, self.left_s))
        return replace(script, timeout_s=longest)


def waited(work: Work, wait: Wait) -> Answer:
    """Exit code 0 when the answer came in time, else 1 with the last answer as `detail`."""
    wait = work.ready(wait)
    work.log.command(shown(wait))
    deadline = Deadline(work=work, at=work.now() + wait.within_s)
    asked = 0
    while True:
        asked += 1
        yes, last = _asked(work, wait.probe, deadline)
        if yes:
            work.log.note(f"yes, when asked for the {asked}. time")
            return Answer(exit_code=0)
        if not deadline.rest(wait.every_s):
            return Answer(exit_code=1, detail=f"no {question(wait)} within {wait.within_s:g} s: {last}")


def _asked(work: Work, probe: Probe, deadline: Deadline) -> tuple[bool, str]:
    """Whether the answer is the wanted one, and what was said. Raises what time does not mend, as not started."""
    try:
        answer = _answer(work, probe, deadline)
    except TransportFault as fault:
        if fault.cause not in NOT_REACHED:
            raise TransportFault(
                fault.cause, fault.message, started=False, why=fault.why, next_command=fault.next_command
            ) from fault
        return probe.absent and (probe.ssh or probe.port is not None), fault.message
    text = answer.detail or f"exit code {answer.exit_code}"
    return answer.exit_code is not None and (answer.exit_code == 0) is not probe.absent, text


def _answer(work: Work, probe: Probe, deadline: Deadline) -> Answer:
    """Exit code 0 is yes."""
    if probe.port is not None:
        yes = work.link.probe_port(probe.address.source if probe.address else None, probe.port)
        return Answer(exit_code=0 if yes else 1, detail="it accepts" if yes else "nobody accepts there")
    if probe.ssh:
        yes = work.link.probe_ssh()
        return Answer(exit_code=0 if yes else 1, detail="it opens" if yes else "none could be opened")
    return work.ask(_command(probe, deadline), quietly=True)


def _command(probe: Probe, deadline: Deadline) -> Command:
    """What is sent for a probe."""
    if probe.http is not None:
        return replace(probe.http, timeout_s=min(probe.http.timeout_s or LONGEST_ASK_S, max(1.0, deadline.left_s)))
    if probe.shell is not None:
        return deadline.limited(probe.shell)
    path = probe.file or Text()
    return deadline.limited(Shell(script=shell('test -e "$RUNBOOK_FILE"'), environment=(("RUNBOOK_FILE", path),)))
