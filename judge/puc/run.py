#!/usr/bin/env python3
"""Random policies, judged by PUC Lua 5.1.

run.py CELLSH [--seed N] [--seconds S] [--policies P] [--requests R] [--keep DIR]

Batches of random decision functions (gen.py) are given to `cellsh decide` and to an independent judge (oracle.lua under
lua5.1, a Debian package). Prints each policy that is answered differently, and at the end how many policies were refused,
by code and message. --keep saves the policies that differ, crash, or are the first of their refusal.
Exit status 1 if anything differed in its result, or crashed; other reasons are only told (see README.md)."""
import argparse, collections, json, os, re, shutil, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import gen

ap = argparse.ArgumentParser()
ap.add_argument("cellsh")
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--seconds", type=float, default=30)
ap.add_argument("--policies", type=int, default=100)
ap.add_argument("--requests", type=int, default=60)
ap.add_argument("--keep")
a = ap.parse_args()
cellsh = os.path.abspath(a.cellsh)
if not shutil.which("lua5.1"): sys.exit("run.py: lua5.1 must be installed, but is not")
if a.keep: os.makedirs(a.keep, exist_ok=True)

def keep(path, name):
    if a.keep: shutil.copy(path, os.path.join(a.keep, name))

def keep_all(folder, seed):
    if a.keep: shutil.copytree(folder, os.path.join(a.keep, "batch-%d" % seed), dirs_exist_ok=True)

def run(*command, input=None):
    """Runs it; one that takes over a minute counts as one that said nothing."""
    try: return subprocess.run(command, input=input, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired: return subprocess.CompletedProcess(command, 124, "", "no answer in 60 s")

def general(message):
    """The message without what differs from policy to policy."""
    m = re.sub(r"\(.*", "", message)
    m = re.sub(r"\br\.[\w.]+( [-+*%] -?\d+)*", "FIELD", m)
    return re.sub(r"-?\d+(\.\d+)?", "N", m)[:110]

begun, seed = time.time(), a.seed
policies = accepted = requests = differ = reasons = crashes = 0
refused, first = collections.Counter(), {}
with tempfile.TemporaryDirectory() as scratch:
    while time.time() - begun < a.seconds:
        w = os.path.join(scratch, "batch"); shutil.rmtree(w, ignore_errors=True)
        asked = gen.main(seed, a.policies, a.requests, w)
        folder = os.path.join(w, "pol"); files = sorted(os.listdir(folder))
        check = run(cellsh, "check", "--json", "--no-proof", folder)
        try: diagnostics = json.loads(check.stdout)["diagnostics"]
        except (ValueError, KeyError):
            crashes += 1; print("CRASH of check, seed", seed, check.stderr[:400]); keep_all(folder, seed); seed += 1; continue
        bad = {}
        for d in diagnostics:
            if d["severity"] == "error": bad.setdefault(os.path.basename(d.get("file", "?")), d)
        for f, d in bad.items():
            kind = d["code"] + ": " + general(d["message"]); refused[kind] += 1
            if kind not in first: first[kind] = (seed, f, d["message"]); keep(os.path.join(folder, f), "refused-%d-%d-%s" % (len(first), seed, f))
        cells = {f.split(".")[0].rstrip("b") for f in bad}
        for f in files:
            if f.split(".")[0].rstrip("b") in cells: os.remove(os.path.join(folder, f))
        # Only what cellsh accepted is judged: what it refused may well run for ever.
        left = [os.path.join(folder, f) for f in sorted(os.listdir(folder))]
        judge = run("lua5.1", os.path.join(here, "oracle.lua"), os.path.join(w, "requests.lua"), *left).stdout.split("\n")
        if len(judge) < len(asked):
            print("the judge gave no answer, seed", seed); seed += 1; continue
        index = [i for i, q in enumerate(asked) if q["cell"] not in cells]
        decided = run(cellsh, "decide", "--policy", folder, input="".join(json.dumps(asked[i]) + "\n" for i in index))
        answers = decided.stdout.split("\n")[:-1]
        if len(answers) != len(index):
            crashes += 1; print("CRASH of decide, seed", seed, decided.stderr[:400]); keep_all(folder, seed); seed += 1; continue
        told = set()
        for i, line in zip(index, answers):
            got, want = json.loads(line), judge[i].split("\t")
            have = got.get("result", "error")
            if have == want[0] and have != "error" and "policy" in got and got.get("reason", "") != want[1]: 
                reasons += 1; print("REASON, seed", seed, asked[i]["cell"] + ": cellsh", repr(got.get("reason", "")), "| Lua", judge[i], "|", json.dumps(asked[i]), flush=True); keep_all(folder, seed)
            if have == want[0]: continue
            differ += 1; cell = asked[i]["cell"]
            if cell in told: continue
            told.add(cell); print("DIFFERS, seed", seed, cell + ": cellsh", have, got.get("error", "")[:120], "| Lua", judge[i], "|", json.dumps(asked[i]), flush=True)
            for f in files:
                if f in (cell + ".lua", cell + "b.lua") and os.path.exists(os.path.join(folder, f)): keep(os.path.join(folder, f), "differs-%d-%s" % (seed, f))
        policies += len(files); accepted += len(files) - sum(f.split(".")[0].rstrip("b") in cells for f in files); requests += len(index); seed += 1
for kind, n in refused.most_common(30): print(n, kind, "e.g. seed %d %s: %s" % first[kind])
print("%d policies, %d accepted, %d requests, %d differences, %d other reasons, %d crashes" % (policies, accepted, requests, differ, reasons, crashes))
sys.exit(1 if differ or crashes else 0)
