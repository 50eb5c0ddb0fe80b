# make run    the whole system on http://127.0.0.1:7860
# make test   the whole test suite
# make bench  speed beside the replaced engine
# make lint   style, types, import rules, and whether generated files are current
PYTHON ?= python3
UV_VERSION := 0.13.9

UV := .tools/bin/uv
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
SYNC = $(UV) sync --quiet --locked --inexact --python "$(PYTHON)"

.PHONY: run test bench lint requirements clean

run: $(UV)
	@$(SYNC)
	@exec .venv/bin/python app.py

test: $(UV)
	@$(SYNC) --group dev
	@.venv/bin/pytest

bench: $(UV)
	@$(SYNC) --group dev
	@.venv/bin/python -m bench

lint: $(UV)
	@$(SYNC) --group dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(UV) export --quiet --locked --no-dev --output-file .tools/requirements.txt
	@tail -n +4 requirements.txt | grep -v '^#' > .tools/committed.txt
	@grep -v '^#' .tools/requirements.txt | diff - .tools/committed.txt \
	  || { echo "requirements.txt does not follow uv.lock: make requirements"; exit 1; }

# What `pip` users install: the same versions and hashes as the lock file.
requirements: $(UV)
	@{ echo '# Made from uv.lock by `make requirements`. Install it with'; \
	   echo '#   pip install --no-deps -r requirements.txt'; \
	   echo '# because three packages ask for others that they do not need here, one of them for a compiler.'; \
	   $(UV) export --quiet --locked --no-dev | grep -v '^#'; } > requirements.txt

# uv itself comes from PyPI, into an environment of its own.
$(UV): Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

clean:
	rm -rf .tools .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
