package stock

import "fmt"

// Setting is one thing that an administrator can change on the host and a stock model looks at.
type Setting uint8

// The settings, in the order in which they are listed everywhere.
const (
	// SettingSecurelevel is kern.securelevel.
	SettingSecurelevel Setting = iota
	// SettingCurtain hides processes and sockets of others (security.models.extensions.curtain).
	SettingCurtain
	// SettingUsermount lets users mount on their own directories (vfs.generic.usermount).
	SettingUsermount
	// SettingUserSetCPUAffinity and SettingUserSetDBRegs are of security.models.extensions.
	SettingUserSetCPUAffinity
	SettingUserSetDBRegs
	// SettingExposeAddress is who may see kernel addresses: nobody 0, who opened /dev/kmem 1, all 2 (kern.expose_address).
	SettingExposeAddress
	// SettingUserLDT lets everybody set segment descriptors (machdep.user_ldt).
	SettingUserLDT
	// SettingPF and SettingIPF are attached firewalls. npf, which is always there, adds no listener.
	SettingPF
	SettingIPF
	// SettingVeriexec is kern.veriexec.strict: learning 0, IDS 1, IPS 2, lockdown 3.
	SettingVeriexec

	NumSettings = iota
)

type settingInfo struct {
	name string
	// words name it in a sentence.
	words string
	// lo and hi are what a host can start with; a switch, which is 0 or 1, has neither.
	lo, hi int
	// initial is the value in the GENERIC kernel for amd64, which is built with option INSECURE.
	initial int
}

var settings = [NumSettings]settingInfo{
	SettingSecurelevel:        {name: "securelevel", words: "the securelevel", lo: -1, hi: 2, initial: -1},
	SettingCurtain:            {name: "curtain"},
	SettingUsermount:          {name: "usermount"},
	SettingUserSetCPUAffinity: {name: "user_set_cpu_affinity"},
	SettingUserSetDBRegs:      {name: "user_set_dbregs"},
	SettingExposeAddress:      {name: "expose_address", words: "kern.expose_address", lo: 0, hi: 2, initial: 1},
	SettingUserLDT:            {name: "user_ldt"},
	SettingPF:                 {name: "pf"},
	SettingIPF:                {name: "ipf"},
	SettingVeriexec:           {name: "veriexec", words: "the veriexec level", lo: 0, hi: 3},
}

// String is the setting's name in scripts and files.
func (s Setting) String() string { return settings[s].name }

// Words name the setting in a sentence: "the securelevel".
func (s Setting) Words() string {
	if settings[s].words == "" {
		return settings[s].name
	}
	return settings[s].words
}

// Switch reports whether it is on or off, 1 or 0.
func (s Setting) Switch() bool { return settings[s].lo == settings[s].hi }

// Range is what a host can start with. The kernel takes more for some later.
func (s Setting) Range() (lo, hi int) {
	if s.Switch() {
		return 0, 1
	}
	return settings[s].lo, settings[s].hi
}

// Settings are the values of all settings.
type Settings [NumSettings]int

// DefaultSettings are those of the GENERIC kernel for amd64.
func DefaultSettings() Settings {
	var s Settings
	for i := range s {
		s[i] = settings[i].initial
	}
	return s
}

// With gives the settings with another value of one.
func (s Settings) With(which Setting, value int) Settings {
	s[which] = value
	return s
}

// Check says which value no host can start with; nil if all are good.
func (s Settings) Check() error {
	for i, v := range s {
		if lo, hi := Setting(i).Range(); v < lo || v > hi {
			return fmt.Errorf("%s must be %d to %d, but is %d", Setting(i).Words(), lo, hi, v)
		}
	}
	return nil
}

type hostFact struct {
	setting Setting
	lo, hi  int
}

// hostFacts are the facts about settings: each holds while the value is in a range.
var hostFacts = [NumFacts]hostFact{
	Securelevel0:       {SettingSecurelevel, 0, unbounded},
	Securelevel1:       {SettingSecurelevel, 1, unbounded},
	Securelevel2:       {SettingSecurelevel, 2, unbounded},
	Curtain:            {SettingCurtain, 1, 1},
	Usermount:          {SettingUsermount, 1, 1},
	UserSetCPUAffinity: {SettingUserSetCPUAffinity, 1, 1},
	UserSetDBRegs:      {SettingUserSetDBRegs, 1, 1},
	AddressesForKmem:   {SettingExposeAddress, 1, 1},
	AddressesForAll:    {SettingExposeAddress, 2, 2},
	UserLDT:            {SettingUserLDT, 1, 1},
	PFAttached:         {SettingPF, 1, 1},
	IPFAttached:        {SettingIPF, 1, 1},
	VeriexecStrict:     {SettingVeriexec, 1, unbounded},
	VeriexecIPS:        {SettingVeriexec, 2, unbounded},
}

const unbounded = int(^uint(0) >> 1)

// Fact answers the facts about the host's settings; Unknown for all others but those that never hold.
func (s *Settings) Fact(f Fact) Truth {
	switch f.Origin() {
	case FromHost:
		h := &hostFacts[f]
		return TruthOf(s[h.setting] >= h.lo && s[h.setting] <= h.hi)
	case NeverHolds:
		return No
	}
	return Unknown
}
