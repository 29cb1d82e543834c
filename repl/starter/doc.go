// Package starter is what an administrator begins with: a folder of policies that hold every cell, one for a service, the tests of
// both, and a Makefile for what is done with them.
//
// What it is not: it writes nothing; the command init does.
package starter
