package assist

import (
	"strings"
	"testing"
)

// TestUnfinished: what is being typed is not finished, and more follows. @ is where it stands.
func TestUnfinished(t *testing.T) {
	const frame = `local service = require "service"

policy "web" {
  cells = { "web-*" },
  on = {
    ["network.bind.port"] = function(r)
      @
      return deny, "no"
    end,
    ["process.signal"] = function(r)
      if r.signal == "kill" then return deny end
    end,
  },
}

policy "db" { cells = "db", deny = { "system" } }
`
	for _, test := range []struct{ typed, want string }{
		{"if r.|", "addr cell egid euid family gid port protocol type uid"},
		{"if r.po|", "port"},
		{"if r.port == 1 and r.|", "addr cell egid euid family gid port protocol type uid"},
		{"if not r.fam|", "family"},
		{"if (r.fam|", "family"},
		{"local x = r.|", "addr cell egid euid family gid port protocol type uid"},
		{"local x = { r.fam|", "family"},
		{"f(r.fam|", "family"},
		{"f(r.fam|)", "family"},
		{"return r.fam|", "family"},
		{"r.fam|", "family"},
		{"r:|", "in_group"},
		{"if r.addr:|", "within"},
		{"if r.family == \"|", "+inet inet6 local"},
		{"if r.family == \"in|", "+inet inet6"},
		{"if r.family == \"|\" then", "+inet inet6 local"},
		{"if r.type ~= 'str| then return allow end", "stream"},
		{"for _, p in ipairs(r.|", "addr cell egid euid family gid port protocol type uid"},
		{"while r.fam| do", "family"},
		{"serv|", "service"},
		{"if serv|", "service"},
		{"local function f() return r.fam|", "family"},
	} {
		text, offset := at(t, strings.Replace(frame, "@", test.typed, 1))
		checkLabels(t, test.typed, test.want, Complete(Source{Name: "web.lua", Text: text}, offset))
	}
	const table = `policy "web" {
  @
  cells = { "web-*" },
  on = { network = function(r) return deny end },
}

never("x", { "system.reboot" })
`
	for _, test := range []struct{ typed, want string }{
		{"|", "allow budget default deny grant mode"},
		{"d|", "default deny"},
		{"deny = { \"system.reb|", "system.reboot"},
		{"deny = { \"system.reb|\"", "system.reboot"},
		{"deny = { \"system\", \"network.socket.o|", "network.socket.open"},
		{"deny = \"system.reb|", "system.reboot"},
		{"mode = \"|", "audit enforce"},
		{"budget = { pr|", "procs"},
		{"budget = { procs = 1, |", "as core cpu memory nofile"},
		{"budget = { |},", "as core cpu memory nofile procs"},
	} {
		text, offset := at(t, strings.Replace(table, "@", test.typed, 1))
		checkLabels(t, test.typed, test.want, Complete(Source{Name: "web.lua", Text: text}, offset))
	}
}
