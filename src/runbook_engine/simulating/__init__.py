"""The spine on stand-in hosts and a virtual clock: nights that never were. No network, no disk, no real time."""

from runbook_engine.simulating.placing import fault_of
from runbook_engine.simulating.rehearse import body_of, rehearsal_of, rehearse, rehearse_all
from runbook_engine.simulating.scenarios import standard_faults

__all__ = ["body_of", "fault_of", "rehearsal_of", "rehearse", "rehearse_all", "standard_faults"]
