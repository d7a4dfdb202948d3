"""A server with the users of the matrix, over plain and TLS listeners on free ports."""

import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from matrix import rows

CONFIG = """
data_dir: {directory}/data
log_level: warn
access: access.yaml
users: users
listeners:
  mqtt:
    - {{address: "127.0.0.1:0", anonymous: true}}
    - {{address: "127.0.0.1:0", tls: {tls}}}
  http:
    - {{address: "127.0.0.1:0", anonymous: true}}
    - {{address: "127.0.0.1:0", tls: {tls}}}
streams:
  telemetry: {{partitions: 1}}
  secret: {{partitions: 1}}
  scratch: {{partitions: 1}}
  derived-hot: {{partitions: 1}}
  derived-sealed: {{partitions: 1}}
bridge: [{{topic: "#", stream: telemetry}}]
"""
TLS = "{certificate: certs/server.crt, key: certs/server.key, client_ca: certs/ca.crt, clients: asked}"


class Site:
    """Use as a context."""

    def __init__(self, binary, certified):
        self.binary = binary
        self.above = pathlib.Path(tempfile.mkdtemp())
        self.directory = self.above / "site"
        self.run("init", str(self.directory))
        self.config = self.directory / "holdfast.yaml"
        self.install("users")
        for user in certified:
            self.run("cert", "client", user, "-c", str(self.config))
        self.config.write_text(CONFIG.format(directory=self.directory, tls=TLS))
        self.tokens, self.ports = rows.tokens(), {}

    def run(self, *words):
        subprocess.run([self.binary, *words], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    @property
    def ca(self):
        return self.directory / "certs" / "ca.crt"

    def certificate(self, user):
        at = self.directory / "certs" / "clients" / user
        return f"{at}.crt", f"{at}.key"

    def install(self, name, change=lambda text: text):
        """The matrix's file of that name, as whoever edits it does: whole, in one step."""
        new = self.directory / f"{name}.edited"
        new.write_text(change((rows.DIRECTORY / name).read_text()))
        new.chmod(0o600)
        new.rename(self.directory / name)

    def open_to_all(self):
        """Rights and users of before the matrix's: all may do everything."""
        rules = "".join(f"  {role}: [{{allow: all}}]\n" for role in rows.roles())
        self.install("access.yaml", lambda _: f"roles:\n{rules}anonymous: [guest]\n")
        self.install("users", lambda text: text.replace("disabled", "active").replace(
            "\tnemo\t\t", "\tnemo\tguest\t"))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def __enter__(self):
        log = open(self.directory / "server.log", "w+")
        self.process = subprocess.Popen([self.binary, "serve", "-c", str(self.config)], stdout=log,
                                        stderr=subprocess.STDOUT)
        log.close()
        end = time.monotonic() + 30
        while "ready\n" not in self.log():
            if time.monotonic() > end or self.process.poll() is not None:
                text = self.log()
                self.__exit__()
                raise RuntimeError(f"the server does not start: {text}")
            time.sleep(0.01)
        for line in self.log().splitlines():
            if line.startswith("listening "):
                _, name, address = line.split()
                self.ports[name] = int(address.rsplit(":", 1)[1])
        return self

    def log(self):
        return (self.directory / "server.log").read_text()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.above)
