"""Who carries attempts out: a pool of threads over links to hosts, or stand-ins that touch nothing."""

from runbook_engine.workers.excerpt import LogLimits
from runbook_engine.workers.logs import Logs
from runbook_engine.workers.pool import Pool
from runbook_engine.workers.procedure import Link
from runbook_engine.workers.stand_in import StandIns

__all__ = ["Link", "LogLimits", "Logs", "Pool", "StandIns"]
