package decide

import (
	"fmt"
	"strings"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

const casbinModel = `
[request_definition]
r = act, req

[policy_definition]
p = act, rule, eft

[policy_effect]
e = !some(where (p.eft == deny))

[matchers]
m = keyMatch(r.act, p.act) && eval(p.rule)
`

// casbinRules are the request and when it is denied.
var casbinRules = [][2]string{
	{"network.socket.open", `r.req.Type == "raw"`},
	{"network.socket.open", `r.req.Domain != "inet" && r.req.Domain != "inet6" && r.req.Domain != "local"`},
	{"network.bind.anyaddr", `true`},
	{"network.bind.p*", `(r.req.Port == 80 || r.req.Port == 443) && r.req.UID != 0 && !member(r.req.Groups, 33)`},
	{"network.bind.p*", `r.req.Port != 0 && r.req.Port < 1024 && r.req.Port != 80 && r.req.Port != 443`},
	{"network.bind.p*", `r.req.Port >= 6000 && r.req.Port <= 6063`},
	{"network.bind.p*", `r.req.Port == 8080 && !ipMatch(r.req.Addr, "10.0.0.0/8")`},
	{"network.interface.setpriv", `r.req.Ifname != "lo0"`},
	{"process.signal", `r.req.IsInit`},
	{"process.signal", `r.req.Signal == "kill" && r.req.EUID != 0 && !r.req.SameCell`},
	{"process.fork", `r.req.Nprocs > 4000`},
	{"process.rlimit.set", `r.req.Resource == "nofile" && r.req.Max > 4096`},
	{"process.nice", `r.req.Nice < 0 && r.req.EUID != 0`},
	{"process.ptrace", `!r.req.SameCell`},
	{"system.mount*", `true`},
	{"system.module", `true`},
	{"system.reboot", `true`},
	{"network.route", `true`},
	{"network.firewall*", `true`},
	{"device.rawio_passthru*", `true`},
}

// casbinRequest is what the rules look at: Casbin reads the attributes of a struct.
type casbinRequest struct {
	UID, EUID, Port, Nprocs, Max, Nice           int64
	Type, Domain, Addr, Ifname, Signal, Resource string
	IsInit, SameCell                             bool
	Groups                                       []int64
}

// Casbin is an enforcer with attributes, each rule a line of its policy.
func Casbin(c Case, stream []policy.Request) (*Contestant, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	e.AddFunction("member", func(args ...any) (any, error) {
		for _, g := range args[0].([]int64) {
			if float64(g) == args[1].(float64) {
				return true, nil
			}
		}
		return false, nil
	})
	lines := make([][]string, 0, c.Rules)
	for _, rule := range casbinRules {
		lines = append(lines, []string{rule[0], rule[1], "deny"})
	}
	for _, t := range c.Tenants {
		lines = append(lines, []string{"network.bind.p*", fmt.Sprintf("r.req.Port == %d && r.req.UID != %d", t.Port, t.UID), "deny"})
	}
	if ok, err := e.AddPolicies(lines); err != nil || !ok {
		return nil, fmt.Errorf("casbin must take the policy, but does not: %v", err)
	}
	requests := make([]casbinRequest, len(stream))
	names := make([]string, len(stream))
	for i := range stream {
		r := &stream[i]
		text := func(f kauth.Field) string {
			s, _ := f.Info().Names.Name(r.Int[f])
			return s
		}
		names[i] = r.ID.String()
		requests[i] = casbinRequest{UID: r.Int[kauth.FieldUID], EUID: r.Int[kauth.FieldEUID], Port: r.Int[kauth.FieldPort], Nprocs: r.Int[kauth.FieldNprocs],
			Max: r.Int[kauth.FieldMax], Nice: r.Int[kauth.FieldNice], Type: text(kauth.FieldType), Domain: text(kauth.FieldDomain),
			Addr: strings.Replace(r.Addr.String(), "none", "0.0.0.0", 1), Ifname: r.Ifname, Signal: text(kauth.FieldSignal), Resource: text(kauth.FieldResource),
			IsInit: r.Int[kauth.FieldTargetIsInit] != 0, SameCell: r.Int[kauth.FieldTargetSameCell] != 0, Groups: memberships(r)}
	}
	return passing(&Contestant{
		Name: "Casbin",
		How:  "attributes of a struct, one policy line for each rule, deny overrides",
		Denies: func(i int) bool {
			ok, err := e.Enforce(names[i], requests[i])
			must(err, "casbin", i)
			return !ok
		},
	}, stream), nil
}
