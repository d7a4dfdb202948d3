"""Clients that want to harm: each is closed or refused, memory holds, and others are served as before.

For each kind of harm, with a pair of publisher and subscriber beside it whose p99 must be within
twice that of the same run without: connections that say nothing and half handshakes of TLS, records
of TLS cut short, WebSocket frames that lie about their packets, are not masked or are 2^63 long,
floods of pings, and of wrong passwords over MQTT, HTTP Basic and POST /login. Resident memory must
stay below limits.memory, and a client of MQTT, HTTP and TLS each must be served afterwards.
"""

import json
import pathlib
import subprocess
import sys

from campaigns.support.hostile import KINDS, Flood
from campaigns.support.server import RssWatch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "app"))

from matrix import transport  # noqa: E402
from matrix.http_door import PASSWORD  # noqa: E402
from matrix.mqtt_client import Client  # noqa: E402
from matrix.site import Site  # noqa: E402

LIMIT_MIB = 256
P99_FACTOR_MAX = 2.0
P99_FLOOR_MS = 5.0  # below this a factor says nothing
CONFIG = f"limits: {{memory: {LIMIT_MIB}MiB}}\nmqtt: {{connect_timeout: 3s}}\n"


def add_arguments(parser):
    parser.add_argument("--seconds", type=int, default=20, help="of each kind")
    parser.add_argument("--connections", type=int, default=1000, help="that say nothing, or half")
    parser.add_argument("--rate", type=int, default=1000, help="harms in a second")
    parser.add_argument("--only", choices=sorted(KINDS), nargs="*", default=list(KINDS))
    parser.add_argument("--quick", action="store_true", help="without the bound on p99")
    parser.add_argument("--memory-factor", type=float, default=1.0,
                        help="times limits.memory, where a sanitizer takes memory of its own")


class Watched:
    """As RssWatch wants it."""

    def __init__(self, process):
        self.process = process

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * 4096


def open_rights(text):
    """The matrix's rights, with room for holdfast-load, which has no name."""
    return text.replace("guest-*", "*").replace("public/hello", "public/#")


def start(options):
    site = Site(str(options.binary), [])
    site.install("access.yaml", open_rights)
    site.config.write_text(site.config.read_text() + CONFIG)
    return site


class Kind:
    def __init__(self, options, name):
        self.options, self.name, self.failures = options, name, []

    def fail(self, what):
        self.failures.append(f"{self.name}: {what}")

    def pair(self, site):
        """p99 in ms of one that publishes 500 messages a second and one that reads them."""
        load = subprocess.run(
            [str(self.options.load), "pairs", "--port", str(site.ports["mqtt"]), "--pairs", "1",
             "--rate", "500", "--qos", "1", "--prefix", "public", "--duration",
             str(self.options.seconds), "--warmup", "1", "--quiet", "--json"],
            capture_output=True, text=True, timeout=self.options.seconds + 120, check=False)
        if not load.stdout:
            self.fail(f"the pair: {load.stderr.strip()}")
            return None
        result = json.loads(load.stdout)
        if not result["ok"]:
            self.fail(f"the pair: {result['lost']} lost; {result['first_failure']}")
        return result["end_to_end_ms"]["p99"]

    def check_served(self, site):
        """Whoever is not hostile gets in, by each door."""
        doors = {"mqtt": lambda: transport.plain(site.ports["mqtt"]),
                 "mqtts": lambda: transport.tls(site.ports["mqtts"], site.ca),
                 "ws": lambda: transport.WebSocket(transport.plain(site.ports["http"])),
                 "wss": lambda: transport.WebSocket(transport.tls(site.ports["https"], site.ca))}
        for door, opened in doors.items():
            try:
                client = Client(opened())
                reason = client.connect(f"press-{door}", "press", site.tokens["press"])
                client.stream.close()
                if reason != 0:
                    self.fail(f"{door} refuses a good client with {reason} afterwards")
            except OSError as error:
                self.fail(f"{door} does not serve a good client afterwards: {error}")

    def run(self):
        """p99 without and with, in ms, and the peak of memory in MiB."""
        with start(self.options) as site:
            alone_ms = None if self.options.quick else self.pair(site)
            with RssWatch(Watched(site.process)) as rss:
                flood = Flood(site, KINDS[self.name], self.options)
                with flood:
                    beside_ms = self.pair(site)
                self.failures += [f"{self.name}: {what}" for what in flood.failures]
                self.check_served(site)
            if site.process.poll() is not None:
                self.fail("the server has ended")
            elif "assert" in site.log().lower():
                self.fail("an assertion failed")
        mib = rss.peak_bytes / (1 << 20)
        if mib > LIMIT_MIB * self.options.memory_factor:
            self.fail(f"{mib:.0f} MiB resident of {LIMIT_MIB}")
        if alone_ms and beside_ms and beside_ms > max(P99_FLOOR_MS, P99_FACTOR_MAX * alone_ms):
            self.fail(f"p99 {beside_ms:.1f} ms beside it, {alone_ms:.1f} ms alone")
        print(f"{self.name}: {flood.summary()}; p99 {alone_ms} ms alone, {beside_ms} ms beside; "
              f"{mib:.0f} MiB", flush=True)
        return self.failures


def run(options):
    return [failure for name in options.only for failure in Kind(options, name).run()]
