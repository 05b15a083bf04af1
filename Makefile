# Everything a person can do here; `make help` lists it. All of it needs only git, make and Python 3.11 or newer.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNTIME_READY := $(VENV)/.ready-runtime
DEMO_ARGS ?=
# Nothing is installed but what a lock pins, whatever has been released since.
LOCKS := $(BIN)/python -I deploy/tools/locks.py

.PHONY: help
help: ## List what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "jobwatchd needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(BIN); echo "Creating $(VENV) failed: is the venv module installed (Debian: apt install python3-venv)?"; exit 1; }

$(RUNTIME_READY): requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing jobwatchd into $(VENV) …"
	@$(LOCKS) install requirements.lock requirements-build.lock --project . --editable
	@touch $@

$(READY): requirements-dev.lock pyproject.toml | $(RUNTIME_READY)
	@echo "Installing the development tools into $(VENV) …"
	@$(LOCKS) install requirements-dev.lock
	@touch $@

.PHONY: install
install: $(RUNTIME_READY) ## Install jobwatchd into .venv

.PHONY: demo
demo: $(RUNTIME_READY) ## See it work: both APIs simulated, the real daemon, a receiver (DEMO_ARGS=--exit-when-done)
	@$(BIN)/jobwatchd demo $(DEMO_ARGS)

# The oldest and the newest pip that may have to install us.
PIPS := build/tools/pips/.ready
$(PIPS): deploy/tools/pip-oldest.lock deploy/tools/pip-newest.lock | $(READY)
	@rm -rf $(@D)
	@$(LOCKS) download deploy/tools/pip-oldest.lock --to $(@D)/oldest
	@$(LOCKS) download deploy/tools/pip-newest.lock --to $(@D)/newest
	@touch $@

.PHONY: test
test: $(READY) $(PIPS) ## Run all tests that are quick enough to run always (under five minutes)
	$(BIN)/python -Im pytest -n 3 --dist loadfile --no-loadscope-reorder

# All parameters of what `make test` tries with a few, 300 examples of what holds for whatever is given, and 21 kills.
THOROUGH = $(BIN)/python -Im pytest -m 'slow or hypothesis' --hypothesis-profile=thorough
.PHONY: test-slow
test-slow: $(READY) $(PIPS) ## Run what the quick suite leaves out: more parameters, examples and kills (minutes)
	$(THOROUGH) -n 2 --dist loadfile tests/unit tests/conformance tests/integration tests/bench tests/acceptance/test_*.py

KILLS ?= 21
.PHONY: test-kills
test-kills: $(READY) ## Kill the daemon again and again under faults, and see that nothing is lost (KILLS=21, KILLS_SEED=1)
	KILLS='$(KILLS)' $(BIN)/python -Im pytest -m slow -s tests/acceptance/test_kills.py

.PHONY: coverage
coverage: $(READY) ## Line and branch coverage of the pure model and the engine, at least 95 %
	$(BIN)/python -Im pytest -q tests/unit/model tests/unit/engine --cov --cov-branch --cov-report=
	$(BIN)/python -Im coverage report --include='*/jobwatchd/model/*,*/jobwatchd/engine/*' --show-missing --fail-under=95

.PHONY: lint
lint: $(READY) ## ruff, mypy --strict of package and tests, and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: $(READY) ## Let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

BENCH_READY := $(VENV)/.ready-bench
BENCH_ARGS ?=

$(BENCH_READY): requirements-bench.lock | $(READY)
	@$(LOCKS) install requirements-bench.lock
	@touch $@

.PHONY: bench
bench: $(BENCH_READY) ## Measure against scripts that people write, as ratios in one run (ten minutes)
	PYTHONPATH=tests $(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: bench-quick
bench-quick: $(BENCH_READY) ## A first impression of the same, in a minute
	PYTHONPATH=tests $(BIN)/python -m bench --quick $(BENCH_ARGS)

.PHONY: cadence-chart
cadence-chart: $(READY) ## Draw docs/cadence.svg: what the default cadence costs, and how soon it notices
	PYTHONPATH=tests $(BIN)/python -m bench --chart

# Without UPGRADE, what is pinned and still fits stays as it is.
UPGRADE ?= --upgrade

.PHONY: lock
lock: build/tools/uv/.ready ## Pin the newest versions that pyproject.toml allows (UPGRADE= only adds what is missing)
	build/tools/uv/bin/python -I deploy/tools/locks.py compile $(UPGRADE)

.PHONY: clean
clean: ## Remove the virtual environment and everything that was built
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Installing as a service, and trying service and container for real. What that needs goes into build/.
TEST_SLOW = $(BIN)/python -Im pytest -m slow -v --tb=short
WHEELS := build/wheels/.complete

.PHONY: install-systemd
install-systemd: ## Install the systemd service on this machine (PREFIX=/opt/jobwatchd, DESTDIR=, PYTHON=)
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' PYTHON='$(if $(filter file,$(origin PYTHON)),,$(PYTHON))' systemd/install.sh install

.PHONY: uninstall-systemd
uninstall-systemd: ## Remove what install-systemd installed; configuration and database stay
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' PYTHON='$(if $(filter file,$(origin PYTHON)),,$(PYTHON))' systemd/install.sh uninstall

# For the Python of Debian 12, which is what the machines and images of these tests are made of.
$(WHEELS): requirements.lock requirements-build.lock | $(RUNTIME_READY)
	@rm -rf build/wheels && mkdir -p build/wheels
	@echo "Fetching the dependencies into build/wheels …"
	@$(LOCKS) download requirements.lock requirements-build.lock --to build/wheels --python-version 3.11
	@touch $@

.PHONY: man
man: $(RUNTIME_READY) ## Write the manual page, build/man/jobwatchd.1
	@mkdir -p build/man
	$(BIN)/jobwatchd man-page > build/man/jobwatchd.1

.PHONY: test-systemd
test-systemd: $(READY) $(WHEELS) ## Boot a real systemd, install the service in it, and try what it promises (as root)
	@tests/acceptance/need.sh systemd-nspawn=systemd-container systemd-analyze=systemd nsenter=util-linux
	@tests/acceptance/tree.sh build/trees/systemd systemd,systemd-sysv,dbus,make,python3,python3-venv
	$(TEST_SLOW) tests/acceptance/systemd

.PHONY: test-container
test-container: $(READY) $(WHEELS) build/tools/hadolint/.ready ## Lint, build and run the container image as strictly as can be (as root)
	build/tools/hadolint/bin/hadolint --failure-threshold style deploy/container/Dockerfile
	@tests/acceptance/need.sh buildah=buildah podman=podman runc=runc conmon=conmon catatonit=catatonit
	@tests/acceptance/tree.sh build/trees/python python3,python3-venv,ca-certificates
	$(TEST_SLOW) tests/acceptance/container

ENGINE ?= docker
IMAGE ?= jobwatchd
IMAGE_ARGS ?=

.PHONY: image
image: ## Build the container image, labelled with what it is made of (ENGINE=docker, IMAGE=jobwatchd, IMAGE_ARGS=)
	$(ENGINE) build -f deploy/container/Dockerfile -t $(IMAGE) $$($(PYTHON) -I deploy/tools/image.py) $(IMAGE_ARGS) .

.PHONY: sbom
sbom: build/tools/cyclonedx/.ready ## Write the software bill of materials, build/sbom.cdx.json (CycloneDX 1.6, validated)
	@PYTHONWARNINGS=ignore build/tools/cyclonedx/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application \
	  --short-PURLs --output-reproducible --validate --output-format JSON --output-file build/sbom.cdx.json
	@$(PYTHON) -c 'import json, re; names = {c["name"] for c in json.load(open("build/sbom.cdx.json"))["components"]}; \
	  locked = set(re.findall(r"(?m)^([A-Za-z0-9._-]+)==", open("requirements.lock").read())); \
	  assert names == locked, names ^ locked; print(f"build/sbom.cdx.json: {len(names)} components, each pin of requirements.lock")'

build/tools/%/.ready: deploy/tools/%.lock | $(BIN)/python
	@$(BIN)/python -m venv --clear $(@D) && $(@D)/bin/python -I deploy/tools/locks.py install $<
	@touch $@

# Being watched: what Prometheus and Grafana are given.
.PHONY: test-prometheus
test-prometheus: $(READY) ## Check and try rules, alerts and dashboard with a real Prometheus and Alertmanager (a minute)
	@tests/acceptance/need.sh promtool=prometheus prometheus=prometheus prometheus-alertmanager=prometheus-alertmanager
	promtool check config deploy/prometheus/prometheus.yml
	promtool check rules deploy/prometheus/rules/*.yml
	promtool test rules deploy/prometheus/tests/*.yml
	amtool check-config deploy/prometheus/alertmanager.yml
	$(TEST_SLOW) tests/acceptance/prometheus

.PHONY: test-compose
test-compose: $(READY) build/tools/compose/.ready ## Check the Compose file against the Compose specification (no engine needed)
	build/tools/compose/bin/python -c 'from compose_spec.compose_spec import PyCompose; PyCompose.from_yaml(open("deploy/compose/compose.yaml").read()).validate()'
	$(BIN)/python -Im pytest -q tests/unit/deploy/test_compose.py

.PHONY: test-kubernetes
test-kubernetes: $(READY) $(WHEELS) ## Render and validate Kustomize and Helm, and run the sidecar's pod with podman (as root, a minute)
	@tests/acceptance/need.sh buildah=buildah podman=podman runc=runc conmon=conmon catatonit=catatonit
	@tests/acceptance/tree.sh build/trees/python python3,python3-venv,ca-certificates
	@tests/acceptance/kubernetes/tools.sh $(BIN)/python build/tools/kubernetes
	build/tools/kubernetes/bin/helm lint --strict deploy/helm/jobwatchd
	$(TEST_SLOW) tests/acceptance/kubernetes

# Job servers that nobody here wrote.
.PHONY: test-jobservers
test-jobservers: $(READY) ## Follow jobs on real Airflow, Prefect and Buildbot servers with the presets alone (installs them; minutes)
	@PYTHON='$(PYTHON)' tests/jobservers/install.sh build/jobservers
	$(TEST_SLOW) tests/jobservers
