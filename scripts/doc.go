// Package scripts holds the Lua that ships with cellsh, and the tests that keep it working.
//
//   - policy.d: policies for real deployments, each with its tests. The file 00-base.lua is for every cell; what the
//     others share is in the modules service.lua and nginx.lua. To use them, copy what you need to
//     /etc/cellsh/policy.d and change the constants at the top of the files: users, ports, names of cells.
//   - *.lua: a provisioning script for each deployment, which makes its cells and loads the policies: cellsh httpd.lua.
//     They can be run again at any time. What they share is in the module provision.lua. Most deployments want the same
//     ports, so a host has one of them, or changes ports in script and policy. demo.lua shows what cellsh does.
//   - rc.d: scripts of rc.d(8). cellsh loads /etc/cellsh/policy.d at boot, cellsh_watch calls the hooks and writes the log, and
//     cellsh_services starts services and stops them at shutdown.
//   - examples: what Prometheus and Grafana need for the metrics of cells: how they are scraped, alerts with their tests, and a
//     dashboard.
//
// make install puts all of it below share/examples.
//
// What it is not: nothing here decides by itself. The files are examples that are meant to be copied and changed.
package scripts

import "embed"

// Base is the policy that holds every cell, with its tests and the module that the policies share.
//
//go:embed policy.d/00-base.lua policy.d/00-base_test.lua policy.d/service.lua
var Base embed.FS

// SysVCells is the line of the base policy with the cells that may use System V IPC, and SysVCell the one of them, which its tests
// name.
const (
	SysVCell  = "mantis-db"
	SysVCells = `local sysv_cells = { ["` + SysVCell + `"] = true }`
)
