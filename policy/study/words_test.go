package study_test

import (
	"testing"

	"cellsh/policy"
	"cellsh/policy/study"
)

// Words name fields as policies do; what explain is told is what decide is told with an object for the target.
func TestWordsMeanWhatLinesMean(t *testing.T) {
	for line, words := range map[string][]string{
		`{"cell":"a","request":"process.signal","signal":"kill","target":{"pid":5,"is_self":false,"cell":""}}`:   {"a", "process.signal", "signal=kill", "target.pid=5", "target.is_self=false", "target.cell="},
		`{"cell":"a","request":"network.bind.port","port":8080,"groups":[1,2],"addr":"10.0.0.1","type":"dgram"}`: {"a", "network.bind.port", "port=8080", "groups=1,2", "addr=10.0.0.1", "type=dgram"},
		`{"cell":"a","request":"network.interface.setpriv","ifname":null,"cmd":"SIOCSIFFLAGS"}`:                  {"a", "network.interface.setpriv", "ifname=nil", "cmd=SIOCSIFFLAGS"},
		`{"cell":"a","request":"system.module","autoload":true}`:                                                 {"a", "system.module", "autoload=true"},
	} {
		want, err := policy.ParseQuestion([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		got, err := study.ParseWords(words)
		if err != nil {
			t.Errorf("%q: %v", words, err)
			continue
		}
		a, b := study.ExplainArgs(got.Cell, &got.Request), study.ExplainArgs(want.Cell, &want.Request)
		if got.Cell != want.Cell || got.ID != want.ID || got.Given != want.Given || a != b {
			t.Errorf("%q means %s, but must mean %s", words, a, b)
		}
	}
}

func TestWrongWords(t *testing.T) {
	for word, want := range map[string]string{
		"target=5":           "target must be given by its members, but is given as a whole (give target.pid, target.is_self, target.is_init, target.same_cell, target.uid, target.euid, target.cell)",
		"target.is_self=yes": `target.is_self must be true or false, but is "yes"`,
		"target.is_self=1":   "target.is_self must be true or false, but is 1",
		"signal=SIGTERM":     `signal must be the name of a signal or a number, but is "SIGTERM" (write term)`,
		"signal=trem":        `signal must be the name of a signal or a number, but is "trem" (did you mean term?)`,
		"target.comm=sh":     "target.comm must be the name of a field, but there is none of that name (did you mean target.cell?)",
	} {
		if _, err := study.ParseWords([]string{"a", "process.signal", word}); err == nil || err.Error() != want {
			t.Errorf("%s gives\n%v\nwant\n%s", word, err, want)
		}
	}
}
