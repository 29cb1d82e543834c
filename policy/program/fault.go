package program

import "errors"

// Fault is the kind of what is wrong with bytes that are refused. The numbers are those that the kernel's verifier gives
// (celleval_fault in kernel/module/celleval.h), and never change; both give the same for the same bytes.
type Fault uint8

// The faults of a bundle.
const (
	FaultMagic Fault = 1 + iota
	FaultVersion
	FaultLength
	FaultChecksum
	FaultVocabulary
	FaultFallbackScope
	FaultReserved
	FaultCounts
	FaultProgramStart
	FaultProgramEnd
	FaultCellsStart
	FaultCellName
	FaultCellOrder
	FaultCellProgram
	FaultProgramUnused
)

// The faults of a program, in the order in which they are looked for: of the header, of what lies within its section and of
// what is reserved, of leaves, of nodes, of requests, and of its form.
const (
	FaultProgramMagic Fault = 16 + iota
	FaultProgramLength
	FaultProgramReserved
	FaultProgramCounts
	FaultProgramChecksum
	FaultRequestUnknown
	FaultPrefixReserved
	FaultTextOutside
	FaultLeafReserved
	FaultRangesOutside
	FaultDivisorRange
	FaultPrefixOutside
	FaultNodeReserved
	FaultResult
	FaultWould
	FaultLeafText
	FaultLine
	FaultOperation
	FaultField
	FaultWay
	FaultNodeText
	FaultRanges
	FaultPrefix
	FaultGroup
	FaultOtherField
	FaultBit
	FaultDivisor
	FaultRest
	FaultPattern
	FaultTest
	FaultRequestOrder
	FaultRequestNeverAsked
	FaultStart
	FaultNotCarried
	FaultNodeUnreached
	FaultLeafUnreached
	FaultMask
	FaultForm

	numFaults = iota + 16
)

var faults = [numFaults]struct{ name, text string }{
	FaultMagic:             {"magic", "it is no bundle"},
	FaultVersion:           {"version", "the bundle is of another version of the format"},
	FaultLength:            {"length", "the length of the bundle is wrong"},
	FaultChecksum:          {"checksum", "the checksum of the bundle is wrong"},
	FaultVocabulary:        {"vocabulary", "the bundle is for a kernel with other requests"},
	FaultFallbackScope:     {"fallback scope", "the scope of the fallback is neither 0 nor 1"},
	FaultReserved:          {"reserved", "what is reserved in the header of the bundle is not zero"},
	FaultCounts:            {"counts", "the counts of the bundle do not fit its length"},
	FaultProgramStart:      {"program start", "a program does not begin where the one before it ends"},
	FaultProgramEnd:        {"program end", "a program does not end before the cells begin"},
	FaultCellsStart:        {"cells start", "the cells do not begin where the programs end"},
	FaultCellName:          {"cell name", "the name of a cell is not 1 to 63 bytes and zeros"},
	FaultCellOrder:         {"cell order", "the cells are not in the order of their ids"},
	FaultCellProgram:       {"cell program", "a cell has a program that does not exist"},
	FaultProgramUnused:     {"program unused", "a program belongs to no cell"},
	FaultProgramMagic:      {"program magic", "it is no program"},
	FaultProgramLength:     {"program length", "the length of the program is wrong"},
	FaultProgramReserved:   {"program reserved", "what is reserved in the header of the program is not zero"},
	FaultProgramCounts:     {"program counts", "the counts of the program do not fill its length"},
	FaultProgramChecksum:   {"program checksum", "the checksum of the program is wrong"},
	FaultRequestUnknown:    {"request unknown", "a request is none of the vocabulary"},
	FaultPrefixReserved:    {"prefix reserved", "what is reserved in a prefix is not zero"},
	FaultTextOutside:       {"text outside", "a text lies outside of the texts"},
	FaultLeafReserved:      {"leaf reserved", "what is reserved in a leaf is not zero"},
	FaultRangesOutside:     {"ranges outside", "a set lies outside of the ranges"},
	FaultDivisorRange:      {"divisor range", "the first range of a division is none of rests"},
	FaultPrefixOutside:     {"prefix outside", "a prefix lies outside of the prefixes"},
	FaultNodeReserved:      {"node reserved", "what a node does not use is not zero"},
	FaultResult:            {"result", "the result of a leaf is none"},
	FaultWould:             {"would", "the would-result of a leaf has no sense"},
	FaultLeafText:          {"leaf text", "a text of a leaf is too long or not UTF-8"},
	FaultLine:              {"line", "the line of a leaf is too large"},
	FaultOperation:         {"operation", "the operation of a node does not exist"},
	FaultField:             {"field", "the field of a node does not exist"},
	FaultWay:               {"way", "a node does not lead to a later node or a leaf"},
	FaultNodeText:          {"node text", "the text of a node is too long or not UTF-8"},
	FaultRanges:            {"ranges", "the ranges of a node are not in order and apart"},
	FaultPrefix:            {"prefix", "the prefix of a node is none"},
	FaultGroup:             {"group", "the group of a node has more than 32 bits"},
	FaultOtherField:        {"other field", "the other field of a node does not exist"},
	FaultBit:               {"bit", "the bit of a node is none of its field"},
	FaultDivisor:           {"divisor", "a node divides by less than 2"},
	FaultRest:              {"rest", "a node asks for a rest that can't be"},
	FaultPattern:           {"pattern", "the pattern of a node is none"},
	FaultTest:              {"test", "the field of a node has no such test"},
	FaultRequestOrder:      {"request order", "the requests do not ascend"},
	FaultRequestNeverAsked: {"request never asked", "a request is one that no program is asked"},
	FaultStart:             {"start", "a request starts at nothing"},
	FaultNotCarried:        {"not carried", "a test is on a field that the request does not carry"},
	FaultNodeUnreached:     {"node unreached", "a node is reached by no request"},
	FaultLeafUnreached:     {"leaf unreached", "a leaf is reached by no request"},
	FaultMask:              {"mask", "the mask of a request does not name the fields that it can reach"},
	FaultForm:              {"form", "the program is not written in its one form"},
}

// Faults lists all, by number.
func Faults() []Fault {
	list := make([]Fault, 0, numFaults-1)
	for f := FaultMagic; f < numFaults; f++ {
		list = append(list, f)
	}
	return list
}

// String is the name in a word or two: "program magic". Of a number that is no fault it is "no fault".
func (f Fault) String() string {
	if f == 0 || f >= numFaults {
		return "no fault"
	}
	return faults[f].name
}

// Text says what is wrong as a clause: "the checksum of the bundle is wrong". It is what is known of a bundle that a
// kernel refused; errors of this package say more.
func (f Fault) Text() string {
	if f == 0 || f >= numFaults {
		return "nothing is wrong"
	}
	return faults[f].text
}

// FaultOf is the fault that an error of this package tells of; false for other errors.
func FaultOf(err error) (Fault, bool) {
	var format *FormatError
	var verify *VerifyError
	var version *VersionError
	var vocabulary *VocabularyError
	switch {
	case errors.As(err, &format):
		return format.Fault, true
	case errors.As(err, &verify):
		return verify.Fault, true
	case errors.As(err, &version):
		return FaultVersion, true
	case errors.As(err, &vocabulary):
		return FaultVocabulary, true
	}
	return 0, false
}
