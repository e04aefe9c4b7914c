# make demo, make test: each does all its own set-up on a fresh Debian machine with Python 3.11 or newer.
VENV ?= .venv
PYTEST ?= -n 2 --dist loadfile
BIN = $(VENV)/bin
# gcc: a library that kills a process, or lets its disk fail, at any change of a file. busybox: one more shell.
# chromium: opens the pages that are made. git: heads of journals are kept in tags.
NEEDED = openssh-server sudo gcc libc6-dev busybox git chromium

.PHONY: demo test soak lint bench docs clean

demo: $(VENV)/ready
	@$(BIN)/runbook demo

test: $(VENV)/ready
	@sh .ci/debian $(NEEDED)
	@$(BIN)/python -m compileall -qq -j 0 src tests # a quarter of what the many short processes need, where Python keeps none
	@$(BIN)/python -m runbook_engine.scheduling.compiling # again only if what the searches run has changed
	@$(BIN)/python -m pytest $(PYTEST)

# The long sweeps, some hours: see docs/reliability.md.
soak: $(VENV)/ready
	@sh .ci/debian $(NEEDED)
	@RUNBOOK_SOAK=1 $(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/ready
	@$(BIN)/python -m pytest tests/gates

bench: $(VENV)/ready
	@$(BIN)/python bench/spine.py
	@$(BIN)/python bench/journal.py
	@$(BIN)/python bench/planning.py
	@$(BIN)/python bench/evidence.py

$(VENV)/ready: requirements.lock pyproject.toml
	@sh .ci/environment $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
