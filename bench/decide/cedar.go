package decide

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

const cedarRules = `
permit (principal, action, resource);
forbid (principal, action == Action::"network.socket.open", resource) when { context.type == "raw" };
forbid (principal, action == Action::"network.socket.open", resource) unless { ["inet", "inet6", "local"].contains(context.domain) };
forbid (principal, action in Action::"network.bind", resource) unless { context has port };
forbid (principal, action in Action::"network.bind", resource) when { context has port && (context.port == 80 || context.port == 443) && context.uid != 0 && !context.groups.contains(33) };
forbid (principal, action in Action::"network.bind", resource) when { context has port && context.port != 0 && context.port < 1024 && context.port != 80 && context.port != 443 };
forbid (principal, action in Action::"network.bind", resource) when { context has port && context.port >= 6000 && context.port <= 6063 };
forbid (principal, action in Action::"network.bind", resource) when { context has port && context.port == 8080 && !context.addr.isInRange(ip("10.0.0.0/8")) };
forbid (principal, action == Action::"network.interface.setpriv", resource) when { context.ifname != "lo0" };
forbid (principal, action == Action::"process.signal", resource) when { context.is_init };
forbid (principal, action == Action::"process.signal", resource) when { context.signal == "kill" && context.euid != 0 && !context.same_cell };
forbid (principal, action == Action::"process.fork", resource) when { context.nprocs > 4000 };
forbid (principal, action == Action::"process.rlimit.set", resource) when { context.resource == "nofile" && context.max > 4096 };
forbid (principal, action == Action::"process.nice", resource) when { context.nice < 0 && context.euid != 0 };
forbid (principal, action == Action::"process.ptrace", resource) unless { context.same_cell };
forbid (principal, action in Action::"system.mount", resource);
forbid (principal, action in Action::"system.module", resource);
forbid (principal, action in Action::"system.reboot", resource);
forbid (principal, action in Action::"network.route", resource);
forbid (principal, action in Action::"network.firewall", resource);
forbid (principal, action in Action::"device.rawio_passthru", resource);
`

// Cedar is a policy set of cedar-go, with the kernel's actions as the hierarchy of Cedar's actions, and requests made
// beforehand.
func Cedar(c Case, stream []policy.Request) (*Contestant, error) {
	var text strings.Builder
	text.WriteString(cedarRules)
	for _, t := range c.Tenants {
		fmt.Fprintf(&text, "forbid (principal, action in Action::\"network.bind\", resource) when { context has port && context.port == %d && context.uid != %d };\n", t.Port, t.UID)
	}
	set, err := cedar.NewPolicySetFromBytes("web.cedar", []byte(text.String()))
	if err != nil {
		return nil, err
	}
	entities := types.EntityMap{}
	for id := range kauth.RequestID(kauth.NumRequests) {
		var parents []types.EntityUID
		for _, p := range id.Chain() {
			if p.String() != id.String() {
				parents = append(parents, types.NewEntityUID("Action", types.String(p.String())))
			}
		}
		uid := types.NewEntityUID("Action", types.String(id.String()))
		entities[uid] = types.Entity{UID: uid, Parents: types.NewEntityUIDSet(parents...)}
	}
	requests := make([]cedar.Request, len(stream))
	for i := range stream {
		context := types.RecordMap{}
		for name, v := range named(&stream[i]) {
			name = strings.TrimPrefix(name, "target.")
			switch v := v.(type) {
			case int64:
				context[types.String(name)] = types.Long(v)
			case bool:
				context[types.String(name)] = types.Boolean(v)
			case string:
				context[types.String(name)] = types.String(v)
			case []int64:
				var groups []types.Value
				for _, g := range v {
					groups = append(groups, types.Long(g))
				}
				context[types.String(name)] = types.NewSet(groups...)
			}
		}
		// The credential has names in common with the target.
		context["uid"], context["euid"] = types.Long(stream[i].Int[kauth.FieldUID]), types.Long(stream[i].Int[kauth.FieldEUID])
		if a := stream[i].Addr; a.Version != 0 {
			if context["addr"], err = types.ParseIPAddr(a.String()); err != nil {
				return nil, err
			}
		}
		requests[i] = cedar.Request{
			Principal: types.NewEntityUID("Cell", Cell),
			Action:    types.NewEntityUID("Action", types.String(stream[i].ID.String())),
			Resource:  types.NewEntityUID("Kernel", "host"),
			Context:   types.NewRecord(context),
		}
	}
	return passing(&Contestant{
		Name: "Cedar (cedar-go)",
		How:  "forbid policies, requests made beforehand",
		Denies: func(i int) bool {
			decision, d := cedar.Authorize(set, entities, requests[i])
			if len(d.Errors) > 0 {
				must(fmt.Errorf("%s", d.Errors[0].Message), "cedar", i)
			}
			return decision == cedar.Deny
		},
	}, stream), nil
}
