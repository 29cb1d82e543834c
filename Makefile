# make build   bin/cellsh        make test   all tests
# make bench   what is promised of speed, measured        make bench-once   every benchmark once, to see that it works

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/cellsh ./cmd/cellsh

test:
	go test ./...

BENCHMARKS = $(addprefix ./,$(sort $(dir $(shell grep -rl --include='*_test.go' '^func Benchmark' kernel lua policy repl))))

# bench/ is a module of its own, so that its peers are no dependencies of cellsh.
bench:
	go test -run '^$$' -bench . $(BENCHMARKS)
	cd bench && go run ./report

bench-once:
	go test -run '^$$' -bench . -benchtime 1x $(BENCHMARKS)
	cd bench && go test -short ./... && go run ./report -once

.PHONY: build test bench bench-once
