policy "files" { deny = { "machdep" } }
