package request

import "testing"

func TestWords(t *testing.T) {
	r := Request{Cell: "a", Name: "process.rlimit.set", Groups: []int64{5, 20},
		Values: map[string]any{"uid": int64(7), "cur": int64(Unlimited), "ifname": nil, "target.pid": int64(3), "target.is_self": true, "resource": "core"}}
	if got, want := r.JSON(), `{"cell":"a","cur":9223372036854775807,"groups":[5,20],"ifname":null,"request":"process.rlimit.set","resource":"core","target":{"is_self":true,"pid":3},"uid":7}`; got != want {
		t.Errorf("got %s", got)
	}
	if got, want := r.Lua(), `{ cell = "a", cur = 2^63, groups = { 5, 20 }, ifname = nil, request = "process.rlimit.set", resource = "core", target = { is_self = true, pid = 3 }, uid = 7 }`; got != want {
		t.Errorf("got %s", got)
	}
	r = Request{Cell: "b", Name: "system.reboot"}
	if r.JSON() != `{"cell":"b","groups":[],"request":"system.reboot"}` || r.Lua() != `{ cell = "b", groups = {  }, request = "system.reboot" }` {
		t.Error(r.JSON(), r.Lua())
	}
}
