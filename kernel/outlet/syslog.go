package outlet

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxMessage is how many bytes a message for the system's log has at most, head and all: what syslogd takes everywhere (RFC
// 3164), and what fits into a datagram of NetBSD's.
const MaxMessage = 1024

// Message is one for the system's log.
type Message struct {
	// Level from 0, emerg, to 7, debug.
	Level int
	// Text without a newline.
	Text string
}

// Sender is who sends messages to the system's log.
type Sender struct {
	// Facility by its number, which is not shifted.
	Facility int
	// Tag before each message, with the id of the process.
	Tag string
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Sockets are where syslogd may listen; nil is where it does on the systems that there are.
	Sockets []string
}

// ErrNoSyslog says that nobody takes messages.
var ErrNoSyslog = errors.New("nobody takes messages at /dev/log, /var/run/syslog or /var/run/log: syslogd(8) is not running")

// sockets are where syslogd listens, on the systems that there are.
var sockets = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// System is the system's log, as a place for messages. It is not safe for concurrent use.
type System struct {
	sender Sender
	socket socket
}

// Syslog gives messages to syslogd(8). It is looked for with the first message, and again whenever it has gone, so that one that
// is started anew gets what follows. Of what it takes it may drop some, and says nothing of that.
func Syslog(s Sender) *System {
	if s.Sockets == nil {
		s.Sockets = sockets
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return &System{s, closed}
}

// Alive is ErrNoSyslog if nobody takes messages.
func (s *System) Alive() error {
	if s.socket != closed {
		return nil
	}
	return s.dial()
}

func (*System) String() string { return "syslog" }

// head is what stands before the text of a message.
func (s *Sender) head(level int) string {
	return fmt.Sprintf("<%d>%s %s[%d]: ", s.Facility<<3|level, s.Now().Format(time.Stamp), s.Tag, os.Getpid())
}

// Room is how many bytes the text of a message can have.
func (s *Sender) Room() int {
	return MaxMessage - len("<191>Jan 02 15:04:05 []: ") - len(s.Tag) - len(strconv.Itoa(os.Getpid()))
}

// Put sends a message.
func (s *System) Put(m Message) error {
	packet := []byte(s.sender.head(m.Level) + m.Text)
	if s.socket != closed {
		err := s.socket.send(packet)
		if err == nil || errors.Is(err, ErrBusy) {
			return err
		}
		// It has gone; perhaps another one is there.
	}
	if err := s.dial(); err != nil {
		return err
	}
	err := s.socket.send(packet)
	if err != nil && !errors.Is(err, ErrBusy) {
		err = errors.Join(s.Close(), ErrNoSyslog)
	}
	return err
}

func (s *System) ready(within time.Duration) {
	if s.socket != closed {
		s.socket.ready(within)
	}
}

func (s *System) dial() error {
	if err := s.Close(); err != nil {
		return err
	}
	for _, path := range s.sender.Sockets {
		if to, err := dial(path); err == nil {
			s.socket = to
			return nil
		}
	}
	return ErrNoSyslog
}

// Close gives the socket up.
func (s *System) Close() error {
	if s.socket == closed {
		return nil
	}
	to := s.socket
	s.socket = closed
	return to.close()
}

// leveled gives lines as messages.
type leveled struct {
	Place[Message]
	level int
}

// Lined is a place for lines that become messages of a level.
func Lined(p Place[Message], level int) Place[[]byte] { return leveled{p, level} }

func (l leveled) Put(line []byte) error {
	return l.Place.Put(Message{l.level, strings.TrimSuffix(string(line), "\n")})
}

// named is a number of syslog(3) with its name.
type named struct {
	name   string
	number int
}

// facilities of syslog.conf(5) that a program can use, by name. What a program sends as kern is kept as user.
var facilities = []named{{"auth", 4}, {"authpriv", 10}, {"cron", 9}, {"daemon", 3}, {"ftp", 11}, {"local0", 16}, {"local1", 17}, {"local2", 18},
	{"local3", 19}, {"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23}, {"lpr", 6}, {"mail", 2}, {"news", 7}, {"security", 4}, {"syslog", 5},
	{"user", 1}, {"uucp", 8}}

// levels of syslog.conf(5), with their older names.
var levels = []named{{"emerg", 0}, {"alert", 1}, {"crit", 2}, {"err", 3}, {"warning", 4}, {"notice", 5}, {"info", 6}, {"debug", 7},
	{"panic", 0}, {"error", 3}, {"warn", 4}}

func names(list []named) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.name)
	}
	return out
}

func find(list []named, name string) (int, bool) {
	i := slices.IndexFunc(list, func(n named) bool { return n.name == name })
	if i < 0 {
		return 0, false
	}
	return list[i].number, true
}

// Facilities are the names of the facilities that a program can use.
func Facilities() []string { return names(facilities) }

// Levels are the names of the levels, the most urgent first, without their older names.
func Levels() []string { return names(levels[:8]) }

// Facility is the number of a facility.
func Facility(name string) (number int, ok bool) { return find(facilities, name) }

// Level is the number of a level that is given by its name or as a number from 0 to 7.
func Level(name string) (number int, ok bool) {
	if len(name) == 1 && name[0] >= '0' && name[0] <= '7' {
		return int(name[0] - '0'), true
	}
	return find(levels, name)
}
