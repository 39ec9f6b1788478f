# The commands of this package's development. `make` alone lists them.
CARGO ?= cargo

.PHONY: help build musl deb test-deb reproducible deny scan pages demo test faults simulate fuzz bench

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

build: ## the commands, optimised, in target/release
	$(CARGO) build --release --locked

musl: ## ratelimit-check as it starts fastest, in target/x86_64-unknown-linux-musl/release
	@scripts/install-servers musl
	@rustc --print target-libdir --target x86_64-unknown-linux-musl | xargs test -d || rustup target add x86_64-unknown-linux-musl
	$(CARGO) build --release --locked --target x86_64-unknown-linux-musl --bin ratelimit-check

deb: ## the Debian packages, in target/debian
	@CARGO=$(CARGO) scripts/build-debs

test-deb: ## the Debian packages, installed, run by cron, upgraded and purged in a Debian of their own; as root
	@CARGO=$(CARGO) scripts/test-deb

reproducible: ## two builds in two folders, compared byte by byte (many minutes)
	@CARGO=$(CARGO) scripts/reproducible

deny: ## licences, known holes and origins of all crates; needs the network (CHECKS="bans licenses sources": those)
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --quiet --locked cargo-deny
	$(CARGO) deny --locked check $(CHECKS)

scan: ## the web front end through Wapiti and Semgrep (docs/security.md tells what they may say; some minutes)
	@CARGO=$(CARGO) scripts/scan-web

pages: ## the pages of web/ that are made of templates
	$(CARGO) run --quiet --locked --bin macrosession-compile -- web/lib/templates/accueil.html web/accueil.php

demo: ## one day of a small public space, replayed on private servers (KEEP=1: they stay up)
	@scripts/demo

test: ## installs the servers and the browser that tests need, where missing, and runs all tests
	@scripts/install-servers browser
	$(CARGO) test --locked
	@echo "All tests passed."

faults: ## every command, met by random troubles (CASES=3000, FROM=1000: so many, from there; SEED=4711: one again)
	@scripts/install-servers
	FAULTS_CASES=$(or $(CASES),1000) FAULTS_FROM=$(or $(FROM),$(shell date +%s)) FAULTS_SEED=$(SEED) \
		$(CARGO) test --locked --test faults

bench: musl ## the benchmarks, each beside its floor (RECORD=1: into BENCHMARKS.md)
	@scripts/install-servers bench
	@CARGO=$(CARGO) RECORD=$(RECORD) scripts/bench

simulate: ## a month of 1,000 sites, checked for costs that grow; some minutes (SITES=, DAYS=, SEED=)
	@scripts/install-servers
	@CARGO=$(CARGO) SITES=$(or $(SITES),1000) DAYS=$(or $(DAYS),30) SEED=$(or $(SEED),1) scripts/simulate

fuzz: ## every parser with inputs that nobody wrote (RUNS=1000000: so many, a target; TARGET=smbstatus; KEEP=1)
	@CARGO=$(CARGO) KEEP=$(KEEP) scripts/fuzz "$(RUNS)" $(TARGET)
