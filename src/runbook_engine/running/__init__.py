"""The spine: fold events, admit decisions, say what blocks each task, drive the run. Start with `execute.py`."""
