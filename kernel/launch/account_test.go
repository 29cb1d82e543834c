package launch

import (
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

// files are those of a cell.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

var cellFiles = files{
	passwdFile: `# users
root:*:0:0:Charlie &:/root:/bin/sh
toor:*:0:0:Bourne-again Superuser:/root:/bin/sh

+nis:*:0:0:::
www:*:1000:1000:web:/home/www:/bin/ksh
bare:*:1001:1001:::
five:*:5
odd:*:-1:0::/:/bin/sh
far:*:4294967296:0::/:/bin/sh
minus:*:4294967295:0::/:/bin/sh
many:*:1002:100::/home/many:/bin/sh
relative:*:1003:100::home:sh
`,
	groupFile: `wheel:*:0:root
daemon:*:1:daemon,root
www:*:1000:
log:*:1010:www,bare
again:*:1010:www
mail:*:1011:bare,www
short:*
letters:*:x:
` + manyGroups(17, "many"),
}

func manyGroups(n int, user string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "g%d:*:%d:%s\n", i, 2000+i, user)
	}
	return b.String()
}

func TestResolve(t *testing.T) {
	none := files{}
	for _, c := range []struct {
		user  string
		files files
		want  Account
		fault string
	}{
		{"", cellFiles, Account{"root", 0, 0, []uint32{0, 1}, "/root", "/bin/sh"}, ""},
		{"", none, Account{"root", 0, 0, []uint32{0}, "/", "/bin/sh"}, ""},
		{"root", cellFiles, Account{"root", 0, 0, []uint32{0, 1}, "/root", "/bin/sh"}, ""},
		{"toor", cellFiles, Account{"toor", 0, 0, []uint32{0}, "/root", "/bin/sh"}, ""},
		{"www", cellFiles, Account{"www", 1000, 1000, []uint32{1000, 1010, 1011}, "/home/www", "/bin/ksh"}, ""},
		{"1000", cellFiles, Account{"www", 1000, 1000, []uint32{1000, 1010, 1011}, "/home/www", "/bin/ksh"}, ""},
		{"www:mail", cellFiles, Account{"www", 1000, 1011, []uint32{1011}, "/home/www", "/bin/ksh"}, ""},
		{"www:0", cellFiles, Account{"www", 1000, 0, []uint32{0}, "/home/www", "/bin/ksh"}, ""},
		{"bare", cellFiles, Account{"bare", 1001, 1001, []uint32{1001, 1010, 1011}, "/", "/bin/sh"}, ""},
		{"relative", cellFiles, Account{"relative", 1003, 100, []uint32{100}, "/", "sh"}, ""},
		{"5000:100", cellFiles, Account{"", 5000, 100, []uint32{100}, "/", "/bin/sh"}, ""},
		{"5000:100", none, Account{"", 5000, 100, []uint32{100}, "/", "/bin/sh"}, ""},
		{"many:100", cellFiles, Account{"many", 1002, 100, []uint32{100}, "/home/many", "/bin/sh"}, ""},
		{"4294967294:1", none, Account{"", 4294967294, 1, []uint32{1}, "/", "/bin/sh"}, ""},

		{"5000", cellFiles, Account{}, "user 5000 must have an entry in /etc/passwd to have a group, but has none; give one as 5000:GROUP"},
		{"nobody", cellFiles, Account{}, "user nobody must be in /etc/passwd, but is not"},
		{"+nis", cellFiles, Account{}, "user +nis must be in /etc/passwd, but is not"},
		{"www", none, Account{}, "there must be /etc/passwd to look up user www, but there is none"},
		{"www:nogroup", cellFiles, Account{}, "group nogroup must be in /etc/group, but is not"},
		{"1:mail", none, Account{}, "there must be /etc/group to look up group mail, but there is none"},
		{"five", cellFiles, Account{}, "the entry of five in /etc/passwd must have 7 fields, but has 3"},
		{"5", cellFiles, Account{}, "the entry of five in /etc/passwd must have 7 fields, but has 3"},
		{"odd", cellFiles, Account{}, `the ids of odd in /etc/passwd must be numbers, but are "-1" and "0"`},
		{"far", cellFiles, Account{}, "must be numbers"},
		{"minus", cellFiles, Account{}, "must be numbers"},
		{"www:short", cellFiles, Account{}, "the entry of short in /etc/group must have at least 3 fields, but has 2"},
		{"www:letters", cellFiles, Account{}, `the id of letters in /etc/group must be a number, but is "x"`},
		{"many", cellFiles, Account{}, "user many must be in at most 16 groups, but is in 18; choose one as many:GROUP"},
		{"4294967295:1", none, Account{}, "a user number must be 0 to 4294967294, but is 4294967295"},
		{"1:4294967295", none, Account{}, "a group number must be 0 to 4294967294, but is 4294967295"},
		{"99999999999:1", none, Account{}, "a user number must be 0 to"},
		{"www:", cellFiles, Account{}, "must be USER or USER:GROUP, but one of the two is empty"},
		{":www", cellFiles, Account{}, "must be USER or USER:GROUP, but one of the two is empty"},
	} {
		got, err := resolve(c.user, c.files.read)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%q: %v, want %q", c.user, err, c.fault)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %+v, %v; want %+v", c.user, got, err, c.want)
		}
	}
}

func TestResolveUnreadable(t *testing.T) {
	for _, broken := range []string{passwdFile, groupFile} {
		read := func(name string) ([]byte, error) {
			if name == broken {
				return nil, fmt.Errorf("it must be a regular file, but is a pipe")
			}
			return cellFiles.read(name)
		}
		for _, user := range []string{"", "www", "0"} {
			if _, err := resolve(user, read); err == nil || !strings.Contains(err.Error(), broken+" must be readable to look up") {
				t.Errorf("%q with a broken %s: %v", user, broken, err)
			}
		}
	}
}

// FuzzResolve: whatever is in the files of a cell, nobody gets an id that means "leave it".
func FuzzResolve(f *testing.F) {
	f.Add("www", cellFiles[passwdFile], cellFiles[groupFile])
	f.Add("www:mail", "www:*:1:1::/:", "mail:*:4294967295:")
	f.Add("", ":::::::\n", "\x00")
	f.Fuzz(func(t *testing.T, user, passwd, group string) {
		who, err := resolve(user, files{passwdFile: passwd, groupFile: group}.read)
		if err != nil {
			return
		}
		if who.UID == noID || who.GID == noID || len(who.Groups) == 0 || len(who.Groups) > maxGroups || who.Groups[0] != who.GID {
			t.Errorf("%q: %+v", user, who)
		}
		if !strings.HasPrefix(who.Home, "/") || who.Shell == "" {
			t.Errorf("%q: %+v", user, who)
		}
		if user == "" && who.UID != 0 {
			t.Errorf("root is %d", who.UID)
		}
	})
}
