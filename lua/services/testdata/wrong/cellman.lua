cell("web", { autostart = true })
