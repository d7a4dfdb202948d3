"""Heavy queries cost the broker nothing: not its CPU per message, and not its stop.

One shard takes MQTT messages of QoS 1 as fast as its publishers can send, beside a stream that holds a
million of them. Rounds alternate: without queries, and with sorts, joins, groupings and window functions
over ten million rows of that stream and more, two at once and others waiting; of a quarter of them the
client hangs up in the middle. The shard thread's CPU per message with them must be at most 1.1 of what it
is without (median of the rounds), every publisher must get on, each query must end in rows or in a
refusal by its bounds, and a SIGTERM while they run must end the server within the stop's patience.
"""

import json
import os
import random
import socket
import statistics
import subprocess
import threading
import time
import urllib.error
import urllib.request

from campaigns.support.server import RssWatch, Server

ROWS = 1_000_000
FACTOR_MAX = 1.1
STOP_S_MAX = 8.0  # 5 s for the broker's sessions, 2 s for half requests, and one to close the log
RSS_MAX_MIB = 700  # two queries of 64 MiB beside the log's and the broker's memory
CANCELLED_SHARE = 0.25
BUSY = 429
OF_BOUNDS = 422
TEN = "FROM stored m, UNNEST('[0,1,2,3,4,5,6,7,8,9]') u"  # each message ten times
QUERIES = [
    f"SELECT device, ts {TEN} ORDER BY ts DESC, device LIMIT 100",
    f"SELECT device, ts {TEN} ORDER BY ts, device",
    f"SELECT device, count(*) AS n, min(ts) AS a, max(ts) AS b {TEN} GROUP BY device",
    f"SELECT partition, avg(m.offset) AS a, stddev(m.offset) AS s {TEN} GROUP BY partition",
    f"SELECT m.offset, count(*) AS n {TEN} GROUP BY m.offset",
    f"SELECT device, count(*) AS n {TEN} GROUP BY device, TUMBLE(1s)",
    f"SELECT count(*) AS n {TEN} JOIN (SELECT device, max(ts) AS t FROM stored GROUP BY device) d"
    " ON m.device = d.device",
    f"SELECT count(*) AS n {TEN} WHERE length(repeat(m.topic, 20)) > 100",
    f"SELECT DISTINCT device, partition {TEN}",
    f"SELECT median(m.offset) AS q {TEN}",
    f"SELECT approx_count_distinct(m.offset) AS n {TEN}",
    f"SELECT device, row_number() OVER (PARTITION BY device ORDER BY ts) AS r {TEN}",
    "SELECT a.offset FROM stored a JOIN stored b ON a.offset = b.offset",
]


def add_arguments(parser):
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4, help="that ask at once")
    parser.add_argument("--rows", type=int, default=ROWS, help="in the log before it begins")


class Asker(threading.Thread):
    """Asks one query after the other until told to end."""

    def __init__(self, port, seed, ends):
        super().__init__(daemon=True)
        self.port, self.random, self.ends = port, random.Random(seed), ends
        self.counts = {"rows": 0, "refused": 0, "cancelled": 0, "waited": 0}
        self.rows_read = 0
        self.failures = []

    def run(self):
        while not self.ends.is_set():
            sql = self.random.choice(QUERIES)
            try:
                if self.random.random() < CANCELLED_SHARE:
                    self.cancel(sql)
                else:
                    self.ask(sql)
            except (OSError, ValueError) as why:
                if not self.ends.is_set():
                    self.failures.append(f"{sql}: {why}")
                    return

    def ask(self, sql):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/query?format=ndjson",
                                         sql.encode())
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                last = b""
                for line in answer:
                    last = line
            summary = json.loads(last).get("summary", {})
            self.rows_read += summary.get("rows_read", 0)
            self.counts["rows"] += 1
        except urllib.error.HTTPError as why:
            text = why.read().decode()
            if why.code == BUSY:
                self.counts["waited"] += 1
                self.ends.wait(0.2)
            elif why.code == OF_BOUNDS:
                self.counts["refused"] += 1
            else:
                raise ValueError(f"{why.code} {text}") from why

    def cancel(self, sql):
        """Hangs up half a second after asking."""
        body = sql.encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: "
                               + str(len(body)).encode() + b"\r\n\r\n" + body)
            self.ends.wait(0.5)
        self.counts["cancelled"] += 1


def thread_cpu_s(pid):
    """{thread: CPU seconds}, of nanoseconds as the scheduler counts them."""
    out = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/schedstat") as stat:
            out[tid] = int(stat.read().split()[0]) / 1e9
    return out


class Campaign:
    def __init__(self, options, server):
        self.options, self.server = options, server
        self.failures = []
        self.shard = None  # its thread

    def received(self):
        return self.server.metrics()["holdfast_mqtt_messages_received_total"]

    def load(self, seconds, qos, window, prefix="bench"):
        return subprocess.Popen(
            [str(self.options.load), "fanin", "--publishers", "100", "--subscribers", "0", "--qos",
             str(qos), "--window", str(window), "--payload", "64", "--duration", str(seconds),
             "--warmup", "1", "--prefix", prefix, "--port", str(self.server.ports["mqtt"]), "--quiet", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def fill(self):
        while self.received() < self.options.rows:
            self.finish(self.load(1, 1, 20, "stored"))

    def finish(self, load):
        out, err = load.communicate(timeout=120)
        result = json.loads(out) if out else {"ok": False, "first_failure": err.strip()}
        if not result["ok"]:
            self.failures.append(f"publishers: {result.get('first_failure') or result}")
        return result

    def measure(self):
        """The shard's CPU in microseconds per message while the publishers are at it, and their rate."""
        load = self.load(self.options.seconds, 1, 20)
        time.sleep(1.5)
        begin_s, begin = time.monotonic(), self.received()
        before = thread_cpu_s(self.server.process.pid)
        time.sleep(self.options.seconds - 1)
        after = thread_cpu_s(self.server.process.pid)
        if self.shard is None:  # there is one: without queries nobody else is as busy
            self.shard = max(before, key=lambda tid: after.get(tid, 0) - before[tid])
        cpu = after[self.shard] - before[self.shard]
        messages = self.received() - begin
        rate = messages / (time.monotonic() - begin_s)
        self.finish(load)
        return cpu * 1e6 / max(messages, 1), rate

    def ask(self, round_number):
        ends = threading.Event()
        askers = [Asker(self.server.ports["http"], f"{self.options.seed} {round_number} {i}", ends)
                  for i in range(self.options.clients)]
        for asker in askers:
            asker.start()
        return ends, askers

    def take(self, askers, counts):
        for asker in askers:
            asker.join(60)
            self.failures += asker.failures
            for name, count in asker.counts.items():
                counts[name] = counts.get(name, 0) + count
            counts["rows_read"] = counts.get("rows_read", 0) + asker.rows_read

    def rounds(self):
        factors, counts = [], {}
        for number in range(self.options.rounds):
            without_us, without_rate = self.measure()
            ends, askers = self.ask(number)
            with_us, with_rate = self.measure()
            ends.set()
            self.take(askers, counts)
            factors.append(with_us / without_us)
            print(f"round {number}: shard CPU {without_us:.3f} us per message at {without_rate:,.0f}/s, with"
                  f" queries {with_us:.3f} us at {with_rate:,.0f}/s: {factors[-1]:.3f}", flush=True)
            if with_rate <= 0:
                self.failures.append("no message was taken beside the queries")
        factor = statistics.median(factors)
        print(f"median {factor:.3f}, bar <= {FACTOR_MAX}; queries: {counts}", flush=True)
        if factor > FACTOR_MAX:
            self.failures.append(f"the shard's CPU per message is {factor:.3f} of that without")
        if counts.get("rows", 0) + counts.get("refused", 0) + counts.get("cancelled", 0) < 20:
            self.failures.append(f"fewer than 20 queries ran: {counts}")

    def stop_beside_queries(self):
        ends, askers = self.ask("stop")
        load = self.load(30, 1, 20)
        time.sleep(3)
        ends.set()  # what fails from here on is the stop's doing
        begin_s = time.monotonic()
        self.server.process.terminate()
        try:
            code = self.server.process.wait(60)
        except subprocess.TimeoutExpired:
            code = None
        taken_s = time.monotonic() - begin_s
        load.kill()
        load.communicate()
        for asker in askers:
            asker.join(60)
        print(f"SIGTERM beside {len(askers)} clients that ask: exit {code} after {taken_s:.2f} s, bar"
              f" <= {STOP_S_MAX} s", flush=True)
        if code != 0 or taken_s > STOP_S_MAX:
            self.failures.append(f"the stop took {taken_s:.2f} s and gave {code}")


def run(options):
    config = ("shards: 1\n"
              "streams:\n  stored: {partitions: 4, durability: os}\n"
              "  bench: {partitions: 4, durability: os, retention: {bytes: 64MiB}}\n"
              "bridge:\n"
              '  - {topic: "stored/#", stream: stored}\n  - {topic: "#", stream: bench}\n')
    with Server(options.binary, options.work, config) as server, RssWatch(server) as watch:
        campaign = Campaign(options, server)
        campaign.fill()
        campaign.rounds()
        campaign.stop_beside_queries()
    peak_mib = watch.peak_bytes / (1 << 20)
    print(f"peak RSS {peak_mib:.0f} MiB, bar <= {RSS_MAX_MIB} MiB")
    if peak_mib > RSS_MAX_MIB:
        campaign.failures.append(f"peak RSS {peak_mib:.0f} MiB, at most {RSS_MAX_MIB}")
    return campaign.failures
