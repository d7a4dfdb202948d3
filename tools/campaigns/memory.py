"""Memory stays below its limit beside subscribers that do not read, and nobody else pays for them.

Two shards, publishers at full speed with 1 KB messages of QoS 0 and 1, and subscribers of all of them
that read nothing: clean ones with QoS 0, clean ones with QoS 1, persistent ones, and all three mixed.
Beside them a pair that reads exchanges 1,000 messages a second with QoS 1. Resident memory must stay
below limits.memory and a fifth, every publisher must get on, the pair must lose nothing, and its p99
must be within twice that of a run without the slow ones.
"""

import json
import random
import subprocess
import time

from campaigns.support.mqtt import subscribe_and_stop_reading
from campaigns.support.server import RssWatch, Server

LIMIT_MIB = 256
RSS_MAX_MIB = 310
P99_FACTOR_MAX = 2.0
P99_FLOOR_MS = 5.0  # below this a factor says nothing
KINDS = {"clean-qos0": [(0, True)], "clean-qos1": [(1, True)], "persistent": [(1, False)],
         "mixed": [(0, True), (1, True), (1, False)]}


def add_arguments(parser):
    parser.add_argument("--seconds", type=int, default=60, help="of each run")
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--only", choices=sorted(KINDS), nargs="*", default=list(KINDS))


class Run:
    def __init__(self, options, name, kinds):
        self.options, self.name, self.kinds = options, name, kinds
        self.random = random.Random(f"{options.seed} {name}")
        self.failures = []
        self.p99_ms = 0.0

    def load(self, server, *arguments):
        return subprocess.Popen(
            [str(self.options.load), *arguments, "--port", str(server.ports["mqtt"]), "--payload",
             "1024", "--duration", str(self.options.seconds), "--warmup", "1", "--quiet", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result_of(self, what, process):
        out, err = process.communicate(timeout=self.options.seconds + 120)
        if not out:
            self.failures.append(f"{self.name}: {what}: {err.strip()}")
            return None
        result = json.loads(out)
        if not result["ok"]:
            self.failures.append(f"{self.name}: {what}: {result['failures']} connections failed, "
                                 f"{result['lost']} messages lost; {result['first_failure']}")
        return result

    def stalls(self, server, processes):
        """Seconds in which no message at all was taken."""
        stalled, before = 0, server.metrics()["holdfast_mqtt_messages_received_total"]
        time.sleep(2)
        while all(process.poll() is None for process in processes):
            time.sleep(1)
            now = server.metrics()["holdfast_mqtt_messages_received_total"]
            if now == before and all(process.poll() is None for process in processes):
                stalled += 1
            before = now
        return stalled

    def go(self):
        options = self.options
        config = (f"shards: 2\nlimits: {{memory: {LIMIT_MIB}MiB, disk: 4GiB}}\n"
                  "streams:\n  bench: {partitions: 4, durability: os}\n"
                  'bridge:\n  - {topic: "#", stream: bench}\n')
        with Server(options.binary, options.work, config) as server, RssWatch(server) as watch:
            slow = []
            if self.kinds:
                for i in range(options.subscribers):
                    qos, clean = self.random.choice(self.kinds)
                    slow.append(subscribe_and_stop_reading(server.ports["mqtt"], f"slow-{i}",
                                                           "flood/#", qos, clean))
            pair = self.load(server, "pairs", "--pairs", "1", "--qos", "1", "--rate", "1000", "--window", "1000",
                             "--prefix", "healthy")
            floods = [self.load(server, "fanin", "--publishers", "2", "--subscribers", "0", "--qos",
                                str(qos), "--window", "200", "--prefix", f"flood/{qos}")
                      for qos in (0, 1)]
            stalled = self.stalls(server, floods)
            results = [self.result_of(f"QoS {qos} publishers", flood)
                       for qos, flood in enumerate(floods)]
            healthy = self.result_of("the pair that reads", pair)
            counts = server.metrics()
            for connection in slow:
                connection.close()
        self.judge(watch, stalled, results, healthy, counts)
        return self

    def judge(self, watch, stalled, results, healthy, counts):
        peak_mib = watch.peak_bytes / (1 << 20)
        self.p99_ms = healthy["end_to_end_ms"]["p99"] if healthy else 0.0
        rates = [f"{result['published_per_s'] / 1000:.1f}" if result else "-" for result in results]
        dropped = counts.get('holdfast_mqtt_messages_dropped_total{reason="slow_subscriber"}', 0)
        print(f"{self.name:<12} peak RSS {peak_mib:5.0f} MiB  p99 {self.p99_ms:7.2f} ms  "
              f"{' + '.join(rates)} k messages/s (QoS 0 + 1)  "
              f"closed {counts['holdfast_mqtt_slow_subscribers_closed_total']:.0f}  "
              f"dropped {dropped:.0f}", flush=True)
        if peak_mib > RSS_MAX_MIB:
            self.failures.append(f"{self.name}: peak RSS {peak_mib:.0f} MiB, at most {RSS_MAX_MIB}")
        if stalled:
            self.failures.append(f"{self.name}: no message was taken in {stalled} seconds")


def run(options):
    without = Run(options, "without", []).go()
    failures = list(without.failures)
    bound_ms = max(without.p99_ms, P99_FLOOR_MS) * P99_FACTOR_MAX
    for name in options.only:
        one = Run(options, name, KINDS[name]).go()
        failures += one.failures
        if one.p99_ms > bound_ms:
            failures.append(f"{name}: the pair's p99 is {one.p99_ms:.2f} ms, at most {bound_ms:.2f}")
    return failures
