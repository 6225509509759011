#!/usr/bin/env python3
"""The count side by side with stv-rs 0.5.1, in one run on the same papers.

Makes a million papers from a seed, one a line, 20 candidates, 7 places, once in the BLT
format and once with the nicknames that stv-rs wants; counts them in turn with both
programs; compares CPU time (user and system), and checks memory and that a file in
another order gives the same bytes. stv-rs is fetched and built for this only, into
target/bench. Exits 1 if a limit is passed.

    ./bench count [--papers 1000000] [--rounds 3]
    benches/count.py [--program target/release/breakthrough]      with a program built already
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

CANDIDATES, PLACES = 20, 7
# The share of the CPU time of stv-rs that each rule may take at most.
LIMITS = {"scottish-stv": 0.2, "ers97": 0.2, "irv": 0.2, "meek": 0.9}
MEMORY_LIMIT_KB = 100 * 1024
ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "target" / "bench"


def make_papers(papers, seed):
    """Rankings of random length; some candidates are more popular than others."""
    rng = random.Random(seed)
    popular = [rng.random() ** 2 + 0.02 for _ in range(CANDIDATES)]
    rankings = []
    for _ in range(papers):
        order = sorted(range(CANDIDATES), key=lambda c: rng.expovariate(popular[c]))
        rankings.append(bytes(order[: rng.randint(1, CANDIDATES)]))
    return rankings


def write(path, rankings, nicknames):
    prefix = "c" if nicknames else ""
    label = [f"{prefix}{c + 1}" for c in range(CANDIDATES)]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{CANDIDATES} {PLACES}\n")
        if nicknames:
            file.write(f"[nick {' '.join(label)}]\n")
        for ranking in rankings:
            file.write(f"1 {' '.join(label[c] for c in ranking)} 0\n")
        file.write("0\n")
        for c in range(CANDIDATES):
            file.write(f'"Candidate {c + 1}"\n')
        file.write('"A million papers"\n')


def run(command):
    """CPU seconds, most memory in kilobytes, and what was printed."""
    output = BENCH / "output"
    with open(output, "wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} failed with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, output.read_bytes()


def main():
    arguments = argparse.ArgumentParser(description="Counts side by side with stv-rs.")
    arguments.add_argument("--program", default=str(ROOT / "target" / "release" / "breakthrough"))
    arguments.add_argument("--papers", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    BENCH.mkdir(parents=True, exist_ok=True)
    other = BENCH / "bin" / "stv-rs"
    if not other.exists():
        install = ["cargo", "install", "stv-rs", "--version", "0.5.1", "--locked", "--root", str(BENCH)]
        subprocess.run(install, check=True)
    rankings = make_papers(chosen.papers, chosen.seed)
    ours, theirs, shuffled = BENCH / "papers.blt", BENCH / "papers.stv-rs.blt", BENCH / "shuffled.blt"
    write(ours, rankings, nicknames=False)
    write(theirs, rankings, nicknames=True)
    random.Random(chosen.seed).shuffle(rankings)
    write(shuffled, rankings, nicknames=False)
    del rankings

    times = {rule: [] for rule in ["stv-rs meek", *LIMITS]}
    memory = dict.fromkeys(times, 0)
    printed = {}
    for _ in range(chosen.rounds):
        command = [str(other), "--input", str(theirs), "--arithmetic", "fixed9", "meek", "--parallel", "no"]
        for rule in times:
            if rule != "stv-rs meek":
                command = [chosen.program, "count", str(ours), "--method", rule, "--seats", "from-file"]
            seconds, kilobytes, printed[rule] = run(command)
            times[rule].append(seconds)
            memory[rule] = max(memory[rule], kilobytes)
    failed = False
    base = statistics.median(times["stv-rs meek"])
    print(f"{chosen.papers} papers, {CANDIDATES} candidates, {PLACES} places, {chosen.rounds} rounds")
    print(f"{'':12}  {'CPU s':>7}  {'share':>6}  {'limit':>5}  {'memory':>8}")
    print(f"{'stv-rs meek':12}  {base:7.2f}  {1:6.2f}  {'':5}  {memory['stv-rs meek'] // 1024:5} MB")
    for rule, limit in LIMITS.items():
        seconds = statistics.median(times[rule])
        same = run([chosen.program, "count", str(shuffled), "--method", rule])[2] == printed[rule]
        failed |= seconds > limit * base or memory[rule] > MEMORY_LIMIT_KB or not same
        print(
            f"{rule:12}  {seconds:7.2f}  {seconds / base:6.2f}  {limit:5}  {memory[rule] // 1024:5} MB"
            f"  {'same bytes when shuffled' if same else 'OTHER BYTES WHEN SHUFFLED'}"
        )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
