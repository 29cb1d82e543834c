package decide

import (
	"testing"

	"cellsh/policy/kauth"
)

// TestSameAnswers: before anything is timed, all contestants must agree on every request.
func TestSameAnswers(t *testing.T) {
	stream := Stream(StreamLength)
	for _, c := range []Case{Web, Large} {
		t.Run(c.Name, func(t *testing.T) {
			var want []bool
			for _, make := range Contestants {
				x, err := make(c, stream)
				if err != nil {
					t.Fatal(err)
				}
				n, wrong := len(stream), 0
				if c.Name == Large.Name && x.Name == "Casbin" && testing.Short() {
					n = 256 // it takes a millisecond for each
				}
				got := []bool{}
				for i := range n {
					got = append(got, x.Denies(i))
				}
				if want == nil {
					want = got
				}
				for i := range n {
					if got[i] != want[i] && wrong < 5 {
						wrong++
						t.Errorf("%s: request %d %+v: denied %v, want %v", x.Name, i, named(&stream[i]), got[i], want[i])
					}
				}
				if n == len(stream) {
					denied := 0
					for _, d := range got {
						if d {
							denied++
						}
					}
					if pass := x.Pass(); pass != denied {
						t.Errorf("%s: a pass denies %d, single answers %d", x.Name, pass, denied)
					}
				}
			}
			denied := 0
			for _, d := range want {
				if d {
					denied++
				}
			}
			if denied < StreamLength/5 || denied > StreamLength*4/5 {
				t.Errorf("%d of %d requests are denied: the stream must have both answers", denied, StreamLength)
			}
			t.Log("denied", denied)
		})
	}
}

func TestNumbers(t *testing.T) {
	for id, name := range map[kauth.RequestID]string{mountFirst: "system.mount.get", mountLast: "system.mount.device", reboot: "system.reboot", module: "system.module",
		fork: "process.fork", nice: "process.nice", ptrace: "process.ptrace", rlimitSet: "process.rlimit.set", signal: "process.signal",
		bindPort: "network.bind.port", bindPrivport: "network.bind.privport", bindAnyaddr: "network.bind.anyaddr", firewall: "network.firewall.fw",
		setpriv: "network.interface.setpriv", route: "network.route", socketOpen: "network.socket.open",
		passthruFirst: "device.rawio_passthru", passthruLast: "device.rawio_passthru.all"} {
		if id.String() != name {
			t.Errorf("request %d is %s, want %s", id, id, name)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	stream := Stream(StreamLength)
	for _, c := range []Case{Web, Large} {
		for _, make := range Contestants {
			x, err := make(c, stream)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(c.Name+"/"+x.Name, func(b *testing.B) {
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					n += x.Pass()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(stream)), "ns/decision")
			})
		}
	}
}
