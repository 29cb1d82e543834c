package editor

// Described is what keys do, for people.
type Described struct {
	// Keys are their names, "Ctrl-A" and "Alt-B" among them.
	Keys []string
	// Does is what they do.
	Does string

	names []name
}

// Keys are all that do something where lines are edited.
func Keys() []Described { return described }

var described = []Described{
	{[]string{"Enter"}, "enters the statement if it is whole, else begins another line; a blank line gives it up", []name{keyEnter}},
	{[]string{"Alt-Enter"}, "begins another line", []name{keyNewline}},
	{[]string{"Tab"}, "puts in what must follow, or lists what can; again, it chooses. Letters narrow the list, Down, Up, PageDown, PageUp and Shift-Tab choose too, Enter takes, and Ctrl-G takes nothing", []name{keyTab, keyBackTab, keyCancel}},
	{[]string{"Left", "Right", "Ctrl-B", "Ctrl-F"}, "move by a character", []name{keyLeft, keyRight}},
	{[]string{"Alt-B", "Alt-F", "Ctrl-Left", "Ctrl-Right"}, "move by a word", []name{keyWordLeft, keyWordRight}},
	{[]string{"Home", "End", "Ctrl-A", "Ctrl-E"}, "move to the begin and the end of the line", []name{keyHome, keyEnd}},
	{[]string{"Alt-<", "Alt->"}, "move to the begin and the end of the statement", []name{keyTop, keyBottom}},
	{[]string{"Right", "End", "Alt-F"}, "at the end of the text: take what is suggested in grey from the history, or a word of it", nil},
	{[]string{"Up", "Down", "Ctrl-P", "Ctrl-N"}, "move between lines, and from the first and the last one to statements of the history that begin with what was typed; PageUp and PageDown do that from every line", []name{keyUp, keyDown, keyPageUp, keyPageDown}},
	{[]string{"Ctrl-R", "Ctrl-S"}, "search the history: each again for an earlier or a later one. Enter enters what is found, other keys edit it, Ctrl-G gives up", []name{keySearch, keySearchNext}},
	{[]string{"Alt-."}, "puts in the last word of the statement before; again, of earlier ones", []name{keyLastWord}},
	{[]string{"Backspace", "Ctrl-H", "Delete", "Ctrl-D"}, "delete a character", []name{keyBackspace, keyDelete, keyDeleteOrGo}},
	{[]string{"Ctrl-W"}, "cuts out what is before the cursor up to a space", []name{keyCutArgument}},
	{[]string{"Alt-Backspace", "Alt-D"}, "cut out the word before the cursor, and the one after it", []name{keyCutWordBefore, keyCutWord}},
	{[]string{"Ctrl-U", "Ctrl-K"}, "cut out what is before the cursor in the line, and what is after it", []name{keyCutBefore, keyCutLine}},
	{[]string{"Ctrl-Y"}, "puts in what was cut out last", []name{keyYank}},
	{[]string{"Ctrl-T"}, "exchanges two characters", []name{keyTranspose}},
	{[]string{"Ctrl-_", "Alt-/"}, "take back a change, and do it again", []name{keyUndo, keyRedo}},
	{[]string{"Ctrl-X Ctrl-E", "Alt-E"}, "edit the statement in the program that VISUAL or EDITOR names, or vi", []name{keyEdit}},
	{[]string{"Ctrl-L"}, "clears the screen", []name{keyClear}},
	{[]string{"Ctrl-C"}, "gives up the statement", []name{keyInterrupt}},
	{[]string{"Ctrl-Z"}, "stops the session, until the shell continues it", []name{keySuspend}},
	{[]string{"Ctrl-D"}, "where nothing is typed: leaves", nil},
}
