# make run     a session on the simulated kernel; without a terminal, a demonstration
# make test    all tests
# make build   bin/cellsh
# make install into PREFIX, below DESTDIR
# make bench   what is promised of speed, measured        make bench-once   every benchmark once, to see that it works
# make check   all that must hold before a change is accepted, as .ci/run does

# Any make will do: it has no functions of GNU make.
PREFIX ?= /usr/local

build:
	version=$$(git describe --always --dirty 2>/dev/null || echo unknown); \
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$$version" -o bin/cellsh ./cmd/cellsh

run: build
	@# With job control the session has the terminal for itself, and Ctrl-C in it interrupts no make.
	@if [ -t 0 ]; then set -m; bin/cellsh -k sim; else bin/cellsh -k sim scripts/demo.lua; fi

test:
	go test ./...

install: build
	mkdir -p $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/man/man1 $(DESTDIR)$(PREFIX)/man/man3
	mkdir -p $(DESTDIR)$(PREFIX)/share/examples/cellsh $(DESTDIR)$(PREFIX)/share/examples/rc.d
	install -m 755 bin/cellsh $(DESTDIR)$(PREFIX)/sbin/cellsh
	install -m 644 docs/cellsh.1 $(DESTDIR)$(PREFIX)/man/man1/cellsh.1
	install -m 644 docs/cellsh.3 $(DESTDIR)$(PREFIX)/man/man3/cellsh.3
	install -m 644 docs/cellsh.lua $(DESTDIR)$(PREFIX)/share/examples/cellsh/cellsh.lua
	cp -R scripts/*.lua scripts/policy.d $(DESTDIR)$(PREFIX)/share/examples/cellsh/
	cp scripts/examples/* $(DESTDIR)$(PREFIX)/share/examples/cellsh/
	install -m 755 scripts/rc.d/cellsh scripts/rc.d/cellsh_watch scripts/rc.d/cellsh_services $(DESTDIR)$(PREFIX)/share/examples/rc.d/

# The packages with benchmarks, found when they are wanted.
BENCHMARKS = $$(grep -rl '^func Benchmark' kernel lua policy repl | sed 's|^|./|; s|/[^/]*$$||' | sort -u)

# bench/ is a module of its own, so that its peers are no dependencies of cellsh.
bench:
	go test -run '^$$' -bench . $(BENCHMARKS)
	cd bench && go run ./report

bench-once:
	go test -run '^$$' -bench . -benchtime 1x $(BENCHMARKS)
	cd bench && go test -short ./... && go run ./report -once

check:
	.ci/run

.PHONY: build run test install bench bench-once check
