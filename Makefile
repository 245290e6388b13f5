# What people and CI run; `make` alone lists it. `.ci/run` is `make lint` and `make test`.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test bench lint format packages build clean

SWIFT ?= swift
# Passed on: make run RUN_ARGS='--http-port 8081', make test TEST_ARGS='--filter Backup', make bench BENCH_ARGS='…'
RUN_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=

# A target may import only what Package.swift lets it depend on; that keeps the layers apart.
# Tests run one by one: many start whole services, and on two cores these would starve each other beyond their deadlines.
TEST_BUILD_FLAGS := --build-tests --explicit-target-dependency-import-check error
FORMATTED := $(wildcard Sources Tests Projections Migrations Benchmarks) Package.swift

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start everything on a private PostgreSQL in .ledger (RUN_ARGS)
	@scripts/install-packages build run
	@$(SWIFT) build -c release --static-swift-stdlib --product account-ledger
	@exec .build/release/account-ledger up $(RUN_ARGS)

test: ## Build and run all tests (TEST_ARGS; LEDGER_TEST_DATABASE_URL for a server of your own)
	@scripts/install-packages build test
	@$(SWIFT) build $(TEST_BUILD_FLAGS)
	@scripts/run-tests $(SWIFT) test --skip-build --no-parallel $(TEST_ARGS)

bench: ## Measure against other event stores, with ratios (BENCH_ARGS)
	@scripts/install-packages build test bench
	@$(SWIFT) build -c release --static-swift-stdlib --product account-ledger
	@$(SWIFT) build -c release --static-swift-stdlib --product AppenderBenchmark
	@$(SWIFT) build -c release --static-swift-stdlib --product RebuildBenchmark
	@Benchmarks/bench $(BENCH_ARGS)

lint: ## Check formatting, documentation comments and the syntax of scripts
	@$(SWIFT) format lint --strict --recursive $(FORMATTED)
	@scripts/check-scripts

format: ## Format the Swift code in place
	@$(SWIFT) format --in-place --recursive $(FORMATTED)

packages: ## Install all Debian packages that the other targets need
	@scripts/install-packages build test bench

build: ## Build the program for release
	@scripts/install-packages build
	@$(SWIFT) build -c release --static-swift-stdlib --product account-ledger

clean: ## Remove what was built; .ledger stays
	@$(SWIFT) package clean
