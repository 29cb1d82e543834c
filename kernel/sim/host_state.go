package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// savedHost is what else the host keeps: sysctl nodes, modules, the clock, the next process id.
type savedHost struct {
	Uptime    int64      `json:"uptime"`
	Offset    int64      `json:"offset,omitempty"`
	NextPID   int        `json:"next_pid"`
	MaxProc   int        `json:"maxproc"`
	Halted    bool       `json:"halted,omitempty"`
	Modules   []string   `json:"modules,omitempty"`
	Unloaded  []string   `json:"unloaded_modules,omitempty"`
	Addresses []savedNet `json:"addresses,omitempty"`

	// kern has the variables, which stand beside the others.
	kern kernelState
}

// MarshalJSON writes the members, and the variables that are to be kept.
func (h savedHost) MarshalJSON() ([]byte, error) {
	type members savedHost
	text, err := json.Marshal(members(h))
	if err != nil {
		return nil, err
	}
	text = text[:len(text)-1]
	fresh := newKernelState()
	for i := range variables {
		v := &variables[i]
		value, err := json.Marshal(asSaved(v.at(&h.kern)))
		if err != nil {
			return nil, err
		}
		if new, err := json.Marshal(asSaved(v.at(&fresh))); v.always || err != nil || !bytes.Equal(value, new) {
			text = append(fmt.Appendf(text, ",%q:", v.key), value...)
		}
	}
	return append(text, '}'), nil
}

// UnmarshalJSON reads them; a variable that is left out is a new system's.
func (h *savedHost) UnmarshalJSON(text []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	h.kern = newKernelState()
	for i := range variables {
		v := &variables[i]
		if value, ok := all[v.key]; ok {
			if err := json.Unmarshal(value, asSaved(v.at(&h.kern))); err != nil {
				return err
			}
			delete(all, v.key)
		}
	}
	rest, err := json.Marshal(all)
	if err != nil {
		return err
	}
	type members savedHost
	return decode(rest, (*members)(h))
}

// asSaved has texts of users written as such.
func asSaved(value any) any {
	if s, ok := value.(*string); ok {
		return (*savedText)(s)
	}
	return value
}

// saveHost gives it.
func (k *Kernel) saveHost() savedHost {
	s := savedHost{
		Uptime: int64(k.uptime), Offset: int64(k.offset), NextPID: k.nextPID, MaxProc: k.maxProc, Halted: k.halted,
		Addresses: k.net.saveAddresses(), kern: k.kern,
	}
	s.Modules, s.Unloaded = k.saveModules()
	return s
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
	case !slices.Contains(timecounters, h.kern.timecounter):
		return stateError("the timecounter must be one of %s, but is %q", strings.Join(timecounters, ", "), h.kern.timecounter)
	case min(h.kern.anonPortMin, h.kern.anonPortMax) < 0 || max(h.kern.anonPortMin, h.kern.anonPortMax) > math.MaxUint16:
		return stateError("automatic ports must be 0 to 65535, but are %d to %d", h.kern.anonPortMin, h.kern.anonPortMax)
	}
	k.uptime, k.offset = time.Duration(h.Uptime), time.Duration(h.Offset)
	k.nextPID, k.maxProc, k.halted = h.NextPID, h.MaxProc, h.Halted
	if err := k.restoreModules(h.Modules, h.Unloaded); err != nil {
		return err
	}
	// What it has beside the variables is a new system's.
	k.kern = h.kern
	return k.net.restoreAddresses(h.Addresses)
}
