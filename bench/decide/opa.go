package decide

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"cellsh/policy"
)

const regoRules = `
package web

default deny := false

deny if { input.request == "network.socket.open"; input.type == "raw" }
deny if { input.request == "network.socket.open"; not input.domain in {"inet", "inet6", "local"} }
deny if { input.action == "network.bind"; not input.port }
deny if { input.action == "network.bind"; input.port in {80, 443}; input.uid != 0; not 33 in input.groups }
deny if { input.action == "network.bind"; input.port > 0; input.port < 1024; not input.port in {80, 443} }
deny if { input.action == "network.bind"; input.port >= 6000; input.port <= 6063 }
deny if { input.action == "network.bind"; input.port == 8080; not net.cidr_contains("10.0.0.0/8", input.addr) }
deny if { input.request == "network.interface.setpriv"; input.ifname != "lo0" }
deny if { input.request == "process.signal"; input.is_init }
deny if { input.request == "process.signal"; input.signal == "kill"; input.euid != 0; not input.same_cell }
deny if { input.request == "process.fork"; input.nprocs > 4000 }
deny if { input.request == "process.rlimit.set"; input.resource == "nofile"; input.max > 4096 }
deny if { input.request == "process.nice"; input.nice < 0; input.euid != 0 }
deny if { input.request == "process.ptrace"; not input.same_cell }
deny if input.action == "system.mount"
deny if input.action == "system.module"
deny if input.action == "system.reboot"
deny if input.action == "network.route"
deny if input.action == "network.firewall"
deny if input.action == "device.rawio_passthru"
`

// OPA is a prepared query of Rego, with inputs parsed beforehand. The rules begin with equalities, which OPA indexes.
func OPA(c Case, stream []policy.Request) (*Contestant, error) {
	var text strings.Builder
	text.WriteString(regoRules)
	for _, t := range c.Tenants {
		fmt.Fprintf(&text, "deny if { input.action == \"network.bind\"; input.port == %d; input.uid != %d }\n", t.Port, t.UID)
	}
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.web.deny"), rego.Module("web.rego", text.String())).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	inputs := make([]ast.Value, len(stream))
	for i := range stream {
		in := map[string]any{}
		for name, v := range named(&stream[i]) {
			if name != "target.uid" && name != "target.euid" {
				in[strings.TrimPrefix(name, "target.")] = v
			}
		}
		chain := stream[i].ID.Chain()
		in["action"] = chain[len(chain)-2].String()
		if inputs[i], err = ast.InterfaceToValue(in); err != nil {
			return nil, err
		}
	}
	return passing(&Contestant{
		Name: "OPA (rego)",
		How:  "a prepared query, inputs parsed beforehand",
		Denies: func(i int) bool {
			out, err := query.Eval(ctx, rego.EvalParsedInput(inputs[i]))
			must(err, "opa", i)
			return out[0].Expressions[0].Value == true
		},
	}, stream), nil
}
