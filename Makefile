# The commands of this package's development. `make` alone lists them.
CARGO ?= cargo

.PHONY: help build demo test bench

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

build: ## the commands, optimised, in target/release
	$(CARGO) build --release --locked

demo: ## one day of a small public space, replayed on private servers (KEEP=1: they stay up)
	@scripts/demo

test: ## installs the servers that tests need, where missing, and runs all tests
	@scripts/install-servers
	$(CARGO) test --locked
	@echo "All tests passed."

bench: ## the benchmarks, beside what the servers alone need
	@scripts/install-servers
	$(CARGO) bench --locked
