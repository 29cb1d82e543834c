// Package output keeps what services write: line by line in a file that is rotated by its size, and in the system's log.
//
//	out := output.Open(output.Options{Name: "web", Cell: "web-1", ID: 7, Log: definition.Log, Tell: tell})
//	stdout, err := out.Take(output.Stdout, pipe)
//	out.Note(6, "started")
//	stdout.Finish()
//	<-stdout.Done()
//	err = out.Close(time.Second)
//
// The file is written at once, and a service that writes faster than that waits with its pipe full: nothing of it is lost. The
// system's log is given lines by a queue and never waited for; what syslogd takes too slowly is missing there, and in the file
// it is not. Without a file the service waits for the queue instead, as long as syslogd takes anything. What can't be kept is
// counted, told, and noted where it is missing.
//
// A line of the file is a time, a stream, and what the service wrote:
//
//	2026-11-27T16:59:01.123456Z stdout: GET /
//
// Characters that do something else than to be seen are written as \x1b or \u{202e}; a tab and a backslash stay. A line of more
// than MaxLine bytes is cut: all of its parts but the last have stdout+ for stdout. Neither is in what the service can write:
// nothing that a cell says looks like a line of another one, or like the beginning of a line.
//
// [Tail] reads such files, across rotation.
//
// What it is not: it starts nothing, and does not know why a service ends.
package output
