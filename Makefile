# Everything from a fresh clone: `make test`, `make demo`.
#
# Needed: Linux (x64 with AVX2, or arm64; glibc 2.28 or newer), Node >= 20.19 with npm, make, g++ >= 10 (or CXX=...).
# Where no libtorch is found: python3 with pip, once, to fetch it from PyPI. Nothing else is downloaded from anywhere but npm.
#
# What is put where:
#   node_modules/                                npm packages, by `npm ci --ignore-scripts`
#   ~/.cache/motion-enhancer/libtorch-2.13.0/    libtorch, only when LIBTORCH is not set and python3 has no torch >= 2.9:
#                                                527 MB are downloaded, 484 MB kept; shared by all checkouts
#   native/build/                                the compiled binding (about 2 MB) and what it was made from (config.json)
#   packages/*/dist/                             the compiled TypeScript
#
# The steps are not make's to date: each one compares contents (lock file, source hashes, tsc's own records) and does
# nothing when there is nothing to do, so a second run costs about two seconds, and a changed file is never missed.

.DEFAULT_GOAL := help
.PHONY: help install setup build lint unit test demo bench bundle clean require-node
NODE ?= node

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "LIBTORCH=/path/to/libtorch chooses a libtorch (include/ and lib/); ARGS='...' is passed on by test, demo, bundle."

require-node:
	@command -v $(NODE) >/dev/null 2>&1 || { echo "make: Node is not installed." >&2; \
	  echo "  To mend it: install Node 20.19+ or 22+ from https://nodejs.org (with nvm: nvm install 22)." >&2; exit 2; }

install: require-node ## npm packages as package-lock.json names them
	@$(NODE) scripts/install.mjs

setup: install ## find or fetch libtorch, compile the binding
	@$(NODE) scripts/setup.mjs

build: install ## compile the TypeScript
	@npm run --silent build

lint: install ## style and common mistakes
	@npm run --silent lint

unit: setup build ## the tests alone
	@$(NODE) scripts/test.mjs $(ARGS)

test: setup build lint unit ## set up, build, lint, and run every test

demo: setup build ## the whole method on a small synthetic world
	@$(NODE) packages/cli/bin/motion-enhancer.js demo $(ARGS)

bench: setup build ## what a call into libtorch costs
	@npm run --silent bench:dispatch

bundle: setup build ## one folder that runs on a machine without Node and without a network
	@$(NODE) scripts/bundle.mjs $(ARGS)

clean: ## remove what was built here (libtorch stays in ~/.cache/motion-enhancer)
	rm -rf packages/*/dist packages/*/*.tsbuildinfo native/build bundle
