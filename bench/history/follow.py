#!/usr/bin/env python3
"""How many points a CPU second history takes from the log, in the whole server.

Rows of trucks (10 numbers each) are imported while history is off. Then the server starts with history on, and its
CPU time (user and system, of the whole process, from its start on) is read once nothing is left to follow; each round
begins with no history. The same log is then read without the store, which tells the share that reading has of it: fetching,
decompressing, and payloads into columns.

    bench/history/follow.py [--trucks 100] [--steps 5000] [--rounds 3] [--build build/release] [--bench build/bench]
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIELDS = 10
POINTS_PER_CPU_SECOND_MIN = 4e6
QUIET_S = 1.5  # nothing is asked meanwhile: answers cost CPU time, too
TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = """
listeners: {{mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}}
log_level: error
streams: {{trucks: {{partitions: 4, durability: os, compression: lz4}}}}
history: {{enabled: {enabled}, retention: 36500d}}
"""


class Server:
    def __init__(self, options, work, enabled):
        config = work / f"{enabled}.yaml"
        config.write_text(CONFIG.format(enabled=str(enabled).lower()))
        self.process = subprocess.Popen([options.holdfast, "serve", "-c", config, "--data-dir", work / "data"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.port = None
        for line in self.process.stdout:
            if found := re.match(r"listening http 127\.0\.0\.1:(\d+)", line):
                self.port = found.group(1)
            if line.strip() == "ready":
                return
        raise RuntimeError("the server does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def metric(self, name):
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30).read().decode()
        return float(re.search(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE).group(1))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def follow(options, work, points):
    shutil.rmtree(work / "data/history", ignore_errors=True)
    with Server(options, work, True) as server:
        time.sleep(QUIET_S)
        while server.metric("holdfast_history_lag_records") > 0:
            time.sleep(0.05)
        seconds = server.cpu_seconds()
        rows = server.metric("holdfast_history_rows_total")
    if rows * FIELDS != points:
        raise RuntimeError(f"{rows:.0f} rows were taken instead of {points // FIELDS}")
    return seconds


def read(options, work):
    scratch = work / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    return float(subprocess.check_output([options.follow_bench, "read", work / "data/log", "trucks", scratch]))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trucks", type=int, default=100)
    parser.add_argument("--steps", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--bench", type=pathlib.Path, default=ROOT / "build/bench")
    options = parser.parse_args()
    options.holdfast = (options.build / "bin/holdfast").resolve()
    options.follow_bench = (options.bench / "bin/history_follow_bench").resolve()
    return options


def main():
    options = parse_options()
    points = options.trucks * options.steps * FIELDS
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        rows = work / "trucks.csv"
        with rows.open("w") as out:
            subprocess.run([options.follow_bench, "rows", str(options.trucks), str(options.steps)], stdout=out, check=True)
        with Server(options, work, False) as server:
            subprocess.run([options.holdfast, "import", rows, "--url", f"http://127.0.0.1:{server.port}", "--stream", "trucks",
                            "--device", "truck", "--time", "us", "--time-format", "us"], check=True, stdout=subprocess.DEVNULL)
        best = min(follow(options, work, points) for _ in range(options.rounds))
        reading = min(read(options, work) for _ in range(options.rounds))
    rate = points / best
    print(f"{points} points of {options.trucks} trucks, from the log to history: {best:.2f} CPU s, {rate / 1e6:.2f} M points per CPU"
          f" second, bar >= {POINTS_PER_CPU_SECOND_MIN / 1e6:.0f} M; reading the log alone {reading:.2f} s, {reading / best:.0%} of it")
    return 0 if rate >= POINTS_PER_CPU_SECOND_MIN else 1


if __name__ == "__main__":
    sys.exit(main())
