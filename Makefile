# Each target calls one command; `make help` lists them.
STACK ?= local
# YES=--yes answers Pulumi's question about a real account's stack, for a pipeline.
YES ?=
PYTHON ?= python3
RUN := .venv/bin/python
# Packages compiled once start in a third of the time; some machines forbid it for all of Python.
unexport PYTHONDONTWRITEBYTECODE
OPERATE = $(RUN) -m operations

.DEFAULT_GOAL := help
.PHONY: help setup venv up down preview outputs status logs drift bootstrap image release promote cost rollback test bench format

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: ## .venv from the lock file and the Pulumi CLI; the targets below do it first
	@$(PYTHON) -m tools.setup

venv: ## .venv alone, for the engine without Pulumi
	@$(PYTHON) -m tools.setup --no-pulumi

up: setup ## bring a stack up: the local one with an order completed, or STACK=dev|staging|production
	@$(OPERATE) up --stack $(STACK) $(YES)

down: setup ## destroy a stack; of the local one nothing is left, others ask for their name (or CONFIRM=dev)
	@$(OPERATE) destroy --stack $(STACK) $(if $(CONFIRM),--confirm '$(CONFIRM)')

preview: setup ## show what `up` would change, and hold it to the rules (docs/policy.md)
	@$(OPERATE) preview --stack $(STACK)

outputs: setup ## the stack's outputs as JSON
	@$(OPERATE) outputs --stack $(STACK)

status: setup ## the service and its tasks as JSON
	@$(OPERATE) status --stack $(STACK)

bootstrap: setup ## once per account: the bucket and the key for the state of STACK
	@$(OPERATE) bootstrap --stack $(STACK)

image: setup ## build the engine's image and push it to the registry of STACK, as TAG
	@$(OPERATE) image --stack $(STACK) $(if $(TAG),--tag $(TAG)) $(OPTIONS)

release: setup ## deploy the image TAG to STACK
	@$(OPERATE) release --stack $(STACK) --tag '$(TAG)' $(YES) $(OPTIONS)

promote: setup ## deploy to STACK, by its digest, the image that FROM runs
	@$(OPERATE) promote --from '$(FROM)' --to $(STACK) $(YES) $(OPTIONS)

cost: setup ## estimate what STACK costs in a month; OPTIONS=--planned after an update
	@$(OPERATE) cost --stack $(STACK) $(OPTIONS)

rollback: setup ## deploy the image that STACK ran before, or TAG
	@$(OPERATE) rollback --stack $(STACK) $(if $(TAG),--tag '$(TAG)') $(YES) $(OPTIONS)

logs: setup ## what the tasks wrote in the last 10 minutes; OPTIONS=--follow goes on
	@$(OPERATE) logs --stack $(STACK) $(OPTIONS)

drift: setup ## what differs in the account from the last update
	@$(OPERATE) drift --stack $(STACK)

test: setup ## linters, type checks and every test, on real parts
	@$(RUN) -m tools.test

bench: setup ## the engine and its peers side by side (benchmarks/README.md); OPTIONS=--quick for a minute of it
	@$(RUN) -m benchmarks $(OPTIONS)

format: setup ## format the code
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .
