package policy

import "testing"

func TestHints(t *testing.T) {
	for name, want := range map[string][2]string{
		"network.bnd":      {"did you mean network.bind?", ""},
		"network.bind.*":   {"leave .* out: network.bind stands for all of it", "it stands for several: network.bind.port, network.bind.privport, network.bind.anyaddr"},
		"netwrok.*":        {"did you mean network?", ""},
		"network.bind.prt": {"did you mean network.bind.port?", "did you mean network.bind.port?"},
		"system.rebot":     {"did you mean system.reboot?", "did you mean system.reboot?"},
		"cred.fork":        {"the cred scope only announces changes of credentials: the kernel discards the answers", "the cred scope only announces changes of credentials: the kernel discards the answers"},
		"xyzzy":            {"", ""},
		"*":                {"", ""},
	} {
		if got := [2]string{PatternHint(name), RequestHint(name)}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, want := RequestHint("process"), "it stands for several: process.cansee.args, process.cansee.entry, process.cansee.env, process.cansee.openfiles"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
