package loader

import (
	"io"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/progress"
	"cellsh/policy/rules"
	"cellsh/policy/study"
)

// Reader reads policies always in the same way. The zero value knows no groups.
type Reader struct {
	// Groups of the host that the policies are for.
	Groups policy.Groups
	// Output is where print in policy files writes; nil discards.
	Output io.Writer
	// Files reads policy files and their modules; nil reads them whoever may have changed them.
	Files Files
	// Standard is what the path - reads, but as a module.
	Standard *Standard
	// Vocabulary of the kernel that they are for; nil is kauth.Newest.
	Vocabulary *kauth.Vocabulary
	// SkipOptimizations is passed to the compiler.
	SkipOptimizations bool
	// Work that reading and all that is done with what was read is part of.
	Work *progress.Work
}

// Read reads and declares the policies of the paths. Functions are compiled later, for the cells that are asked about.
func (r Reader) Read(paths []string) *study.Policies {
	files := r.Files
	if files == nil {
		files = plain{}
	}
	sources, unread := ReadFrom(paths, withStandard{files, r.Standard})
	set, problems := LoadSources(sources, r.options())
	return study.New(set, append(unread, problems...).Sort(), study.Options{Paths: paths, SkipOptimizations: r.SkipOptimizations, Vocabulary: r.Vocabulary, Work: r.Work})
}

// Load is Read for texts that were read before.
func (r Reader) Load(sources []rules.Source) *study.Policies {
	set, problems := LoadSources(sources, r.options())
	return study.New(set, problems, study.Options{SkipOptimizations: r.SkipOptimizations, Vocabulary: r.Vocabulary, Work: r.Work})
}

func (r Reader) options() Options {
	o := Options{Groups: r.Groups, Output: r.Output, Vocabulary: r.Vocabulary, Work: r.Work}
	if r.Files != nil {
		o.Module = ModuleFrom(r.Files)
	}
	return o
}
