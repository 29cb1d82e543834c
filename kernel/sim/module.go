package sim

import (
	"maps"
	"slices"
	"strings"

	"cellsh/policy/kauth"
	"cellsh/policy/stock"
)

// module is a kernel module.
type module struct {
	builtin bool
	// secmodel says that it is of class secmodel.
	secmodel bool
	// required are the modules that it needs.
	required []string
}

// builtinModules are modules of GENERIC for amd64, with what they require: those that the simulator has calls of, and
// those that these require.
var builtinModules = map[string]module{
	"suser": {secmodel: true}, "securelevel": {secmodel: true}, "extensions": {secmodel: true},
	"secmodel_bsd44": {secmodel: true, required: []string{"suser", "securelevel", "extensions"}}, "secmodel_cell": {secmodel: true},
	"bpf_filter": {}, "bpf": {required: []string{"bpf_filter"}}, "npf": {required: []string{"bpf"}},
	"coredump": {}, "exec_elf64": {}, "exec_script": {}, "ptrace_common": {}, "ptrace": {required: []string{"ptrace_common"}},
	"ksem": {}, "mqueue": {}, "sysv_ipc": {},
	"wapbl": {}, "ufs": {required: []string{"wapbl"}}, "ffs": {required: []string{"ufs", "wapbl"}}, "ext2fs": {required: []string{"ufs"}},
	"cd9660": {}, "msdos": {}, "tmpfs": {}, "kernfs": {}, "ptyfs": {}, "procfs": {required: []string{"ptrace_common", "mqueue", "sysv_ipc"}},
	"nfs": {}, "nfsserver": {required: []string{"nfs"}},
	"layerfs": {}, "null": {required: []string{"layerfs"}}, "umap": {required: []string{"layerfs"}}, "union": {},
}

// modulesOnDisk can be loaded.
var modulesOnDisk = map[string]module{
	"adosfs": {}, "autofs": {}, "compat_linux": {required: []string{"sysv_ipc"}}, "dm": {}, "hello": {}, "hfs": {}, "if_wg": {}, "nvmm": {},
	"pf": {required: []string{"bpf"}}, "ipl": {required: []string{"bpf_filter"}}, "udf": {}, "zfs": {},
}

func newModules() map[string]module {
	loaded := map[string]module{}
	for name, m := range builtinModules {
		m.builtin = true
		loaded[name] = m
	}
	return loaded
}

// the commands of modctl(2) (sys/module.h).
const (
	modctlLoad   = 0
	modctlUnload = 1
)

func (p *Process) askModule(cmd int64, autoload bool) kauth.Errno {
	return p.ask(reqModule).with(kauth.FieldCmd, cmd).with(kauth.FieldAutoload, truth(autoload)).answer()
}

var callModctl = Call{
	Name: "modctl",
	Doc:  "Loads, unloads or asks for kernel modules. load of one that is there is EEXIST without a question; else system.module: EPERM. unload asks first: EPERM; then EBUSY while another module requires it, EPERM for a security model that is built in, and EBUSY while it is used; any other built-in module goes, and comes back only with force. stat only asks process.cansee.kptr.",
	Params: []Param{
		{Name: "cmd", Kind: Word, Doc: "command", Words: []string{"load", "unload", "exists", "stat"}},
		{Name: "name", Kind: Text, Doc: "name of the module", Optional: true},
		{Name: "autoload", Kind: Switch, Doc: "for exists: as if the kernel wanted it", Optional: true},
		{Name: "force", Kind: Switch, Doc: "for load: a built-in module too that was unloaded", Optional: true},
	},
	Asks: []string{"system.module", "process.cansee.kptr"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.modctl(a.text("cmd"), a.text("name"), a.on("autoload"), a.on("force"))
	},
}

// Modctl is modctl(2): cmd is "load", "unload", "exists" or "stat".
func (p *Process) Modctl(cmd, name string) kauth.Errno {
	return p.call(func() kauth.Errno { return p.modctl(cmd, name, false, false) })
}

func (p *Process) modctl(cmd, name string, autoload, force bool) kauth.Errno {
	k := p.k
	switch cmd {
	case "load":
		// That it is there already can be told without asking.
		if k.hasModule(name) {
			return kauth.EEXIST
		}
		if e := p.askModule(modctlLoad, false); e != 0 {
			return e
		}
		return k.load(name, force)
	case "unload":
		if e := p.askModule(modctlUnload, false); e != 0 {
			return e
		}
		return k.unload(name)
	case "exists":
		return p.askModule(modctlLoad, autoload)
	case "stat":
		p.exposesAddresses()
		return 0
	}
	return kauth.EINVAL
}

func (k *Kernel) hasModule(name string) bool {
	_, loaded := k.modules[name]
	return loaded
}

// load loads a module, and before it what it requires (module_do_load). A built-in one that was unloaded comes back by
// force alone.
func (k *Kernel) load(name string, force bool) kauth.Errno {
	m, builtin := builtinModules[name]
	if !builtin {
		var onDisk bool
		if m, onDisk = modulesOnDisk[name]; !onDisk {
			return kauth.ENOENT
		}
	}
	if builtin && !force {
		return kauth.EPERM
	}
	for _, other := range m.required {
		if k.hasModule(other) {
			continue
		}
		if e := k.load(other, force); e != 0 {
			return e
		}
	}
	m.builtin = builtin
	k.modules[name] = m
	k.attached(name, true)
	return 0
}

// unload looks first whether others require the module, then whether it is a security model of the kernel itself, and
// then asks the module (module_do_unload).
func (k *Kernel) unload(name string) kauth.Errno {
	m, loaded := k.modules[name]
	switch {
	case !loaded:
		return kauth.ENOENT
	case k.references(name) > 0:
		return kauth.EBUSY
	case m.builtin && m.secmodel:
		return kauth.EPERM
	}
	if e := k.finish(name); e != 0 {
		return e
	}
	delete(k.modules, name)
	k.attached(name, false)
	return 0
}

// references counts the modules that require one. The evaluation model requires secmodel_cell.
func (k *Kernel) references(name string) int {
	n := 0
	for _, m := range k.modules {
		if slices.Contains(m.required, name) {
			n++
		}
	}
	if name == "secmodel_cell" && k.eval != nil {
		n++
	}
	return n
}

// finish is what a module says to its end (MODULE_CMD_FINI): most refuse while they are used.
func (k *Kernel) finish(name string) kauth.Errno {
	var busy bool
	n := &k.ipc
	switch name {
	case "bpf":
		return kauth.EOPNOTSUPP
	case "exec_elf64":
		busy = true
	case "ksem":
		busy = len(n.sems) > 0 || slices.ContainsFunc(k.processes(), (*Process).hasSemaphore)
	case "mqueue":
		busy = len(n.queues) > 0
	case "sysv_ipc":
		busy = len(n.objects) > 0
	default:
		busy = slices.ContainsFunc(k.mounts, func(m *mount) bool { return m.Type == name })
	}
	if busy {
		return kauth.EBUSY
	}
	return 0
}

func (p *Process) hasSemaphore() bool {
	for _, f := range p.files {
		if f.sem != nil {
			return true
		}
	}
	return false
}

// attached follows the firewalls whose listeners change what the kernel answers.
func (k *Kernel) attached(name string, is bool) {
	switch name {
	case "pf":
		k.settings[stock.SettingPF] = int(truth(is))
	case "ipl":
		k.settings[stock.SettingIPF] = int(truth(is))
	}
}

var callAutoload = Call{
	Name: "autoload",
	Doc:  "What the kernel does when a call needs a module that is missing: system.module with autoload, EPERM. Users are allowed it.",
	Params: []Param{
		{Name: "name", Kind: Text, Doc: "name of the module"},
	},
	Asks: []string{"system.module"},
	do: func(p *Process, a Args) (any, kauth.Errno) {
		return nil, p.autoload(a.text("name"))
	},
}

// autoload is what the kernel does when it lacks a module that a call needs (module_autoload).
func (p *Process) autoload(name string) kauth.Errno {
	if !p.k.kern.autoload || strings.ContainsAny(name, "/@.") {
		return kauth.EPERM
	}
	if e := p.askModule(modctlLoad, true); e != 0 {
		return e
	}
	if p.k.hasModule(name) {
		return kauth.EEXIST
	}
	return p.k.load(name, false)
}

// callOf looks whether the module of a system call is there. The kernel tries to load it, but built-in ones don't come
// back that way (sys_nomodule).
func (p *Process) callOf(module string) kauth.Errno {
	if p.k.hasModule(module) || p.autoload(module) == 0 {
		return 0
	}
	return kauth.ENOSYS
}

// saveModules gives the modules that were loaded, and the built-in ones that were unloaded.
func (k *Kernel) saveModules() (loaded, unloaded []string) {
	for _, name := range slices.Sorted(maps.Keys(modulesOnDisk)) {
		if k.hasModule(name) {
			loaded = append(loaded, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(builtinModules)) {
		if !k.hasModule(name) {
			unloaded = append(unloaded, name)
		}
	}
	return loaded, unloaded
}

// restoreModules takes them back as a whole: what is loaded must have what it requires. A file system whose module is gone
// is not mounted any more, though a new system mounts it.
func (k *Kernel) restoreModules(loaded, unloaded []string) error {
	for _, name := range unloaded {
		for _, m := range slices.Clone(k.mounts) {
			if m.Type == name && m.Covered != nil {
				k.dropMounts(m.Covered)
			}
		}
		if !k.hasModule(name) || k.modules[name].secmodel || k.finish(name) != 0 {
			return stateError("an unloaded module must be a built-in one that can be unloaded once, but %q is not", name)
		}
		delete(k.modules, name)
	}
	for _, name := range loaded {
		m, onDisk := modulesOnDisk[name]
		if !onDisk || k.hasModule(name) {
			return stateError("a loaded module must be one that can be loaded once, but %q is not", name)
		}
		k.modules[name] = m
	}
	for _, name := range slices.Sorted(maps.Keys(k.modules)) {
		for _, other := range k.modules[name].required {
			if !k.hasModule(other) {
				return stateError("module %q must have what it requires, but %q is not loaded", name, other)
			}
		}
	}
	return nil
}
