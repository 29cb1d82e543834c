package decide

import (
	"fmt"
	"strings"

	"cellsh/bench/decide/tenant"
)

// Case is one size of the policy.
type Case struct {
	Name string
	// Rules is how many rules it has.
	Rules int
	// Tenants are users with a port of their own, which nobody else may bind; each is one rule.
	Tenants []tenant.Tenant
}

// The cases.
var (
	// Web is the policy of a web server, 20 rules.
	Web = Case{Name: "web", Rules: webRules}
	// Large is Web on a host that is shared by 980 tenants.
	Large = Case{Name: "large", Rules: webRules + len(tenants), Tenants: tenants}
)

const webRules = 20

var tenants = tenant.List()

// Source is the policy as cellsh reads it.
func (c Case) Source() string {
	var rules strings.Builder
	for _, t := range c.Tenants {
		fmt.Fprintf(&rules, "      if r.port == %d and r.uid ~= %d then return deny end\n", t.Port, t.UID)
	}
	return strings.Replace(webSource, "      -- tenants\n", rules.String(), 1)
}

// Six static entries and fourteen rules in functions.
const webSource = `
policy "web" {
  cells = { "web-*" },
  deny = { "system.mount", "system.module", "system.reboot", "network.route", "network.firewall", "device.rawio_passthru" },
  on = {
    ["network.socket.open"] = function(r)
      if r.type == "raw" then return deny end
      if r.domain ~= "inet" and r.domain ~= "inet6" and r.domain ~= "local" then return deny end
    end,
    ["network.bind"] = function(r)
      if not r.port then return deny end
      if (r.port == 80 or r.port == 443) then
        if r.uid ~= 0 and not r:in_group(33) then return deny end
        return allow
      end
      if r.port ~= 0 and r.port < 1024 then return deny end
      if r.port >= 6000 and r.port <= 6063 then return deny end
      if r.port == 8080 and not r.addr:within("10.0.0.0/8") then return deny end
      -- tenants
    end,
    ["network.interface.setpriv"] = function(r)
      if r.ifname ~= "lo0" then return deny end
    end,
    ["process.signal"] = function(r)
      if r.target.is_init then return deny end
      if r.signal == "kill" and r.euid ~= 0 and not r.target.same_cell then return deny end
    end,
    ["process.fork"] = function(r)
      if r.nprocs > 4000 then return deny end
    end,
    ["process.rlimit.set"] = function(r)
      if r.resource == "nofile" and r.max > 4096 then return deny end
    end,
    ["process.nice"] = function(r)
      if r.nice < 0 and r.euid ~= 0 then return deny end
    end,
    ["process.ptrace"] = function(r)
      if not r.target.same_cell then return deny end
    end,
  },
}
`
