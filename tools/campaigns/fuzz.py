"""Fuzz targets run for some time each, beginning with their corpora, two at a time.

Builds preset fuzz (clang-19; ASan, UBSan) where it is not built. What is found of new inputs stays in
--work, not in fuzz/corpus; an input that ends a target is named, with the end of what it said.
"""

import concurrent.futures
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RUNS = re.compile(r"stat::number_of_executed_units: (\d+)")
INPUT = re.compile(r"Test unit written to (\S+)")


def targets():
    return sorted(path.stem.removesuffix("_fuzz") for path in (ROOT / "fuzz").glob("*_fuzz.cpp"))


def add_arguments(parser):
    parser.add_argument("--seconds", type=int, default=300, help="of each target")
    parser.add_argument("--only", choices=targets(), nargs="*", default=targets())


def build(names):
    subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["cmake", "--build", "build/fuzz", "--target", *(f"fuzz_{name}" for name in names)],
                   cwd=ROOT, check=True)


def fuzz(name, options):
    """What went wrong; nothing where all was well."""
    found = options.work / "fuzz" / name
    found.mkdir(parents=True, exist_ok=True)
    corpus = ROOT / "fuzz" / "corpus" / name
    known = [str(corpus)] if corpus.is_dir() else []
    done = subprocess.run(
        [str(ROOT / "build" / "fuzz" / "bin" / f"fuzz_{name}"), f"-max_total_time={options.seconds}",
         f"-seed={options.seed}", "-print_final_stats=1", "-rss_limit_mb=4096", "-timeout=25",
         f"-artifact_prefix={found}/", str(found), *known],
        capture_output=True, text=True, errors="replace", check=False)
    runs = RUNS.search(done.stderr)
    print(f"{name}: {int(runs[1]) if runs else 0:,} runs in {options.seconds} s", flush=True)
    if done.returncode == 0 and runs:
        return None
    written = INPUT.search(done.stderr)
    return f"{name}: {written[1] if written else 'no input was written'}\n{done.stderr[-3000:]}"


def run(options):
    build(options.only)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        outcomes = list(pool.map(lambda name: fuzz(name, options), options.only))
    return [failure for failure in outcomes if failure]
