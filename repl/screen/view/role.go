package view

// Role is what a cell is on the screen, for which a theme has a colour. No meaning is told by a role alone: whatever has one that
// matters differs in its text as well.
type Role uint8

// The roles.
const (
	// Base is where nothing is.
	Base Role = iota

	// Frame and Title are those of a panel; ActiveFrame and ActiveTitle of the active one.
	Frame
	ActiveFrame
	Title
	ActiveTitle
	// Count is what is told in the frame: how many rows, how many are selected, what is being read.
	Count
	// Head is the line with the titles of the columns.
	Head
	// Row is a row of a table; Good, Warning, Bad and Faint are rows of these tones.
	Row
	Good
	Warning
	Bad
	Faint
	// Marked is a selected row.
	Marked
	// Cursor is the row under the cursor of the active panel, and MarkedCursor that if it is selected. OtherCursor is that of the other
	// panel, if its tone is plain.
	Cursor
	MarkedCursor
	OtherCursor
	// Spark is a line of figures in a row.
	Spark
	// Detail is what is told of the row under the cursor.
	Detail

	// Status is the line with what is so; StatusKernel is the name of the kernel, and the others are parts of these tones.
	Status
	StatusKernel
	StatusGood
	StatusWarning
	StatusBad
	// Line is that for commands, where the cells of the editor have no colours of their own.
	Line
	// KeyNumber and KeyLabel are those of the function keys.
	KeyNumber
	KeyLabel

	// Dialog is the text of one; DialogGood, DialogWarning and DialogBad are texts of these tones.
	Dialog
	DialogFrame
	DialogTitle
	DialogGood
	DialogWarning
	DialogBad
	// DialogFaint is what explains, as the hint of a field.
	DialogFaint
	// Shadow is what lies in the shadow of a dialog.
	Shadow
	// Input is what can be typed into, and ActiveInput where the keys go.
	Input
	ActiveInput
	// Button is an answer, and ActiveButton the one that Enter takes.
	Button
	ActiveButton

	// MenuBar has the titles of the lists, MenuTitle is the one that is open, and MenuItem, MenuKey and MenuFrame are in the list;
	// MenuChosen is the item that Enter takes.
	MenuBar
	MenuTitle
	MenuFrame
	MenuItem
	MenuKey
	MenuChosen

	// PageTitle is the line above a text, and Page the text.
	PageTitle
	Page
	// Match is what was looked for.
	Match
	// Added, Removed and Hunk are lines of a difference of files.
	Added
	Removed
	Hunk

	// Roles is how many there are.
	Roles
)

var roleNames = [Roles]string{
	"base", "frame", "active-frame", "title", "active-title", "count", "head", "row", "good", "warning", "bad", "faint", "marked", "cursor", "marked-cursor",
	"other-cursor", "spark", "detail", "status", "status-kernel", "status-good", "status-warning", "status-bad", "line", "key-number", "key-label",
	"dialog", "dialog-frame", "dialog-title", "dialog-good", "dialog-warning", "dialog-bad", "dialog-faint", "shadow", "input", "active-input", "button",
	"active-button", "menu-bar", "menu-title", "menu-frame", "menu-item", "menu-key", "menu-chosen", "page-title", "page", "match", "added", "removed", "hunk",
}

// String names the role.
func (r Role) String() string { return roleNames[r] }
