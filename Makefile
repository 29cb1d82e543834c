# make build   bin/cellsh        make test   all tests

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/cellsh ./cmd/cellsh

test:
	go test ./...

.PHONY: build test
