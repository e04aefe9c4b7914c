# make demo, make test: each does all its own set-up on a fresh Debian machine with Python 3.11 or newer.
VENV ?= .venv
PYTEST ?= -n 2 --dist loadfile
BIN = $(VENV)/bin

.PHONY: demo test soak lint bench docs clean

demo: $(VENV)/ready
	@$(BIN)/runbook demo

test: $(VENV)/ready
	@sh .ci/debian openssh-server sudo
	@$(BIN)/python -m pytest $(PYTEST)

# The long sweeps: more kills, more random worlds, every cut point.
soak: $(VENV)/ready
	@sh .ci/debian openssh-server sudo
	@RUNBOOK_SOAK=1 $(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/ready
	@$(BIN)/python -m pytest tests/gates

bench: $(VENV)/ready
	@$(BIN)/python bench/spine.py
	@$(BIN)/python bench/journal.py
	@$(BIN)/python bench/planning.py

$(VENV)/ready: requirements.lock pyproject.toml
	@sh .ci/environment $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
