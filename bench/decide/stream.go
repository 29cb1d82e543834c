package decide

import (
	"math/rand/v2"

	"cellsh/policy"
	"cellsh/policy/kauth"
)

// StreamLength is how many requests the stream has that contestants are compared on.
const StreamLength = 4096

// Cell that the requests come from.
const Cell = "web-1"

// frequency says how often a request comes, out of a thousand: servers open sockets, bind, fork and send signals,
// and are listed by ps; the rest is rare.
type frequency struct {
	name string
	per  int
	fill func(*policy.Request, *rand.Rand)
}

var frequencies = []frequency{
	{"network.socket.open", 230, fillSocket},
	{"network.bind.port", 200, fillBind},
	{"network.bind.privport", 60, fillPrivileged},
	{"network.bind.anyaddr", 20, fillSocket},
	{"process.signal", 150, fillTarget},
	{"process.fork", 90, fillTarget},
	{"process.cansee.entry", 60, fillTarget},
	{"process.rlimit.set", 40, fillTarget},
	{"process.nice", 30, fillTarget},
	{"process.ptrace", 30, fillTarget},
	{"network.interface.setpriv", 20, fillRest},
	{"system.mount.new", 20, fillRest},
	{"system.sysctl.modify", 20, fillRest},
	{"system.module", 10, fillRest},
	{"network.route", 10, fillRest},
	{"device.rawio_passthru.read", 10, fillRest},
}

// Stream gives mixed requests that every contestant is asked; always the same ones, in no order that repeats.
func Stream(length int) []policy.Request {
	rnd := rand.New(rand.NewPCG(1, 2))
	stream := make([]policy.Request, length)
	for i := range stream {
		n := rnd.IntN(1000)
		f := frequencies[0]
		for k := range frequencies {
			if f = frequencies[k]; n < f.per {
				break
			}
			n -= f.per
		}
		id, ok := kauth.Find(f.name)
		if !ok {
			panic("decide: no request " + f.name)
		}
		r := &stream[i]
		r.ID = id
		fillCaller(r, rnd)
		f.fill(r, rnd)
		// Only what the request carries is there.
		for _, field := range r.Given.Fields() {
			if !id.Info().Fields.Has(field) {
				r.Int[field] = 0
			}
		}
		r.Given = id.Info().Fields
	}
	return stream
}

func pick[T any](rnd *rand.Rand, of ...T) T { return of[rnd.IntN(len(of))] }

func fillCaller(r *policy.Request, rnd *rand.Rand) {
	uid := pick(rnd, 0, 80, 80, 1000, 2000+uint32(rnd.IntN(980)))
	groups := pick(rnd, nil, []uint32{33}, []uint32{100}, []uint32{5, 33}, []uint32{5, 20, 31, 100})
	r.SetCredential(uid, uid, uid, uid, groups...)
}

func fillSocket(r *policy.Request, rnd *rand.Rand) {
	family := pick[int64](rnd, 1, 2, 2, 2, 24, 24, 34)
	r.SetInt(kauth.FieldFamily, family)
	r.SetInt(kauth.FieldDomain, family)
	r.SetInt(kauth.FieldType, pick[int64](rnd, 1, 1, 1, 2, 2, 3))
	r.SetInt(kauth.FieldProtocol, pick[int64](rnd, 0, 6, 17))
}

func fillBind(r *policy.Request, rnd *rand.Rand) {
	fillSocket(r, rnd)
	port := 10000 + rnd.Int64N(38000)
	switch rnd.IntN(10) {
	case 0:
		port = 0
	case 1:
		port = 8080
	case 2:
		port = 6000 + rnd.Int64N(128)
	case 3, 4, 5, 6:
		port = Large.Tenants[rnd.IntN(len(Large.Tenants))].Port
	}
	r.SetInt(kauth.FieldPort, port)
	r.SetAddr(address(rnd))
	if rnd.IntN(2) == 0 {
		for _, t := range Large.Tenants {
			if t.Port == port {
				r.SetCredential(uint32(t.UID), uint32(t.UID), 100, 100)
			}
		}
	}
}

func fillPrivileged(r *policy.Request, rnd *rand.Rand) {
	fillSocket(r, rnd)
	r.SetInt(kauth.FieldPort, pick[int64](rnd, 80, 80, 443, 443, 22, 25, 1+rnd.Int64N(1023)))
	r.SetAddr(address(rnd))
}

func address(rnd *rand.Rand) policy.Addr {
	a, err := policy.ParseAddr(pick(rnd, "10.0.0.1", "10.200.3.4", "192.168.1.1", "0.0.0.0", "::1", "2001:db8::1"))
	if err != nil {
		panic(err)
	}
	return a
}

func fillTarget(r *policy.Request, rnd *rand.Rand) {
	same := rnd.IntN(4) > 0
	r.SetInt(kauth.FieldTargetPID, 2+rnd.Int64N(30000))
	r.SetInt(kauth.FieldTargetSameCell, pick[int64](rnd, 1, 1, 1, 0))
	if rnd.IntN(20) == 0 {
		r.SetInt(kauth.FieldTargetPID, 1)
		r.SetInt(kauth.FieldTargetIsInit, 1)
		same = false
	}
	if same {
		r.SetText(kauth.FieldTargetCell, Cell)
	}
	r.SetInt(kauth.FieldTargetUID, pick[int64](rnd, 0, 80, 1000))
	r.SetInt(kauth.FieldTargetEUID, r.Int[kauth.FieldTargetUID])
	r.SetInt(kauth.FieldSignal, pick[int64](rnd, 0, 1, 9, 9, 15, 15, 20))
	r.SetInt(kauth.FieldNprocs, pick(rnd, 100, 300, 3999, 4000, 4001, rnd.Int64N(5000)))
	r.SetInt(kauth.FieldMembers, rnd.Int64N(60))
	r.SetInt(kauth.FieldResource, rnd.Int64N(12))
	if rnd.IntN(2) == 0 {
		r.SetInt(kauth.FieldResource, 8)
	}
	r.SetInt(kauth.FieldCur, pick[int64](rnd, 64, 1024, 8192, kauth.Unlimited))
	r.SetInt(kauth.FieldMax, pick[int64](rnd, 1024, 4096, 8192, kauth.Unlimited))
	r.SetInt(kauth.FieldNice, rnd.Int64N(41)-20)
	r.SetInt(kauth.FieldOp, pick[int64](rnd, 0, 1, 9))
}

func fillRest(r *policy.Request, rnd *rand.Rand) {
	r.SetText(kauth.FieldIfname, pick(rnd, "lo0", "wm0", "lo1"))
	r.SetInt(kauth.FieldCmd, rnd.Int64N(1<<31))
	r.SetInt(kauth.FieldFlags, rnd.Int64N(1<<16))
	r.SetInt(kauth.FieldBits, 1)
}
