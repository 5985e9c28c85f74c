# Each target calls one command; `make help` lists them.
STACK ?= local
# YES=--yes answers Pulumi's question about a real account's stack, for a pipeline; CONFIRM=dev types a stack's name.
YES ?=
# What makes .venv: the Python that made it before, until another is asked for (make PYTHON=python3.13 setup).
PYTHON ?= $(if $(and $(wildcard .venv/lock.sha256),$(realpath .venv/bin/python)),.venv/bin/python,python3)
RUN := .venv/bin/python
# Packages compiled once start in a third of the time; some machines forbid it for all of Python.
unexport PYTHONDONTWRITEBYTECODE
OPERATE = $(RUN) -m operations
CONFIRMED = $(if $(CONFIRM),--confirm '$(CONFIRM)')

.DEFAULT_GOAL := help
.PHONY: help setup venv up down destroy preview outputs status logs exec drift bootstrap deploy image release promote cost \
	rollback rotate standby failover failback test bench soak format

help: ## this list
	@grep -hE '^[a-z -]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: ## .venv from the lock file and the Pulumi CLI; the targets below do it first
	@$(PYTHON) -m tools.setup

venv: ## .venv alone, for the engine without Pulumi
	@$(PYTHON) -m tools.setup --no-pulumi

up: setup ## bring a stack up: the local one with an order completed, or STACK=dev|staging|production
	@$(OPERATE) up --stack $(STACK) $(YES) $(OPTIONS)

down destroy: setup ## destroy a stack; of the local one nothing is left, others ask for their name (or CONFIRM=dev)
	@$(OPERATE) destroy --stack $(STACK) $(CONFIRMED) $(OPTIONS)

preview: setup ## show what `up` would change, and hold it to the rules (docs/policy.md)
	@$(OPERATE) preview --stack $(STACK) $(OPTIONS)

outputs: setup ## the stack's outputs as JSON
	@$(OPERATE) outputs --stack $(STACK) $(OPTIONS)

status: setup ## the service and its tasks as JSON
	@$(OPERATE) status --stack $(STACK) $(OPTIONS)

bootstrap: setup ## once per account: bucket and key for the state of STACK; OPTIONS='--github OWNER/REPOSITORY'
	@$(OPERATE) bootstrap --stack $(STACK) $(OPTIONS)

deploy: setup ## the first deployment, or any, in one command: STACK up, the image TAG built and pushed, and released
	@$(OPERATE) deploy --stack $(STACK) $(if $(TAG),--tag '$(TAG)') $(YES) $(OPTIONS)

image: setup ## build the engine's image and push it to the registry of STACK, as TAG
	@$(OPERATE) image --stack $(STACK) $(if $(TAG),--tag '$(TAG)') $(OPTIONS)

release: setup ## deploy the image TAG to STACK
	@$(OPERATE) release --stack $(STACK) $(if $(TAG),--tag '$(TAG)') $(YES) $(OPTIONS)

promote: setup ## deploy to STACK, by its digest, the image that FROM runs
	@$(OPERATE) promote $(if $(FROM),--from '$(FROM)') --to $(STACK) $(YES) $(OPTIONS)

cost: setup ## estimate what STACK costs in a month; OPTIONS=--planned after an update
	@$(OPERATE) cost --stack $(STACK) $(OPTIONS)

rollback: setup ## deploy the image that STACK ran before, or TAG
	@$(OPERATE) rollback --stack $(STACK) $(if $(TAG),--tag '$(TAG)') $(YES) $(OPTIONS)

logs: setup ## what the tasks wrote in the last 10 minutes; OPTIONS=--follow goes on
	@$(OPERATE) logs --stack $(STACK) $(OPTIONS)

exec: setup ## run COMMAND (or a shell) in a task; OPTIONS='--forward 8081' makes a port of it answer here
	@$(OPERATE) exec --stack $(STACK) $(OPTIONS) $(if $(COMMAND),-- $(COMMAND))

rotate: setup ## new credentials for STACK, without a restart
	@$(OPERATE) rotate --stack $(STACK) $(OPTIONS)

standby: setup ## let STACK stand by, in another region, for the stack OF
	@$(OPERATE) standby --stack $(STACK) $(if $(OF),--of '$(OF)') $(CONFIRMED) $(YES) $(OPTIONS)

failover: setup ## let STACK serve, which stands by, in place of FROM; OPTIONS=--lost when its region is
	@$(OPERATE) failover $(if $(FROM),--from '$(FROM)') --to $(STACK) $(CONFIRMED) $(OPTIONS)

failback: setup ## let STACK serve again, in place of FROM
	@$(OPERATE) failback $(if $(FROM),--from '$(FROM)') --to $(STACK) $(CONFIRMED) $(OPTIONS)

drift: setup ## what differs in the account from the last update
	@$(OPERATE) drift --stack $(STACK) $(OPTIONS)

test: setup ## linters, type checks and every test, on real parts
	@$(RUN) -m tools.test

bench: setup ## the engine and its peers side by side (benchmarks/README.md); OPTIONS=--quick for a minute of it
	@$(RUN) -m benchmarks $(OPTIONS)

soak: setup ## the engine under a steady load for an hour; OPTIONS='--minutes 10 --rate 200'
	@$(RUN) -m benchmarks.soak $(OPTIONS)

format: setup ## format the code
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .
