package sim

import (
	"slices"

	"cellsh/policy"
)

// savedNet is an address of an interface that it does not have from the start, or one that it had.
type savedNet struct {
	Ifname  string `json:"ifname"`
	Address string `json:"address"`
	Removed bool   `json:"removed,omitempty"`
}

// saveAddresses gives the addresses that were added to, and removed from, the interfaces that there are from the start.
func (n *network) saveAddresses() []savedNet {
	var list []savedNet
	fresh := newNetwork()
	for _, old := range fresh.ifaces {
		i := n.iface(old.name)
		if i == nil {
			continue
		}
		for _, a := range old.addrs {
			if !slices.Contains(i.addrs, a) {
				list = append(list, savedNet{i.name, a.String(), true})
			}
		}
		for _, a := range i.addrs {
			if !slices.Contains(old.addrs, a) {
				list = append(list, savedNet{i.name, a.String(), false})
			}
		}
	}
	return list
}

// restoreAddresses adds and removes them again.
func (n *network) restoreAddresses(list []savedNet) error {
	for _, a := range list {
		addr, err := policy.ParseAddr(a.Address)
		i := n.iface(a.Ifname)
		if err != nil {
			return stateError("%s", err)
		}
		if i == nil {
			return stateError("an address must be of an interface that a new system has, but is of %q", a.Ifname)
		}
		if a.Removed {
			i.remove(addr)
		} else {
			i.add(addr)
		}
	}
	return nil
}
