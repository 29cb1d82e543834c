package api

import (
	"strings"

	"cellsh/lua/declare"
	"cellsh/lua/services"
)

// serviceParams are the keys of a service.
func serviceParams() (list []Param) {
	for _, k := range services.Keys() {
		p := Param{k.Name, k.Type, k.Doc, k.Optional}
		var below []string
		for _, b := range k.Keys {
			below = append(below, b.Name)
		}
		if len(below) > 0 {
			p.Doc += "; its keys are " + strings.Join(below, ", ")
		}
		list = append(list, p)
	}
	return list
}

// wordEntries are the words of files of policies and services. Packages loader and services define them; they are here for help.
func wordEntries() []*Entry {
	return []*Entry{
		{Name: declare.ServiceWord, Kind: CurriedWord, Services: true, Params: serviceParams(),
			Doc: `Declares a service: a command that is run in a cell and watched over. All services are read together; loops, functions
and modules beside the file may make them.`,
			Example: `service "db" {
  cell = { root = "/cells/db", profile = "medium", ports = { 5432 } },
  cmd  = { "/usr/pkg/bin/postgres", "-D", "/var/db/pg" },
  user = "pgsql",
}
service "web" {
  cell     = { root = "/cells/web", ports = { 80 } },
  cmd      = { "/usr/sbin/httpd", "-f" },
  restart  = "on-failure",
  health   = { "/usr/bin/ftp", "-o", "/dev/null", "http://127.0.0.1/" },
  log      = { facility = "local3", size = "10M" },
  requires = "db",
}`},
		{Name: "policy", Kind: CurriedWord, Params: []Param{
			{"cells", "string|string[]", "globs over the names of cells; every cell without it", true},
			{"default", "string", "the result where no entry gives one: allow without it", true},
			{"deny", "string[]", "scopes, actions and requests that are refused", true},
			{"allow", "string[]", "those that the policy does not object to", true},
			{"grant", "string[]", "those that are allowed even where the kernel's other models would refuse", true},
			{"on", "table", "functions that decide, by scope, action or request", true},
			{"budget", "table", "procs, nofile, as, core, memory and cpu", true},
			{"mode", "string", "\"enforce\", or \"audit\" to decide and record and refuse nothing", true},
		}, Doc: `Declares a policy. The most specific entry is asked first: request, action, scope, default. A function is given the
request and returns deny, allow or grant and a reason, or nothing to pass the question on. Across policies deny wins, then
grant, then allow. In a session or script the policy is pending until it is loaded; in policy files it is part of the load.`,
			Example: `policy "web" {
  cells = { "web-*" },
  deny  = { "machdep" },
  on = {
    ["network.bind.privport"] = function(r)
      if r.port == 80 then return grant, "web port" end
      return deny, "only port 80"
    end,
  },
}
engine.load()
print(engine.decide{ cell = "web-1", request = "network.bind.privport", port = 22 }.reason)
--> only port 80`},
		{Name: "never", Kind: Word, Params: []Param{
			{"cells", "string|string[]", "globs over the names of cells; every cell without it", true},
			{"REQUEST...", "string", "scopes, actions and requests", false},
			{"where", "function", "restricts it to the requests for which it returns true", true},
		}, Doc: `Asserts that requests are always denied. A load that would break it is refused, with a counter-example.`,
			Example: `policy "db" { cells = "db-*", deny = { "network.route" } }
never("db cells leave routes alone", { cells = "db-*", "network.route" })
print(engine.load().generation)
--> 1`},
	}
}
