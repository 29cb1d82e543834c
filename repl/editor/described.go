package editor

// Described is what keys do, for people.
type Described struct {
	// Keys are their names, "Ctrl-A" and "Alt-B" among them.
	Keys []string
	// Does is what they do.
	Does string

	names []KeyName
}

// Keys are all that do something where lines are edited.
func Keys() []Described { return described }

var described = []Described{
	{[]string{"Enter"}, "enters the statement if it is whole, else begins another line; a blank line gives it up", []KeyName{KeyEnter}},
	{[]string{"Alt-Enter"}, "begins another line", []KeyName{KeyNewline}},
	{[]string{"Tab"}, "puts in what must follow, or lists what can; again, it chooses. Letters narrow the list, Down, Up, PageDown, PageUp and Shift-Tab choose too, Enter takes, and Ctrl-G takes nothing", []KeyName{KeyTab, KeyBackTab, KeyCancel}},
	{[]string{"Left", "Right", "Ctrl-B", "Ctrl-F"}, "move by a character", []KeyName{KeyLeft, KeyRight}},
	{[]string{"Alt-B", "Alt-F", "Ctrl-Left", "Ctrl-Right"}, "move by a word", []KeyName{KeyWordLeft, KeyWordRight}},
	{[]string{"Home", "End", "Ctrl-A", "Ctrl-E"}, "move to the begin and the end of the line", []KeyName{KeyHome, KeyEnd}},
	{[]string{"Alt-<", "Alt->"}, "move to the begin and the end of the statement", []KeyName{KeyTop, KeyBottom}},
	{[]string{"Right", "End", "Alt-F"}, "at the end of the text: take what is suggested in grey from the history, or a word of it", nil},
	{[]string{"Up", "Down", "Ctrl-P", "Ctrl-N"}, "move between lines, and from the first and the last one to statements of the history that begin with what was typed; PageUp and PageDown do that from every line", []KeyName{KeyUp, KeyDown, KeyPageUp, KeyPageDown}},
	{[]string{"Ctrl-R", "Ctrl-S"}, "search the history: each again for an earlier or a later one. Enter enters what is found, other keys edit it, Ctrl-G gives up", []KeyName{KeySearch, KeySearchNext}},
	{[]string{"Alt-."}, "puts in the last word of the statement before; again, of earlier ones", []KeyName{KeyLastWord}},
	{[]string{"Backspace", "Ctrl-H", "Delete", "Ctrl-D"}, "delete a character", []KeyName{KeyBackspace, KeyDelete, KeyDeleteOrGo}},
	{[]string{"Ctrl-W"}, "cuts out what is before the cursor up to a space", []KeyName{KeyCutArgument}},
	{[]string{"Alt-Backspace", "Alt-D"}, "cut out the word before the cursor, and the one after it", []KeyName{KeyCutWordBefore, KeyCutWord}},
	{[]string{"Ctrl-U", "Ctrl-K"}, "cut out what is before the cursor in the line, and what is after it", []KeyName{KeyCutBefore, KeyCutLine}},
	{[]string{"Ctrl-Y"}, "puts in what was cut out last", []KeyName{KeyYank}},
	{[]string{"Ctrl-T"}, "exchanges two characters", []KeyName{KeyTranspose}},
	{[]string{"Ctrl-_", "Alt-/"}, "take back a change, and do it again", []KeyName{KeyUndo, KeyRedo}},
	{[]string{"Ctrl-X Ctrl-E", "Alt-E"}, "edit the statement in the program that VISUAL or EDITOR names, or vi", []KeyName{KeyEdit}},
	{[]string{"F2", "Alt-2"}, "opens the screen; the statement stays", []KeyName{KeyScreen}},
	{[]string{"Ctrl-L"}, "clears the screen", []KeyName{KeyClear}},
	{[]string{"Ctrl-C"}, "gives up the statement", []KeyName{KeyInterrupt}},
	{[]string{"Ctrl-Z"}, "stops the session, until the shell continues it", []KeyName{KeySuspend}},
	{[]string{"Ctrl-D"}, "where nothing is typed: leaves", nil},
}
