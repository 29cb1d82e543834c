package abi

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The nodes of secmodel_cell (sysctl(7)). Their numbers are given out when they are made, so they have to be
// looked up by name.
const (
	// CellTree is the node above the others.
	CellTree = "security.models.cell"
	// CellName is a string: the model's display name. Everybody may read it, in a cell too.
	CellName = CellTree + ".name"
	// CellID is an int. Host root reads the cell of the calling process, which is 0 for itself; to others,
	// members of cells among them, reading is EPERM. Writing moves the calling process into that cell.
	CellID = CellTree + ".id"
	// CellCreate takes a struct cell_create and gives it back with the id filled in. Host root only.
	CellCreate = CellTree + ".create"
	// CellDestroy is an int: writing the id of a cell without members removes it. Host root only.
	CellDestroy = CellTree + ".destroy"
	// CellList is an array of struct cell_info, newest first. Every user of the host may read it, no member of
	// a cell.
	CellList = CellTree + ".list"

	// JailTree is where secmodel_jail has its nodes, which came before secmodel_cell.
	JailTree = "security.models.jail"
)

// The parts of sys/sys/sysctl.h that are needed to find nodes by name.
const (
	// CTLQuery as the last number of a MIB asks for the nodes below the one before it.
	CTLQuery = -2
	// NodeSize is the size of struct sysctlnode in bytes. Its pointers are padded, so it is the same everywhere.
	NodeSize = 96

	nodeNameSize    = 32
	nodeVersion     = 0x01000000
	nodeFlagsAt     = 0
	nodeNumberAt    = 4
	nodeNameAt      = 8
	nodeVersionMask = 0xff000000
)

// Node is what a query tells of a node.
type Node struct {
	Number int32
	Name   string
}

// EncodeInt is the value of a node that is an int.
func EncodeInt(order binary.ByteOrder, v uint32) []byte {
	text := make([]byte, 4)
	order.PutUint32(text, v)
	return text
}

// DecodeInt reads the value of a node that is an int.
func DecodeInt(order binary.ByteOrder, text []byte) (uint32, error) {
	if len(text) != 4 {
		return 0, fmt.Errorf("an int must be 4 bytes, but is %d", len(text))
	}
	return order.Uint32(text), nil
}

// EncodeQuery is the struct sysctlnode that goes with a query: it says which version of the structure is meant.
func EncodeQuery(order binary.ByteOrder) []byte {
	text := make([]byte, NodeSize)
	order.PutUint32(text[nodeFlagsAt:], nodeVersion)
	return text
}

// EncodeNodes is the answer to a query; as much of each node as [Node] has.
func EncodeNodes(order binary.ByteOrder, nodes []Node) []byte {
	var text []byte
	for _, n := range nodes {
		b := EncodeQuery(order)
		order.PutUint32(b[nodeNumberAt:], uint32(n.Number))
		copy(b[nodeNameAt:nodeNameAt+nodeNameSize-1], n.Name)
		text = append(text, b...)
	}
	return text
}

// DecodeNodes reads the answer to a query, an array of struct sysctlnode.
func DecodeNodes(order binary.ByteOrder, text []byte) ([]Node, error) {
	if len(text)%NodeSize != 0 {
		return nil, fmt.Errorf("a list of sysctl nodes must be a multiple of %d bytes, but is %d", NodeSize, len(text))
	}
	nodes := make([]Node, 0, len(text)/NodeSize)
	for ; len(text) > 0; text = text[NodeSize:] {
		if v := order.Uint32(text[nodeFlagsAt:]) & nodeVersionMask; v != nodeVersion {
			return nil, fmt.Errorf("a sysctl node must be of version %#x, but is of %#x", uint32(nodeVersion), v)
		}
		name := text[nodeNameAt : nodeNameAt+nodeNameSize]
		end := bytes.IndexByte(name, 0)
		if end < 1 {
			return nil, fmt.Errorf("the name of a sysctl node must be 1 to %d bytes and a zero, but is %q", nodeNameSize-1, name)
		}
		nodes = append(nodes, Node{int32(order.Uint32(text[nodeNumberAt:])), string(name[:end])})
	}
	return nodes, nil
}
