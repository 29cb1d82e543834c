package metrics

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cellsh/kernel/monitor/rundir"
	"cellsh/kernel/service"
)

// TestServices: services are told of as their monitors say; what is damaged is no reason to be silent.
func TestServices(t *testing.T) {
	dir := rundir.Dir(filepath.Join(t.TempDir(), "run"))
	if list, err := ServicesOf(dir, time.Time{}); len(list) != 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	began, healthy := now.Add(-time.Minute), false
	for _, s := range []rundir.Status{
		{Service: "db", Cell: "db-1", State: service.CrashLoop, Restarts: 9, Exit: &service.Exit{Signal: 9}, Began: &began},
		{Service: "off", Cell: "off", State: service.Stopped, Exit: &service.Exit{Code: 3}},
		// Nobody holds its claim.
		{Service: "web", Cell: "web-1", State: service.Running, PID: 5, Began: &began, Healthy: &healthy, Restarts: 1},
	} {
		f := dir.Service(s.Service)
		if err := f.Make(); err != nil {
			t.Fatal(err)
		}
		if err := f.WriteStatus(&s); err != nil {
			t.Fatal(err)
		}
	}
	list, err := ServicesOf(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	families, err := parse((&Snapshot{Services: list}).Text())
	if err != nil {
		t.Fatal(err)
	}
	for metric, want := range map[string]map[string]float64{
		"cellsh_service_up":             {`["cell" "db-1" "service" "db"]`: 0, `["cell" "off" "service" "off"]`: 0, `["cell" "web-1" "service" "web"]`: 0},
		"cellsh_service_state":          {`["cell" "db-1" "service" "db" "state" "crash-loop"]`: 1, `["cell" "off" "service" "off" "state" "stopped"]`: 1, `["cell" "web-1" "service" "web" "state" "lost"]`: 1},
		"cellsh_service_restarts_total": {`["cell" "db-1" "service" "db"]`: 9, `["cell" "off" "service" "off"]`: 0, `["cell" "web-1" "service" "web"]`: 1},
		"cellsh_service_last_exit_code": {`["cell" "db-1" "service" "db"]`: 137, `["cell" "off" "service" "off"]`: 3},
		"cellsh_service_healthy":        {`["cell" "web-1" "service" "web"]`: 0},
	} {
		for labels, v := range want {
			if got, ok := families[metric].samples[labels]; !ok || got != v || len(families[metric].samples) != len(want) {
				t.Errorf("%s%s is %v, %v", metric, labels, got, ok)
			}
		}
	}
	// One that runs, as its status says.
	running := serviceOf(&rundir.Status{Service: "web", State: service.Running, PID: 5, Began: &began}, now)
	if !running.Up || running.Uptime != time.Minute {
		t.Errorf("%+v", running)
	}

	// What is damaged while somebody could tell more.
	if _, err := dir.Service("web").Claim(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir.Service("db").Path(), "status"), 0o666); err != nil {
		t.Fatal(err)
	}
	list, err = ServicesOf(dir, now)
	if err == nil || !strings.Contains(err.Error(), "writable by its owner only") || len(list) != 3 || list[0].State != Unknown || list[0].Up {
		t.Errorf("%+v, %v", list, err)
	}
}
