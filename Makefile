# Everything a run needs is installed by `.venv/.installed`, from requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

# What is compiled once is kept: a test run starts hundreds of processes.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo demo-tryton test proof chaos lint bench lock clean

demo: .venv/.installed
	$(BIN)/omnigate demo $(ARGS)

demo-tryton: .venv/.installed
	$(BIN)/python -m tests.peers.demo

test: .venv/.installed
	$(BIN)/python -m pytest -q -n 6 -m "not proof" $(ARGS)

# Suites whose time is not their own clock's run two at a time, the longest tests first; what kills, counts seconds or fills the machine runs alone.
BESIDE := tests/store/test_refund_model.py tests/store/test_reservation_model.py tests/store/test_claim_algebra_model.py \
	tests/store/test_stock_model.py tests/proof/test_contracts.py tests/proof/test_four_nodes.py \
	tests/proof/test_cancellations.py tests/proof/test_replay.py tests/proof/test_tryton.py \
	tests/proof/test_tryton_purchase.py tests/guides tests/adapters tests/store/test_embedded.py tests/store/test_embedded_access.py \
	tests/journeys tests/resources

proof: .venv/.installed
	$(BIN)/python -m pytest -q -rP -n 2 --dist worksteal -m 'proof and not full' -o faulthandler_timeout=1800 --durations=30 $(BESIDE)
	$(BIN)/python -m pytest -q -s -m 'proof and not full' -o faulthandler_timeout=1800 --durations=30 $(addprefix --ignore=,$(BESIDE)) $(ARGS)

chaos: .venv/.installed
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(FULL),--full) $(ARGS)

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry gateway adapters observability

bench: .venv/.installed
	$(BIN)/python -m tests.benchmarks $(ARGS)

lock: .venv/.installed
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--extra dev --python-version 3.11 --upgrade pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .omnigate

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q gateway adapters observability
	touch $@
