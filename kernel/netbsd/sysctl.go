package netbsd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cellsh/kernel/abi"
	"cellsh/policy/kauth"
)

// errNoNode says that the kernel has no node of a name.
var errNoNode = errors.New("there is no such sysctl node")

// The limits of a reply whose length is not known beforehand.
const (
	// attempts to read something that changes meanwhile.
	attempts = 16
	// slack is what a buffer has beyond the length that was told, in records.
	slack = 8
	// maxReply in bytes is more than any kernel has to say here.
	maxReply = 64 << 20
)

// tree finds nodes by name and keeps their numbers. It is safe for concurrent use.
type tree struct {
	sys     System
	machine abi.Machine

	mu   sync.Mutex
	mibs map[string][]int32
}

func newTree(sys System) *tree {
	return &tree{sys: sys, machine: sys.Machine(), mibs: map[string][]int32{}}
}

// find gives the numbers of the node; errNoNode if the kernel has none of that name.
func (t *tree) find(name string) ([]int32, error) {
	t.mu.Lock()
	mib, ok := t.mibs[name]
	t.mu.Unlock()
	if ok {
		return mib, nil
	}
	return t.resolve(name)
}

// resolve asks the kernel for the numbers of the node, whatever was known before.
func (t *tree) resolve(name string) ([]int32, error) {
	t.mu.Lock()
	delete(t.mibs, name)
	t.mu.Unlock()
	var mib []int32
	for part := range strings.SplitSeq(name, ".") {
		nodes, err := t.children(mib)
		if err == kauth.ENOENT || err == kauth.ENOTDIR {
			return nil, errNoNode
		}
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(nodes, func(n abi.Node) bool { return n.Name == part })
		if i < 0 {
			return nil, errNoNode
		}
		mib = append(mib, nodes[i].Number)
	}
	t.mu.Lock()
	t.mibs[name] = mib
	t.mu.Unlock()
	return mib, nil
}

func (t *tree) children(mib []int32) ([]abi.Node, error) {
	mib = append(slices.Clone(mib), abi.CTLQuery)
	query := abi.EncodeQuery(t.machine.Order)
	text, err := readAll(abi.NodeSize, func(old []byte) (int, error) { return t.sys.Sysctl(mib, old, query) })
	if err != nil {
		return nil, err
	}
	return abi.DecodeNodes(t.machine.Order, text)
}

// call makes one system call on the node. The numbers of nodes change when a module is loaded anew: if the call
// fails in a way that wrong numbers could explain, and the numbers did change, it is made once more.
func (t *tree) call(name string, old, new []byte) (int, error) {
	mib, err := t.find(name)
	if err != nil {
		return 0, err
	}
	n, err := t.sys.Sysctl(mib, old, new)
	switch err {
	case kauth.ENOENT, kauth.ENOTDIR, kauth.EISDIR, kauth.EOPNOTSUPP, kauth.EINVAL:
		now, missing := t.resolve(name)
		if missing == errNoNode {
			return 0, errNoNode
		}
		if missing == nil && !slices.Equal(now, mib) {
			return t.sys.Sysctl(now, old, new)
		}
	}
	return n, err
}

// read gives all of a node whose length is a multiple of record.
func (t *tree) read(name string, record int) ([]byte, error) {
	return readAll(record, func(old []byte) (int, error) { return t.call(name, old, nil) })
}

// readString gives a node that is a string.
func (t *tree) readString(name string) (string, error) {
	text, err := t.read(name, 1)
	if err != nil {
		return "", err
	}
	s, _, _ := strings.Cut(string(text), "\x00")
	return s, nil
}

// readAll asks how much there is, then for all of it. What is asked for may grow between the two, and a kernel
// may stop in the middle of a record: both are asked again.
func readAll(record int, call func(old []byte) (int, error)) ([]byte, error) {
	why := errors.New("it never held still")
	for range attempts {
		n, err := call(nil)
		if err != nil {
			return nil, err
		}
		if n < 0 || n > maxReply {
			return nil, fmt.Errorf("the reply must be at most %d bytes, but is said to be %d", maxReply, n)
		}
		old := make([]byte, n+slack*record)
		n, err = call(old)
		switch {
		case err == kauth.ENOMEM || err == nil && (n < 0 || n > len(old)):
			why = kauth.ENOMEM
		case err != nil:
			return nil, err
		case n%record != 0:
			why = fmt.Errorf("the reply must be a multiple of %d bytes, but is %d", record, n)
		default:
			return old[:n], nil
		}
	}
	return nil, fmt.Errorf("the kernel gave no whole reply in %d attempts: %w", attempts, why)
}
