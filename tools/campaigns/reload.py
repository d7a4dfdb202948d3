"""Certificates, users and rights change under load, good files and bad in turn; nobody else notices.

Clients publish with QoS 1 over TLS, each in a closed loop, and holdfast-load runs pairs beside them.
Meanwhile the certificate is renewed and broken, users are added, broken and disabled, rights are
changed and broken. No connection of the load may end and no message be lost; a user who is disabled
is off within a second of SIGHUP, and within two of the file's change without it; a bad file changes
nothing and is named in the log, with its line where it has lines.
"""

import json
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "app"))

from matrix import transport  # noqa: E402
from matrix.http_door import PASSWORD  # noqa: E402
from matrix.mqtt_client import Client  # noqa: E402
from matrix.site import Site  # noqa: E402

SIGNALLED_S, NOTICED_S = 1.0, 2.0
VICTIM = "vera"


def add_arguments(parser):
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--clients", type=int, default=20, help="over TLS")
    parser.add_argument("--patience", type=float, default=1.0,
                        help="times the promised seconds, where the machine does other things")


def open_rights(text):
    """The matrix's rights, with room for holdfast-load, which has no name."""
    return text.replace("guest-*", "*").replace("public/hello", "public/#")


class Publisher(threading.Thread):
    """One client over TLS, until it is told to end or something is wrong."""

    def __init__(self, site, number):
        super().__init__(daemon=True)
        self.stream = transport.tls(site.ports["mqtts"], site.ca)
        self.client = Client(self.stream)
        if self.client.connect(f"press-{number}", "press", PASSWORD) != 0:
            raise RuntimeError("a client of the load is refused")
        self.count, self.failure, self.ends = 0, None, threading.Event()

    def run(self):
        try:
            while not self.ends.is_set():
                reason = self.client.publish("plant/press/load")
                if reason >= 0x80:
                    raise ValueError(f"PUBACK {reason:#x}")
                self.count += 1
        except (OSError, ValueError) as error:
            self.failure = str(error)


class Campaign:
    def __init__(self, options, site):
        self.options, self.site = options, site
        self.failures, self.taken = [], {}

    def note(self, what, seconds, at_most):
        """Keeps the longest of each kind."""
        at_most *= self.options.patience
        self.taken[what] = max(self.taken.get(what, 0.0), seconds)
        if seconds > at_most:
            self.failures.append(f"{what}: {seconds:.2f} s, at most {at_most:g}")

    def wait_for_log(self, what, text, begin):
        """Until the log says `text` behind `begin`, where the file was changed."""
        started = time.monotonic()
        while text not in self.site.log()[begin:]:
            if time.monotonic() - started > 5 * self.options.patience:
                self.failures.append(f"{what}: the log does not say '{text}'")
                return
            time.sleep(0.01)
        self.note(what, time.monotonic() - started, NOTICED_S)

    def edit(self, name, change, what, said):
        begin = len(self.site.log())
        self.site.install(name, change)
        self.wait_for_log(what, said, begin)

    def is_welcome(self, user):
        client = Client(transport.tls(self.site.ports["mqtts"], self.site.ca))
        reason = client.connect(f"{user}-new", user, PASSWORD)
        client.stream.close()
        return reason == 0

    def check_still(self, what):
        if not self.is_welcome("press"):
            self.failures.append(f"{what}: a new connection is refused after it")

    def renew_certificate(self):
        self.site.run("cert", "server", "-c", str(self.site.config))
        self.check_still("a new certificate")

    def break_certificate(self):
        file = self.site.directory / "certs" / "server.crt"
        good, begin = file.read_text(), len(self.site.log())
        file.write_text(good[: len(good) // 2])
        self.wait_for_log("a broken certificate is named", "server.crt", begin)
        self.check_still("a broken certificate")
        file.write_text(good)

    def break_users(self):
        self.edit("users", lambda text: text.replace("\tactive", "\tasleep", 1),
                  "a broken users file is named", "users:2:")
        self.check_still("a broken users file")
        self.site.install("users")

    def break_rights(self):
        self.edit("access.yaml", self.misspelt,
                  "a broken access.yaml is named", "access.yaml:4:")
        self.check_still("a broken access.yaml")
        self.site.install("access.yaml", open_rights)

    @staticmethod
    def misspelt(text):
        return open_rights(text).replace("allow: connect", "allow: conect", 1)

    def disable(self, is_signalled):
        """Seconds until the victim's connection has ended, from the change or the signal on."""
        self.site.install("users")
        end = time.monotonic() + 5 * self.options.patience
        while not self.is_welcome(VICTIM):
            if time.monotonic() > end:
                self.failures.append("a user who is enabled again is refused")
                return
        client = Client(transport.tls(self.site.ports["mqtts"], self.site.ca))
        if client.connect(f"{VICTIM}-1", VICTIM, PASSWORD) != 0:
            self.failures.append("the user to be disabled cannot connect")
            return
        self.site.install("users", self.without_victim)
        if is_signalled:
            self.site.reload()
        started = time.monotonic()
        client.topics_until("never")  # the end of the connection
        what = ("SIGHUP to the end of a disabled user" if is_signalled
                else "change of the file to it")
        self.note(what, time.monotonic() - started, SIGNALLED_S if is_signalled else NOTICED_S)
        client.stream.close()

    @staticmethod
    def without_victim(text):
        return "".join(line.replace("\tactive", "\tdisabled") if line.startswith(f"user\t{VICTIM}\t")
                       else line for line in text.splitlines(keepends=True))

    def start_load(self):
        return subprocess.Popen(
            [str(self.options.load), "pairs", "--port", str(self.site.ports["mqtt"]), "--pairs",
             "20", "--rate", "500", "--qos", "1", "--prefix", "public", "--duration",
             str(self.options.seconds), "--warmup", "1", "--quiet", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self):
        publishers = [Publisher(self.site, n) for n in range(self.options.clients)]
        load = self.start_load()
        for publisher in publishers:
            publisher.start()
        rounds = 0
        while load.poll() is None:
            for step in (self.renew_certificate, self.break_users, self.break_rights,
                         self.break_certificate, lambda: self.disable(True),
                         lambda: self.disable(False)):
                step()
            rounds += 1
        for publisher in publishers:
            publisher.ends.set()
        for publisher in publishers:
            publisher.join(30)
        lost = [publisher.failure for publisher in publishers if publisher.failure]
        self.failures += [f"a client over TLS: {failure}" for failure in lost]
        out, err = load.communicate()
        result = json.loads(out) if out else {"ok": False, "first_failure": err}
        if not result["ok"]:
            self.failures.append(f"holdfast-load: {result}")
        print(f"{rounds} rounds, {len(publishers)} clients over TLS with "
              f"{sum(publisher.count for publisher in publishers)} messages, {len(lost)} lost; "
              f"holdfast-load: {'all' if result['ok'] else 'NOT ALL'} delivered")
        for what, seconds in self.taken.items():
            print(f"  {what}: at most {seconds:.2f} s")
        return self.failures


def run(options):
    site = Site(str(options.binary), [])
    site.install("access.yaml", open_rights)
    with site:
        return Campaign(options, site).run()
