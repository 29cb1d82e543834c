// Package change finds changes of the policies that are loaded, says exactly what they do before anything is done, and writes them:
// the smallest that allows what was denied, and another name or other cells for a policy.
//
//	c := &change.Changer{Host: target.Host, Reader: target.Reader}
//	p, err := c.Learn(model.Learn{Decision: decision})   // or c.Rewrite(model.Rewrite{Policy: "web", Cells: "web-* api-*"})
//	fmt.Print(p.Text)                                    // the differences of the files and of the decisions
//	err = c.Write(p)                                     // the files, whole or not at all
//	command.Find("load").Run(p.Load[1:], ...)            // and they are loaded, with --confirm or without
//
// They are used in the steps of a session, as everything that uses a host is, and
// neither changes cells nor policies; only Write changes files. So a host that can't be changed will do.
//
// A proposal is for the files from which the loaded policies were read, and is held if one of them has another text now: what was worked out
// would not be so. How it is loaded is worked out too: again what is loaded, where nothing else has changed on the disk, and else only the
// policies of the files that change. Before it is offered the set of policies that this gives has been compared with the one that was shown.
//
// What it is not: it asks nobody and loads nothing; that is done by commands, which package model gives.
package change
