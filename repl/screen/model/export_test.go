package model

// Changing are the commands that are refused to who may only look.
var Changing = changing

// MenuPath gives the keys that lead to an item of a menu that was just opened.
func MenuPath(d *Menu, list, item int) []Key {
	n := len(d.Lists)
	var keys []Key
	for range (list - d.list + n) % n {
		keys = append(keys, Key{Name: Right})
	}
	if len(keys) == 0 && d.item != 0 {
		keys = append(keys, Key{Name: Home})
	}
	for range item {
		keys = append(keys, Key{Name: Down})
	}
	return append(keys, Key{Name: Enter})
}
