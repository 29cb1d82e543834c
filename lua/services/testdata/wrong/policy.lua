policy "web" { deny = "system" }
