"""What the checks read: tracked files, and C++ with its comments and literals blanked."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPP = (".cpp", ".hpp")

_NOISE = re.compile(
    r"//[^\n]*|/\*.*?\*/|R\"(\w*)\(.*?\)\1\"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'(?!\w)", re.S)


def tracked(suffixes=None):
    """Tracked files as paths relative to the root, only those that end in `suffixes` if given."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [n for n in names if (suffixes is None or n.endswith(suffixes)) and (ROOT / n).is_file()]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def code_only(text):
    """`text` with comments and literals turned into blanks; line numbers stay."""
    return _NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def run(name, check_file, names, bad_samples, good_samples=()):
    """Runs a check over files, or with --self-test over samples [(path, text)]; gives an exit code.

    check_file(path, text) gives a list of "path:line: reason". A self-test fails when a bad sample
    passes or a good one does not: a check that cannot fail checks nothing.
    """
    if "--self-test" in sys.argv[1:]:
        wrong = [f"{p}: bad sample passes: {t!r}" for p, t in bad_samples if not check_file(p, t)]
        wrong += [f"{f} (a good sample)" for p, t in good_samples for f in check_file(p, t)]
        found, count = wrong, len(bad_samples) + len(good_samples)
    else:
        found, count = [f for n in names for f in check_file(n, read(n))], len(names)
    for line in found:
        print(line, file=sys.stderr)
    what = "samples" if "--self-test" in sys.argv[1:] else "files"
    print(f"{name}: {count} {what}, {len(found)} findings")
    return 1 if found else 0
