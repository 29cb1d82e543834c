package sim

import (
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
