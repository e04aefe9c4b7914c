"""What outlives a process: journal, decision inbox, leases and plans in one database."""

from runbook_engine.recording.inbox import RunInbox
from runbook_engine.recording.journal import RunJournal
from runbook_engine.recording.runs import RunRow
from runbook_engine.recording.store import Store, open_store, verify_chain

__all__ = ["open_store", "verify_chain", "Store", "RunJournal", "RunInbox", "RunRow"]
