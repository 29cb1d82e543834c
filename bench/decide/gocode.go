package decide

import (
	"fmt"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// The numbers of the requests, as constants so that the compiler can build a switch of them. A test holds them
// against the vocabulary.
const (
	mountFirst    kauth.RequestID = 8
	mountLast     kauth.RequestID = 13
	reboot        kauth.RequestID = 18
	module        kauth.RequestID = 31
	fork          kauth.RequestID = 64
	nice          kauth.RequestID = 68
	ptrace        kauth.RequestID = 72
	rlimitSet     kauth.RequestID = 74
	signal        kauth.RequestID = 81
	bindPort      kauth.RequestID = 95
	bindPrivport  kauth.RequestID = 96
	bindAnyaddr   kauth.RequestID = 97
	firewall      kauth.RequestID = 98
	setpriv       kauth.RequestID = 103
	route         kauth.RequestID = 108
	socketOpen    kauth.RequestID = 109
	passthruFirst kauth.RequestID = 149
	passthruLast  kauth.RequestID = 154
)

var private, _ = policy.ParsePrefix("10.0.0.0/8")

// webDenies is the policy of Web as it is written by hand.
func webDenies(r *policy.Request) bool {
	switch r.ID {
	case bindPort, bindPrivport:
		switch port := r.Int[kauth.FieldPort]; {
		case port == 80 || port == 443:
			return r.Int[kauth.FieldUID] != 0 && !r.InGroup(33)
		case port == 8080:
			return !private.Contains(r.Addr)
		default:
			return port != 0 && port < 1024 || port >= 6000 && port <= 6063
		}
	default:
		return otherDenies(r)
	}
}

// largeDenies is that of Large.
func largeDenies(r *policy.Request) bool {
	switch r.ID {
	case bindPort, bindPrivport:
		switch port := r.Int[kauth.FieldPort]; {
		case port >= 10000:
			return tenantDenies(port, r.Int[kauth.FieldUID])
		case port == 80 || port == 443:
			return r.Int[kauth.FieldUID] != 0 && !r.InGroup(33)
		case port == 8080:
			return !private.Contains(r.Addr)
		default:
			return port != 0 && port < 1024 || port >= 6000 && port <= 6063
		}
	default:
		return otherDenies(r)
	}
}

func otherDenies(r *policy.Request) bool {
	switch r.ID {
	case socketOpen:
		if r.Int[kauth.FieldType] == 3 {
			return true
		}
		switch r.Int[kauth.FieldDomain] {
		case 1, 2, 24:
			return false
		}
		return true
	case setpriv:
		return r.Ifname != "lo0"
	case signal:
		return r.Int[kauth.FieldTargetIsInit] != 0 ||
			r.Int[kauth.FieldSignal] == 9 && r.Int[kauth.FieldEUID] != 0 && r.Int[kauth.FieldTargetSameCell] == 0
	case fork:
		return r.Int[kauth.FieldNprocs] > 4000
	case rlimitSet:
		return r.Int[kauth.FieldResource] == 8 && r.Int[kauth.FieldMax] > 4096
	case nice:
		return r.Int[kauth.FieldNice] < 0 && r.Int[kauth.FieldEUID] != 0
	case ptrace:
		return r.Int[kauth.FieldTargetSameCell] == 0
	case mountFirst, mountFirst + 1, mountFirst + 2, mountFirst + 3, mountFirst + 4, mountLast,
		module, reboot, route, firewall, bindAnyaddr,
		passthruFirst, passthruFirst + 1, passthruFirst + 2, passthruFirst + 3, passthruFirst + 4, passthruLast:
		return true
	}
	return false
}

//go:generate go run ./gen

// Go is the policy as a programmer writes it in Go: a switch over the request, and in Large a switch over the port.
func Go(c Case, stream []policy.Request) (*Contestant, error) {
	out := &Contestant{Name: "Go switch", How: "written by hand"}
	switch c.Name {
	case Web.Name:
		out.Denies = func(i int) bool { return webDenies(&stream[i]) }
		out.Pass = func() int {
			denied := 0
			for i := range stream {
				if webDenies(&stream[i]) {
					denied++
				}
			}
			return denied
		}
	case Large.Name:
		out.How = fmt.Sprintf("written by hand, with a generated switch of %d ports", len(c.Tenants))
		out.Denies = func(i int) bool { return largeDenies(&stream[i]) }
		out.Pass = func() int {
			denied := 0
			for i := range stream {
				if largeDenies(&stream[i]) {
					denied++
				}
			}
			return denied
		}
	default:
		return nil, fmt.Errorf("the case must be one that is written by hand, but is %q", c.Name)
	}
	return out, nil
}
