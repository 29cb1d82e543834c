package stock

// Settings are what an administrator can change on the host and a stock model looks at.
type Settings struct {
	// Securelevel is -1 to 2 (kern.securelevel).
	Securelevel int
	// Curtain hides processes and sockets of others (security.models.extensions.curtain).
	Curtain bool
	// Usermount lets users mount on their own directories (vfs.generic.usermount).
	Usermount bool
	// UserSetCPUAffinity and UserSetDBRegs are of security.models.extensions.
	UserSetCPUAffinity, UserSetDBRegs bool
	// ExposeAddress is who may see kernel addresses: nobody 0, who opened /dev/kmem 1, all 2 (kern.expose_address).
	ExposeAddress int
	// UserLDT lets everybody set segment descriptors (machdep.user_ldt).
	UserLDT bool
	// PF and IPF are attached firewalls. npf, which is always there, adds no listener.
	PF, IPF bool
	// Veriexec is kern.veriexec.strict: learning 0, IDS 1, IPS 2, lockdown 3.
	Veriexec int
}

// DefaultSettings are those of the GENERIC kernel for amd64, which is built with option INSECURE.
func DefaultSettings() Settings { return Settings{Securelevel: -1, ExposeAddress: 1} }

// Fact answers the facts about the host's settings; Unknown for all others but those that never hold.
func (s *Settings) Fact(f Fact) Truth {
	switch f {
	case Securelevel0:
		return TruthOf(s.Securelevel >= 0)
	case Securelevel1:
		return TruthOf(s.Securelevel >= 1)
	case Securelevel2:
		return TruthOf(s.Securelevel >= 2)
	case Curtain:
		return TruthOf(s.Curtain)
	case Usermount:
		return TruthOf(s.Usermount)
	case UserSetCPUAffinity:
		return TruthOf(s.UserSetCPUAffinity)
	case UserSetDBRegs:
		return TruthOf(s.UserSetDBRegs)
	case AddressesForKmem:
		return TruthOf(s.ExposeAddress == 1)
	case AddressesForAll:
		return TruthOf(s.ExposeAddress == 2)
	case UserLDT:
		return TruthOf(s.UserLDT)
	case PFAttached:
		return TruthOf(s.PF)
	case IPFAttached:
		return TruthOf(s.IPF)
	case VeriexecStrict:
		return TruthOf(s.Veriexec > 0)
	case VeriexecIPS:
		return TruthOf(s.Veriexec >= 2)
	case ClockFromDevice, InterfaceIsRequestCode:
		return No
	}
	return Unknown
}
