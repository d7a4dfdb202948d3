"""History under SIGKILLs while it follows, and on files that were harmed.

Test binaries with more rounds than every change has: after each kill history must equal the log, row by row, and of
a harmed history no value may be wrong, and all of it comes back from a log that has it. Needs build/release with targets test_crash and test_history.
"""

import os
import subprocess


def add_arguments(parser):
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--corruptions", type=int, default=500)


def run(options):
    tests = (("test_crash", "history equals the log after*", "HOLDFAST_HISTORY_CRASH_ROUNDS", options.kills),
             ("test_history", "no value of a damaged history is wrong", "HOLDFAST_HISTORY_CORRUPTIONS",
              options.corruptions),
             ("test_history", "a damaged history is built anew from the log", "HOLDFAST_HISTORY_CORRUPTIONS",
              options.corruptions))
    failures = []
    for binary, test, name, rounds in tests:
        path = options.binary.resolve().parent / binary
        done = subprocess.run([str(path), test], capture_output=True, text=True, errors="replace", check=False,
                              env=os.environ | {name: str(rounds), "HOLDFAST_HISTORY_SEED": str(options.seed)})
        print(f"{binary}: {rounds} rounds, {'failed' if done.returncode else 'passed'}", flush=True)
        if done.returncode:
            failures.append(f"{binary}\n{done.stdout[-3000:]}")
    return failures
