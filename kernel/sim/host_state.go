package sim

import (
	"math"
	"slices"
	"strings"
	"time"
)

// savedHost is what else the host keeps: sysctl nodes, modules, the clock, the next process id.
type savedHost struct {
	Uptime         int64     `json:"uptime"`
	Offset         int64     `json:"offset,omitempty"`
	NextPID        int       `json:"next_pid"`
	MaxProc        int       `json:"maxproc"`
	Halted         bool      `json:"halted,omitempty"`
	Modules        []string  `json:"modules,omitempty"`
	Unloaded       []string  `json:"unloaded_modules,omitempty"`
	Hostname       savedText `json:"hostname"`
	Domainname     savedText `json:"domainname,omitempty"`
	Hostid         int64     `json:"hostid,omitempty"`
	RTCOffset      int64     `json:"rtc_offset,omitempty"`
	Timecounter    string    `json:"timecounter"`
	UserVA0Disable bool      `json:"user_va0_disable"`
	Forwarding     int64     `json:"forwarding,omitempty"`
	Forwsrcrt      int64     `json:"forwsrcrt,omitempty"`
	SetidcoreDump  int64     `json:"setid_core_dump,omitempty"`
	SetidcorePath  savedText `json:"setid_core_path"`
	SetidcoreOwner int64     `json:"setid_core_owner,omitempty"`
	SetidcoreGroup int64     `json:"setid_core_group,omitempty"`
	// These are missing where they are those of a new system.
	SetidcoreMode *int64 `json:"setid_core_mode,omitempty"`
	MaxFiles      *int64 `json:"maxfiles,omitempty"`

	AnonPortMin int64      `json:"anonportmin"`
	AnonPortMax int64      `json:"anonportmax"`
	Autoload    bool       `json:"autoload"`
	Addresses   []savedNet `json:"addresses,omitempty"`
}

// saveHost gives it.
func (k *Kernel) saveHost() savedHost {
	h, fresh := &k.kern, newKernelState()
	s := savedHost{
		Uptime: int64(k.uptime), Offset: int64(k.offset), NextPID: k.nextPID, MaxProc: k.maxProc, Halted: k.halted,
		Hostname: savedText(h.hostname), Domainname: savedText(h.domainname), Hostid: h.hostid, RTCOffset: h.rtcOffset, Timecounter: h.timecounter,
		UserVA0Disable: h.userVA0Disable, Forwarding: h.forwarding, Forwsrcrt: h.forwsrcrt, SetidcoreDump: h.setidcore.dump,
		SetidcorePath: savedText(h.setidcore.path), SetidcoreOwner: h.setidcore.owner, SetidcoreGroup: h.setidcore.group,
		SetidcoreMode: changed(h.setidcore.mode, fresh.setidcore.mode), MaxFiles: changed(h.maxFiles, fresh.maxFiles), AnonPortMin: h.anonPortMin, AnonPortMax: h.anonPortMax, Autoload: h.autoload,
		Addresses: k.net.saveAddresses(),
	}
	s.Modules, s.Unloaded = k.saveModules()
	return s
}

// changed gives the value if it is not that of a new system.
func changed(v, fresh int64) *int64 {
	if v == fresh {
		return nil
	}
	return &v
}

// restoreHost takes it back.
func (k *Kernel) restoreHost(h *savedHost) error {
	switch {
	case h.Uptime < 0:
		return stateError("the uptime must not be negative, but is %d", h.Uptime)
	case time.Duration(h.Uptime) > maxUptime:
		return stateError("the uptime must be at most 100 years, but is %s", time.Duration(h.Uptime))
	case h.NextPID < 2 || h.NextPID > maxPID:
		return stateError("the next process id must be 2 to %d, but is %d", maxPID, h.NextPID)
	case h.MaxProc < 0 || h.MaxProc >= maxPID:
		return stateError("kern.maxproc must be 0 to %d, but is %d", maxPID-1, h.MaxProc)
	case !slices.Contains(timecounters, h.Timecounter):
		return stateError("the timecounter must be one of %s, but is %q", strings.Join(timecounters, ", "), h.Timecounter)
	case min(h.AnonPortMin, h.AnonPortMax) < 0 || max(h.AnonPortMin, h.AnonPortMax) > math.MaxUint16:
		return stateError("automatic ports must be 0 to 65535, but are %d to %d", h.AnonPortMin, h.AnonPortMax)
	}
	k.uptime, k.offset = time.Duration(h.Uptime), time.Duration(h.Offset)
	k.nextPID, k.maxProc, k.halted = h.NextPID, h.MaxProc, h.Halted
	if err := k.restoreModules(h.Modules, h.Unloaded); err != nil {
		return err
	}
	n := &k.kern
	n.hostname, n.domainname, n.hostid = string(h.Hostname), string(h.Domainname), h.Hostid
	n.rtcOffset, n.timecounter, n.userVA0Disable = h.RTCOffset, h.Timecounter, h.UserVA0Disable
	n.forwarding, n.forwsrcrt = h.Forwarding, h.Forwsrcrt
	n.setidcore.dump, n.setidcore.path = h.SetidcoreDump, string(h.SetidcorePath)
	n.setidcore.owner, n.setidcore.group = h.SetidcoreOwner, h.SetidcoreGroup
	if h.SetidcoreMode != nil {
		n.setidcore.mode = *h.SetidcoreMode
	}
	if h.MaxFiles != nil {
		n.maxFiles = *h.MaxFiles
	}
	n.anonPortMin, n.anonPortMax, n.autoload = h.AnonPortMin, h.AnonPortMax, h.Autoload
	return k.net.restoreAddresses(h.Addresses)
}
