package decide

import (
	"github.com/google/cel-go/cel"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// celRules say for each request when it is denied. owners is the tenants' users by port: CEL has no index over rules,
// so its users would write a map.
var celRules = map[string]string{
	"network.socket.open": `socket == "raw" || !(domain in ["inet", "inet6", "local"])`,
	"network.bind": `port == 80 || port == 443 ? uid != 0 && !(33 in groups) :
		port != 0 && port < 1024 || port >= 6000 && port <= 6063 ||
		port == 8080 && !(version == 4 && addr >= 167772160 && addr <= 184549375) ||
		port in owners && owners[port] != uid`,
	"network.bind.anyaddr":      `true`,
	"network.interface.setpriv": `ifname != "lo0"`,
	"process.signal":            `is_init || signal == "kill" && euid != 0 && !same_cell`,
	"process.fork":              `nprocs > 4000`,
	"process.rlimit.set":        `resource == "nofile" && max > 4096`,
	"process.nice":              `nice < 0 && euid != 0`,
	"process.ptrace":            `!same_cell`,
	"system.mount":              `true`,
	"system.module":             `true`,
	"system.reboot":             `true`,
	"network.route":             `true`,
	"network.firewall":          `true`,
	"device.rawio_passthru":     `true`,
}

// CEL is one program of cel-go for each request, checked and optimised, with activations made beforehand.
func CEL(c Case, stream []policy.Request) (*Contestant, error) {
	integers := []string{"uid", "euid", "port", "version", "addr", "nprocs", "max", "nice"}
	strings := []string{"socket", "domain", "ifname", "signal", "resource"}
	options := []cel.EnvOption{
		cel.Variable("groups", cel.ListType(cel.IntType)), cel.Variable("owners", cel.MapType(cel.IntType, cel.IntType)),
		cel.Variable("is_init", cel.BoolType), cel.Variable("same_cell", cel.BoolType),
	}
	for _, name := range integers {
		options = append(options, cel.Variable(name, cel.IntType))
	}
	for _, name := range strings {
		options = append(options, cel.Variable(name, cel.StringType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	compiled := map[string]cel.Program{}
	for name, rule := range celRules {
		ast, issues := env.Compile(rule)
		if issues.Err() != nil {
			return nil, issues.Err()
		}
		if compiled[name], err = env.Program(ast, cel.EvalOptions(cel.OptOptimize)); err != nil {
			return nil, err
		}
	}
	owners := map[int64]int64{}
	for _, t := range c.Tenants {
		owners[t.Port] = t.UID
	}
	programs := make([]cel.Program, len(stream))
	inputs := make([]cel.Activation, len(stream))
	for i := range stream {
		r := &stream[i]
		for _, p := range r.ID.Chain() {
			if programs[i] == nil {
				programs[i] = compiled[p.String()]
			}
		}
		in := named(r)
		vars := map[string]any{"owners": owners, "is_init": r.Int[kauth.FieldTargetIsInit] != 0, "same_cell": r.Int[kauth.FieldTargetSameCell] != 0,
			"version": int64(r.Addr.Version), "groups": in["groups"]}
		for _, name := range integers {
			if v, ok := in[name].(int64); ok {
				vars[name] = v
			}
		}
		in["socket"] = in["type"] // type is a function in CEL
		vars["addr"] = int64(r.Addr.Hi >> 32)
		for _, name := range strings {
			if v, ok := in[name].(string); ok {
				vars[name] = v
			}
		}
		if inputs[i], err = cel.NewActivation(vars); err != nil {
			return nil, err
		}
	}
	return passing(&Contestant{
		Name: "cel-go",
		How:  "one checked and optimised program for each request, activations made beforehand, tenants in a map",
		Denies: func(i int) bool {
			if programs[i] == nil {
				return false
			}
			out, _, err := programs[i].Eval(inputs[i])
			must(err, "cel", i)
			return out.Value() == true
		},
	}, stream), nil
}
