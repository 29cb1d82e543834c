package services

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cellsh/kernel"
	"cellsh/kernel/outlet"
	"cellsh/kernel/service"
)

// Key is a key of a declaration.
type Key struct {
	Name string
	// Type as editors know it, and what it is.
	Type, Doc string
	Optional  bool
	// Keys of the table that it takes, nil where it takes none.
	Keys []Key

	read func(in *reading, v given)
}

// Keys are those of service.
func Keys() []Key { return keys }

var keys = func() []Key {
	d, h := service.Defaults(), service.DefaultHealth()
	return []Key{
		{"cell", "table|string", "what its cell is made with where it is missing, as cell.create takes it, with the service's name where none is given; or the name of a cell that another service declares or that exists", false, cellKeys(), (*reading).cell},
		{"cmd", "(string|number)[]", "the program and its arguments", false, nil, (*reading).command},
		{"user", "string", "USER or USER:GROUP of the cell, names or numbers; root without it", true, nil, (*reading).user},
		{"groups", "number[]", "ids of more groups, with USER:GROUP", true, nil, (*reading).groups},
		{"env", "table", "variables of the environment, NAME = \"VALUE\"; no others are passed on", true, nil, (*reading).env},
		{"restart", "string", fmt.Sprintf("\"always\", \"on-failure\" or \"never\": whether it is started again once it has ended; %s without it", d.Restart), true, nil, (*reading).restart},
		{"backoff", "table", "how long that waits", true, []Key{
			{"first", "string", fmt.Sprintf("after the first end, and twice as long after each that follows; %s without it", short(d.Backoff.First)), true, nil, (*reading).first},
			{"limit", "string", fmt.Sprintf("at most; %s without it", short(d.Backoff.Limit)), true, nil, (*reading).limit},
			{"reset", "string", fmt.Sprintf("a run of that length makes the next wait the first again; %s without it", short(d.Backoff.Reset)), true, nil, (*reading).reset},
			{"crashes", "number", fmt.Sprintf("ends in a row after which it is given up as a crash loop, 0 for never; %d without it", d.Backoff.Crashes), true, nil, (*reading).crashes},
		}, (*reading).backoff},
		{"stop_signal", "string|number", "the signal that ends it, \"HUP\" say; TERM without it", true, nil, (*reading).signal},
		{"stop_timeout", "string", fmt.Sprintf("how long it may take then, until it is killed; %s without it", short(d.Stop.Timeout)), true, nil, (*reading).stopTimeout},
		{"health", "(string|number)[]", "a command in the cell that says by its exit code 0 that the service works", true, nil, (*reading).health},
		{"health_every", "string", fmt.Sprintf("how often that is asked; %s without it", short(h.Every)), true, nil, (*reading).healthEvery},
		{"health_timeout", "string", fmt.Sprintf("how long it may take to answer; %s without it", short(h.Timeout)), true, nil, (*reading).healthTimeout},
		{"health_failures", "number", fmt.Sprintf("failures in a row until it is unhealthy; %d without it", h.Failures), true, nil, (*reading).healthFailures},
		{"start_timeout", "string", fmt.Sprintf("how long it may take until health says yes for the first time; %s without it", short(h.StartTimeout)), true, nil, (*reading).startTimeout},
		{"log", "table", "where its output goes", true, []Key{
			{"facility", "string", "of syslog: " + strings.Join(outlet.Facilities(), ", ") + "; daemon without it", true, nil, (*reading).facility},
			{"stdout", "string|number", "level of standard output in syslog: " + strings.Join(outlet.Levels(), ", ") + ", 0 to 7, or none to leave it out; notice without it", true, nil, (*reading).stdout},
			{"stderr", "string|number", "the same of standard error; err without it", true, nil, (*reading).stderr},
			{"tag", "string", fmt.Sprintf("before each line in syslog; %s without it", d.Log.Tag), true, nil, (*reading).tag},
			{"file", "string", "absolute path of the file that keeps it beside that, outside of the cell; one that is found by the service's name without it", true, nil, (*reading).file},
			{"size", "number|string", "bytes that the file has at most, or a size like \"10M\", 0 for no file; 1M without it", true, nil, (*reading).size},
			{"keep", "number", fmt.Sprintf("files before it that are kept; %d without it", d.Log.Keep), true, nil, (*reading).keep},
		}, (*reading).log},
		{"requires", "string|string[]", "services that are started before it, and must run; they are stopped after it", true, nil, (*reading).requires},
		{"after", "string|string[]", "services that are started before it, and stopped after it, if they are at all", true, nil, (*reading).after},
		{"autostart", "boolean", "true starts it with the machine", true, nil, (*reading).autostart},
	}
}()

// short is a duration as people write it.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		return strings.TrimSuffix(s, "0s")
	}
	return s
}

// cellDocs say what keys of a cell are; kernel.SpecKeys are the keys.
var cellDocs = map[string][2]string{
	"name":    {"string", "name of the cell; that of the service without it"},
	"root":    {"string", "absolute path of the directory that members are chrooted to"},
	"yes":     {"boolean", "true allows the root to be /, the host's own"},
	"profile": {"string", "\"low\", \"medium\" or \"high\""},
	"ports":   {"number[]", "ports that only this cell may bind"},
	"nofile":  {"number|string", "limit of open files of what is started in the cell, or unlimited"},
	"as":      {"number|string", "limit of the address space in bytes, or a size like \"512M\", or unlimited"},
	"core":    {"number|string", "limit of core dumps in bytes, or a size, or unlimited"},
}

func cellKeys() (list []Key) {
	for _, name := range kernel.SpecKeys() {
		list = append(list, Key{name, cellDocs[name][0], cellDocs[name][1], name != "root", nil, (*reading).spec})
	}
	return list
}

func names(list []Key) (out []string) {
	for _, k := range list {
		out = append(out, k.Name)
	}
	return out
}

func find(list []Key, name string) *Key {
	return &list[slices.IndexFunc(list, func(k Key) bool { return k.Name == name })]
}
