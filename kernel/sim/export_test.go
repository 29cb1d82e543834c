package sim

import (
	"bytes"
	"encoding/json"
	"strings"

	"cellsh/policy"
	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// DenyAlways adds a listener that denies a request to everybody.
func (k *Kernel) DenyAlways(id kauth.RequestID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := stock.Listener{Model: stock.Kernel, Name: "test", Rules: []stock.Rule{{Answer: policy.Deny}}}
	k.listeners[id] = append(k.listeners[id][:len(k.listeners[id]):len(k.listeners[id])], l)
}

// Seal puts an envelope with the right checksum around a state.
func Seal(state []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, state) != nil {
		return state
	}
	sealed, err := json.Marshal(envelope{stateMagic, stateVersion, checksum(b.Bytes()), b.Bytes()})
	if err != nil {
		return state
	}
	return sealed
}

// IoctlNumbers are the numbers of the interface ioctls, by name.
func IoctlNumbers() map[string]int64 {
	out := map[string]int64{}
	for name, c := range ifIoctls {
		name, _, _ = strings.Cut(name, " ")
		out[name] = c.number
	}
	return out
}
