package sim

// calls is the table of all system calls, by name; each entry is beside what it does. Documentation, completion and the Lua
// interface are made of it.
var calls = []Call{
	callAccept, callAcct, callAdjtime, callAsk, callAutoload, callBind, callBindLocal, callBluetooth, callCellEnter,
	callChdir, callChflags, callChmod, callChown, callChroot, callClockGettime, callClockSettime, callClose,
	callConnect, callDevmem, callExec, callExit, callExtattr, callExtattrctl, callFchroot, callFhopen, callFhstat,
	callFhstatvfs, callFiles, callFork, callGetegid, callGeteuid, callGetfh, callGetgid, callGetgroups, callGetlogin,
	callGetpgid, callGetpgrp, callGetpid, callGetppid, callGetpriority, callGetrlimit, callGetsid, callGetuid,
	callIfconfig, callIoctl, callIpcctl, callIpcget, callIpcuse, callIssetugid, callKeventProc, callKill, callKtrace,
	callLfs, callListen, callLwpCreate, callLwps, callMkdir, callMknod, callModctl, callMount, callMqOpen, callMqUnlink,
	callNfssvc, callNtpAdjtime, callOpen, callPassthru, callPosixSpawn, callProcArgs, callProcfs, callPs,
	callPsetAssign, callPsetBind, callPsetCreate, callPsetDestroy, callPtrace, callQuotactl, callReaddir, callReboot,
	callRename, callRmdir, callRoute, callSchedGetaffinity, callSchedGetparam, callSchedSetaffinity, callSchedSetparam,
	callSemOpen, callSemUnlink, callSendto, callSetegid, callSeteuid, callSetgid, callSetgroups, callSetlogin,
	callSetpgid, callSetpriority, callSetregid, callSetreuid, callSetrlimit, callSetsid, callSetsockopt,
	callSettimeofday, callSetuid, callShmat, callShmdt, callSigaction, callSnapshot, callSocket, callSocketpair,
	callSockets, callStat, callSwapctl, callSymlink, callSysarch, callSysctlCreate, callSysctlDelete,
	callSysctlDescribe, callSysctlList, callSysctlRead, callSysctlWrite, callTcpdrop, callUnlink, callUnmount,
	callUtimes, callVfork, callWait, callWrite, callWriteFull,
}
