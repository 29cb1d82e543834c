package sim

import "time"

// savedLine is a line of the message buffer.
type savedLine struct {
	Time int64     `json:"time"`
	Text savedText `json:"text"`
}

// save gives the lines that are kept, and how many are not.
func (l *kernelLog) save() (list []savedLine, lost uint64) {
	lines, lost := l.kept()
	for _, x := range lines {
		list = append(list, savedLine{int64(x.Time), savedText(x.Text)})
	}
	return list, lost
}

// saveLast tells when messages that are limited in rate were last written.
func (l *kernelLog) saveLast() map[string]int64 {
	if len(l.last) == 0 {
		return nil
	}
	last := map[string]int64{}
	for what, at := range l.last {
		last[what] = int64(at)
	}
	return last
}

// restore takes all of it back.
func (l *kernelLog) restore(lines []savedLine, lost uint64, last map[string]int64) error {
	if len(lines) > maxLog {
		return stateError("the log must have at most %d lines, but has %d", maxLog, len(lines))
	}
	l.gone = lost
	for _, x := range lines {
		l.lines = append(l.lines, LogLine{time.Duration(x.Time), string(x.Text)})
	}
	for what, at := range last {
		if l.last == nil {
			l.last = map[string]time.Duration{}
		}
		l.last[what] = time.Duration(at)
	}
	return nil
}
