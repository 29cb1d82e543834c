// Package scripts holds the Lua that ships with cellsh, and the tests that keep it working.
//
//   - policy.d: policies for real deployments, each with its tests. The file 00-base.lua is for every cell; what the
//     others share is in the modules service.lua and nginx.lua. To use them, copy what you need to
//     /etc/cellsh/policy.d and change the constants at the top of the files: users, ports, names of cells.
//
// What it is not: the program holds none of it. These are examples that are meant to be changed.
package scripts
