PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

SWEEPS := validate-full validate-neurons validate-populations validate-populations-full

.PHONY: demo test test-slow lint docs bench peers brian2 validate $(SWEEPS) tables clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	touch $@

demo: $(STAMP)
	$(BIN)/python -m validation demo --out demo-output

test: $(STAMP)
	$(BIN)/python -m pytest -m 'not slow' --doctest-modules

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(STAMP)
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet torch==2.13.0 erfi_pytorch --no-deps
	.venv-peers/bin/python -m pip install --quiet --no-deps nnmt moment-neural-network nest-simulator
	.venv-peers/bin/python -m pip install --quiet 'numpy<2.5' scipy mpmath pint pyyaml h5py requests decorator matplotlib tqdm cython pytest pytest-mock

brian2:
	$(PYTHON) -m venv .venv-brian2
	.venv-brian2/bin/python -m pip install --quiet 'numpy<2.4' setuptools brian2

# Every report is written, whatever the others say; `make` fails at the end if one disagrees.
validate: $(STAMP)
	$(MAKE) --keep-going --jobs=1 $(SWEEPS)

validate-populations-full: WORKERS := --jobs 1
$(SWEEPS): validate-%: $(STAMP)
	-$(BIN)/python -m validation run $* --store validation-$*.sqlite $(WORKERS)
	$(BIN)/python -m validation report $* --store validation-$*.sqlite --out validation-report-$*

tables: $(STAMP)
	$(BIN)/python -m meanfield.special._precompute

clean:
	rm -rf $(VENV) docs/_build docs/auto_tutorials docs/generated demo-output
