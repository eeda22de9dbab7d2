# make run    builds Laurel and starts it with a worked example on http://127.0.0.1:8080
# make test   installs what the tests need, says so first, and runs all of them
# The other targets: build check office pictures conformance bench bench-check bench-reference bench-peers growth fuzz differential crash
# load rates soak scale contexts vendored clean.

export CGO_ENABLED ?= 0
# One way to compile for everything: what is tested, checked and shipped comes out of the same compiled packages.
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)
GO       ?= go
NPM_HOME := testdata/npm
NPM_PEERS := testdata/npm-peers
FUZZTIME ?= 10s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# What `make crash` runs: everything that is killed, cut off, filled up or restored.
FAULTS := ^Test(Crash|Faults|Kill|DiskFull|Full|Retries|Bits|Replicas|Runners|Drill|Damage|Silence|DatabasePaused|ServerKilled|ConnectionLost|CommitCutOff|FileLimit|Flip|MetaPages|CutShort|Takeover|StoreFaults|AnswerLost|Unsettled|Moved)
# Packages in which goroutines meet: the race detector runs over these, once. Those that only read and write bytes are left out.
CONCURRENT = $(filter-out %/internal/roster %/internal/definition %/internal/markdown %/internal/wording %/internal/record %/internal/opinion %/internal/scale %/internal/typeset %/internal/paper %/internal/pack %/internal/device %/internal/growth %/internal/benchcheck \
  %/internal/console %/internal/certificate %/internal/vcapi %/internal/dial %/internal/layout %/internal/zipped %/internal/fault, \
  $(shell $(GO) list ./client ./internal/... ./issuer/... ./verifier/... ./cmd/...))

# Not beside the race detector, where they are dear: one goroutine's work, or once more on PostgreSQL what ran on bbolt.
ALONE := ^Test(SealedRows|ManyFiles|LanguageOfParts|ShownPages|HeaviestPage|LargePages|OnPostgreSQL|Most|Carriers|Releases|PhotoOfAToken|StatusThreats|InteropDataIntegrity)$$

.PHONY: build device run check test unit race fuzz office pictures conformance bench bench-check bench-reference bench-peers growth differential crash load rates soak scale contexts vendored clean tools

build: device
	$(GO) build -ldflags '-s -w' -o bin/laurel ./cmd/laurel

# The verifier for browsers, which is a part of the server: page /verify/device. The same source gives the same bytes.
DEVICE := internal/web/device
device:
	@GOOS=js GOARCH=wasm $(GO) build -buildvcs=false -ldflags '-s -w' -o $(DEVICE)/laurel-device.wasm ./cmd/laurel-device
	@gzip -n -9 -c $(DEVICE)/laurel-device.wasm > $(DEVICE)/new && rm $(DEVICE)/laurel-device.wasm
	@cmp -s $(DEVICE)/new $(DEVICE)/laurel-device.wasm.gz && rm $(DEVICE)/new || mv $(DEVICE)/new $(DEVICE)/laurel-device.wasm.gz
	@cmp -s "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" $(DEVICE)/wasm_exec.js || cp "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" $(DEVICE)/wasm_exec.js

run: build
	LAUREL_DATA=$${LAUREL_DATA:-laurel-sample} bin/laurel serve --sample

check:
	@test -z "$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))" || { gofmt -l $$(git ls-files -co --exclude-standard '*.go'); echo 'gofmt: the files above are not formatted'; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	GOOS=js GOARCH=wasm $(GO) vet ./cmd/laurel-device ./proof/internal/rdf
	@if command -v gcc >/dev/null; then echo 'go vet -tags pkcs11'; CGO_ENABLED=1 $(GO) vet -tags pkcs11 ./keys/hsm; fi
	$(GO) test -run '^Test(Layers|Homes|Clock)' .

test: tools build check unit race
	@GO='$(GO)' .ci/fuzz 1s

# What the tests need beside Go; installed only when absent. Without root the parts that need a Debian package are skipped,
# and the tests that miss something say so.
tools:
	@.ci/tools

# What vet finds, check has found.
unit:
	$(GO) test -vet=off -p 3 -timeout 10m ./...

race:
	@if command -v gcc >/dev/null; then echo 'go test -race -tags pkcs11'; CGO_ENABLED=1 $(GO) test -race -vet=off -short -skip '$(ALONE)' -tags pkcs11 -p 3 -timeout 8m ./keys/hsm $(CONCURRENT); \
	else echo 'skipped: the race detector and the tests of PKCS#11 need gcc'; fi

# Every fuzz target for FUZZTIME; `make fuzz FUZZTIME=10m` for a long run. The short form is part of `make test`.
fuzz:
	@GO='$(GO)' .ci/fuzz $(FUZZTIME) guided

# Pictures of every page in its states, by day and by night, on a desktop and a telephone, in forced colours and on paper, into the
# folder pictures, to be looked at.
PICTURES := $(CURDIR)/pictures
pictures: tools device
	@rm -rf $(PICTURES) && mkdir -p $(PICTURES)/console
	$(GO) test -count=1 -run '^TestBrowser$$' ./internal/web -pictures $(PICTURES)/public
	LAUREL_SCREENSHOTS=$(PICTURES)/walks $(GO) test -count=1 -timeout 20m -run '^Test(OfficeInBrowser|Device)$$' ./cmd/laurel
	LAUREL_BROWSER=1 LAUREL_PICTURES=$(PICTURES)/console $(GO) test -count=1 -run '^TestOfficeBrowser$$' ./internal/console
	@echo "$$(find $(PICTURES) -name '*.png' | wc -l) pictures in $(PICTURES)"

# A day of the office with every award of it, some 2,700, verified by another implementation; part of `make test` with a sample.
office: tools build
	LAUREL_OFFICE=all $(GO) test -count=1 -timeout 10m -run '^TestOfficeDay$$' -v ./cmd/laurel

# The recorded requests of the public VC-API suites against a real server; part of `make test`.
conformance:
	$(GO) test -count=1 -timeout 5m -run '^TestConformance$$' -v ./cmd/laurel

# Our canonical forms against json-gold's and those of jsonld.js with rdf-canonize, over 10,000 generated credentials and as many
# mutations; the short form is part of `make test`.
differential: tools
	LAUREL_DIFFERENTIAL=$${LAUREL_DIFFERENTIAL:-10000} $(GO) test -count=1 -timeout 30m -run '^Test(Differential|ReportsOfBothPaths)' -v ./proof/...

# For benchstat; docs/performance.md says how to read it. Growth over processors and hostile inputs have runs of their own.
bench: build
	LAUREL_MILLION=$${LAUREL_MILLION-1} $(GO) test -timeout 60m -run '^$$' -bench . -skip '^Benchmark(Cores|Hostile)$$' -benchmem ./proof/... ./verifier ./issuer ./internal/store/... ./internal/web ./internal/console ./cmd/laurel
	$(GO) test -timeout 10m -run '^$$' -bench '^BenchmarkCores$$' -cpu 1,2 ./cmd/laurel
	$(GO) test -timeout 10m -run '^$$' -bench . -benchtime 3000x ./internal/scale
	$(GO) test -timeout 30m -run '^$$' -bench '^BenchmarkHostile$$' -benchtime 3x ./cmd/laurel

# Laurel, the floor of the machine and other libraries in turns; prints the table of docs/performance.md. The libraries are not
# those of `make test`, which so does not pay for them.
bench-peers:
	@cmp -s $(NPM_PEERS)/package-lock.json $(NPM_PEERS)/node_modules/.installed || { echo 'installing the npm packages of $(NPM_PEERS)' && \
	  npm ci --prefix $(NPM_PEERS) --ignore-scripts --no-audit --no-fund --loglevel=error && \
	  cp $(NPM_PEERS)/package-lock.json $(NPM_PEERS)/node_modules/.installed; }
	LAUREL_PEERS=$${LAUREL_PEERS:-5} $(GO) test -count=1 -timeout 60m -run '^TestPeers$$' -v ./cmd/laurel

# The curves of docs/performance.md, and their figures; about 15 minutes.
growth: build
	LAUREL_GROWTH=$${LAUREL_GROWTH:-3} $(GO) test -count=1 -timeout 60m -run '^TestGrowth$$' -v ./cmd/laurel > bin/growth.out || { tail bin/growth.out; exit 1; }
	$(GO) run ./internal/growth take < bin/growth.out

# Says which operation got slower, beside what the machine can do, than docs/bench-reference.txt has it; bench-reference writes that anew.
bench-check bench-reference:
	@mkdir -p bin && $(GO) build -o bin/benchcheck ./internal/benchcheck
	@bin/benchcheck $(if $(filter bench-reference,$@),-renew)

# Kills, cuts and fills a real server and its database for long; the short forms are part of `make test`.
crash: tools
	LAUREL_CRASH_ROUNDS=$${LAUREL_CRASH_ROUNDS:-200} LAUREL_DRILL=$${LAUREL_DRILL:-100000} $(GO) test -count=1 -timeout 120m -run '$(FAULTS)' -v ./cmd/laurel ./internal/... ./issuer

load:
	LAUREL_LOAD_SECONDS=$${LAUREL_LOAD_SECONDS:-300} $(GO) test -count=1 -timeout 30m -run '^TestLoad$$' -v ./cmd/laurel

# The tables of docs/scale.md.
scale:
	$(GO) run ./internal/scale

# The real server on one processor under steady requests, beside a handler that only greets; then good requests beside attacks. Needs two
# processors.
rates: build
	$(GO) run ./internal/load rates -bin bin/laurel
	$(GO) run ./internal/load fair -bin bin/laurel

# A mixed day for as long as LAUREL_SOAK says, and whether anything grew: LAUREL_SOAK=10m make soak
soak: build
	$(GO) run ./internal/load soak -bin bin/laurel -for $${LAUREL_SOAK:-1h}

contexts:
	node $(NPM_HOME)/contexts.mjs

# Fonts, and the decoder of QR codes for cameras.
vendored:
	node $(NPM_HOME)/vendored.mjs

# The build only: what tests installed stays, so that the next run is quick.
clean:
	rm -rf bin $(DEVICE)/laurel-device.wasm.gz $(DEVICE)/wasm_exec.js
