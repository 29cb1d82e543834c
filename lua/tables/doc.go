// Package tables turns tables of Lua into questions and plain values, and what is reported into tables: as sessions, scripts
// and tests of policies write and read them.
package tables
