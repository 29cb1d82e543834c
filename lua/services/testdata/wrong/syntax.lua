service "web" { cell = 
