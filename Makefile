# make run          the whole system on http://127.0.0.1:7860
# make check        before each commit: format, lint, types, import rules and the fast tests
# make test         all tests except the slowest: long faults, soak tests, fuzzers, containers, real labelled data
# make test-all     every test, with branch coverage of all processes
# make lint         further checks of CI: prose, static analysis, secrets, and whether generated files are current
# make prose        spelling, style and vocabulary (.vocabulary) of texts and comments; of some paths: PROSE='docs api'
# make docs         documentation site: site; fails on a broken link
# make settings     docs/settings.md and .env.example, from shared/settings
# make requirements write requirements.txt, from uv.lock
# make bench        speed, compared with the replaced engine; other measurements: ARGS='calibrate pairs.csv'
# make fuzz         10,000 hostile documents and 5,000 hostile requests; takes half an hour
# make screens      screenshots of the console: docs/screens
# make audit        known vulnerabilities of the locked packages, from PyPI, or from a copy of OSV: ADVISORIES=all.zip
# make sbom         bill of materials in CycloneDX format: sbom.json
# make wheels       check that every locked package has a wheel for Linux (x86-64, arm64) and macOS (arm64)
# make images       the images of API and worker, reproducible for the same commit and base image
# make client-dist  package of the Python client: client/dist
# make version      write a version to every file that states one: VERSION=1.1.0
# make release      check everything and tag the version in pyproject.toml; pushes nothing
# make clean        remove environments, caches and built files
# make help         this list
PYTHON ?= python3
VENV ?= .venv
TESTS ?= tests
SELECTION ?= not slow
# Tests that do not start the whole system. They call the code, and use a real Valkey server if the code needs one.
FAST := tests/api tests/client/test_agreement.py tests/deploy tests/docs tests/prose tests/shared tests/vision tests/worker \
  tests/test_app.py tests/test_readme.py tests/test_version.py tests/openapi/test_surface.py
UV_VERSION := 0.13.9

UV := .tools/bin/uv
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := $(VENV)
# Some containers set this variable. Then each program that a test starts compiles its 1,200 modules again, which takes more
# processor time than the start itself.
unexport PYTHONDONTWRITEBYTECODE
SYNC = $(UV) sync --quiet --locked --inexact --python "$(PYTHON)"

.PHONY: run help check style prose test test-all bench lint audit sbom images fuzz version release client-dist docs settings screens wheels requirements clean

run: $(UV)
	@$(SYNC)
	@exec $(VENV)/bin/python app.py

help:
	@sed -n 's/^# make/make/p' Makefile

# tests/distribution.py decides which tests run in the same process.
PYTEST = $(VENV)/bin/pytest --numprocesses auto --durations 10

check: style
	@$(VENV)/bin/pytest --numprocesses logical --durations 10 --quiet $(FAST) -m "not slow and not accuracy and not long"

test: $(UV)
	@$(SYNC) --group dev
	@$(PYTEST) $(TESTS) -m "$(SELECTION)"

test-all: $(UV)
	@$(SYNC) --group dev
	@$(VENV)/bin/coverage erase
	@$(VENV)/bin/coverage run -m pytest --numprocesses auto --durations 10 $(TESTS)
	@$(VENV)/bin/coverage combine --quiet
	@$(VENV)/bin/coverage report

bench: $(UV)
	@$(SYNC) --group dev
	@$(VENV)/bin/python -m bench $(ARGS)

style: $(UV)
	@$(SYNC) --group dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Paths whose text is checked: Markdown, and comments, docstrings and messages in code. All files, except legal text, locked
# packages, the words to avoid, and text that composed documents show.
PROSE := ':!LICENSE' ':!.vocabulary' ':!tests/prose' ':!uv.lock' ':!requirements.txt' ':!deploy/checkov.txt' \
  ':!*/package-lock.json' ':!bench/selection/documents/sample_text.py' ':!tests/labelled/pages.py'
VOCABULARY := .vocabulary/plain-english.txt
prose: $(UV)
	@$(SYNC) --group dev
	git ls-files -z $(PROSE) | xargs -0 $(VENV)/bin/codespell --dictionary - --dictionary $(VOCABULARY)
	git ls-files -z $(PROSE) | xargs -0 $(VENV)/bin/python -m tests.prose --openapi

# checkov checks Dockerfiles and manifests. An annotation gives the reason for each skipped check. checkov has no rules for
# Compose files; tests/deploy checks them. No data is sent.
CHECKOV := .tools/checkov/bin/checkov
CHECKOV_FLAGS := --framework dockerfile kubernetes --quiet --compact --skip-download
POLICIES := Dockerfile Dockerfile.api Dockerfile.worker $(filter-out %/kustomization.yaml, \
  $(wildcard deploy/kubernetes/*.yaml deploy/kubernetes/components/*/*.yaml))
$(CHECKOV): deploy/checkov.txt $(UV)
	@$(UV) venv --quiet --clear --python "$(PYTHON)" .tools/checkov
	@$(UV) pip install --quiet --python .tools/checkov --no-deps --require-hashes --only-binary :all: --requirement $<
	@touch $@

lint: style prose $(CHECKOV)
	$(CHECKOV) $(CHECKOV_FLAGS) --file $(POLICIES)
	$(VENV)/bin/bandit --quiet --recursive --severity-level medium api worker shared client app.py
	$(VENV)/bin/zizmor --offline --quiet .github
	git ls-files -z | xargs -0 $(VENV)/bin/detect-secrets-hook $(SECRETS)
	@$(SETTINGS_DOC) --output-format markdown | diff docs/settings.md - \
	  && $(SETTINGS_DOC) --output-format dotenv | diff .env.example - \
	  || { echo "docs/settings.md and .env.example do not follow shared/settings: make settings"; exit 1; }
	$(UV) export --quiet --locked --no-dev --output-file .tools/requirements.txt
	@tail -n +4 requirements.txt | grep -v '^#' > .tools/committed.txt
	@grep -v '^#' .tools/requirements.txt | diff - .tools/committed.txt \
	  || { echo "requirements.txt does not follow uv.lock: make requirements"; exit 1; }

# Digests of pinned files look like secrets but are not. The Kubernetes manifests contain the name of a secret.
SECRETS := --disable-plugin HexHighEntropyString --exclude-files '^(uv\.lock|requirements\.txt|deploy/checkov\.txt)$$' \
  --exclude-secrets '^nsfas-secrets\}?$$'

audit: $(UV)
	@$(SYNC) --group dev
	@$(VENV)/bin/python -m tests.audit $(if $(ADVISORIES),--advisories $(ADVISORIES))

sbom: $(UV)
	@$(SYNC)
	$(UV) export --quiet --locked --no-dev --format cyclonedx1.5 --output-file sbom.json
	$(VENV)/bin/python -m worker.vision.models.bill_of_materials sbom.json

# File times in an image are the time of the commit, if the builder can rewrite them (BuildKit 0.13). Only the base image can
# change; BASE=python:3.13-slim-trixie@sha256:... pins it. SOURCE is the address of the source code.
# PREFIX and OUTPUT publish the images: PREFIX=ghcr.io/OWNER/ OUTPUT=type=registry.
SOURCE ?=
PREFIX ?=
OUTPUT ?= type=docker
PROJECT_VERSION = $$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -n 1)
images:
	@for name in api worker; do \
	  SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) docker buildx build --file Dockerfile.$$name \
	    $(if $(BASE),--build-context python:3.13-slim-trixie=docker-image://$(BASE)) \
	    --build-arg SOURCE_DATE_EPOCH --build-arg SOURCE=$(SOURCE) \
	    --build-arg REVISION=$$(git describe --always --dirty --abbrev=40 --exclude '*') \
	    --tag $(PREFIX)nsfas-$$name:$(PROJECT_VERSION) \
	    --output $(OUTPUT),rewrite-timestamp=true . || exit 1; \
	done

# One version for service, client, images, manifests and citation: pyproject.toml states it, tests/test_version.py compares.
version: $(UV)
	@$(SYNC) --group dev
	$(VENV)/bin/bump-my-version bump --allow-dirty --new-version $(VERSION)
	$(UV) lock --quiet
	@$(SYNC) --group dev

release:
	.ci/release

client-dist: $(UV)
	$(UV) build --quiet --package face-intake --out-dir client/dist --clear

FUZZ ?= 10000
fuzz: $(UV)
	@$(SYNC) --group dev
	$(VENV)/bin/python -m tests.fuzz.documents --count $(FUZZ)
	$(VENV)/bin/python -m tests.fuzz.guided -runs=$(FUZZ)
	$(VENV)/bin/python -m tests.fuzz.requests --count 5000

# The descriptions of the settings in shared/settings, as documentation and as an example.
SETTINGS_DOC = PYTHONPATH=. $(VENV)/bin/settings-doc generate --class shared.settings.Settings --templates deploy/settings
settings: $(UV)
	@$(SYNC) --group dev
	$(SETTINGS_DOC) --output-format markdown > docs/settings.md
	$(SETTINGS_DOC) --output-format dotenv > .env.example

docs: $(UV)
	@$(SYNC) --group dev
	$(VENV)/bin/python -m tests.docs.site

screens: $(UV)
	@$(SYNC) --group dev
	$(VENV)/bin/python -m tests.browser.screens

# Checks that every locked package has a wheel for each supported platform and Python. dlib-bin needs macOS 14.
PLATFORMS := x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin
wheels: $(UV)
	@for platform in $(PLATFORMS); do for version in 3.11 3.13; do \
	  echo "wheels only on $$platform, Python $$version"; \
	  MACOSX_DEPLOYMENT_TARGET=14.0 $(UV) pip compile --quiet --no-build --no-deps --python-platform $$platform \
	    --python-version $$version --output-file /dev/null requirements.txt || exit 1; \
	done; done

# For users of `pip`: the same versions and hashes as in the lock file.
requirements: $(UV)
	@{ echo '# Made from uv.lock by `make requirements`. Install it with'; \
	   echo '#   pip install --no-deps -r requirements.txt'; \
	   echo '# because three packages ask for others that they do not need here, one of them for a compiler.'; \
	   $(UV) export --quiet --locked --no-dev | grep -v '^#'; } > requirements.txt

# Installs uv from PyPI into a separate environment.
$(UV): Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

clean:
	rm -rf .tools .venv .venv-3.13 .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .fuzz sbom.json .site site client/dist
