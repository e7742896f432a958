# One command for each thing a person wants. Steps live in .ci/, where the image uses them too.

.DEFAULT_GOAL := help
.PHONY: help setup models demo serve check test test-tools lock clean distclean
MAKEFLAGS += --no-print-directory

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## install everything: packages as locked, speech models; minutes at first, then a second
	@.ci/python
	@.ci/models

models: setup ## fetch, assemble and check speech models (part of setup)
	@.venv/bin/voicebot models check

demo: setup ## two calls over real sockets: a refund, and a handover to a human; report in out/demo
	@.venv/bin/python -m voicebot.demo

serve: setup ## answer the phone; settings from the environment and .env
	@.venv/bin/voicebot serve

check: ## format, lint, types, dialplans, fast tests: seconds, no network, no model
	@.ci/python
	@.ci/check

test: setup test-tools ## check, then the tests with real models, sockets, databases and a browser
	@.ci/check
	@.ci/slow

test-tools:
	@.ci/browser
	@.ci/postgres

lock: ## write the lock files anew from pyproject.toml; UPGRADE=1 takes newer versions
	@.ci/python
	@.ci/lock

clean: ## remove what runs have left: recordings, audio caches, reports
	rm -rf out var say.wav .mypy_cache .ruff_cache .pytest_cache .hypothesis

distclean: clean ## remove the installed packages and models as well
	rm -rf .venv .cache *.egg-info
