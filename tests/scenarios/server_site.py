"""A server in a directory of its own, and what is asked of it over HTTP."""

import http.client
import os
import signal
import subprocess
import tempfile

PORTS = 'listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}\n'


class Site:
    def __init__(self, program, config=""):
        self.program, self.process, self.ports = program, None, {}
        self.directory = tempfile.TemporaryDirectory(prefix="holdfast-scenario-")
        self.write("site.yaml", PORTS + config)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)

    def start(self):
        with open(self.path("server.log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "-c", self.path("site.yaml"), "--data-dir", self.path("data")],
                stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.directory.name)
        for line in self.process.stdout:
            if line.startswith("listening "):
                _, name, address = line.split()
                self.ports[name] = int(address.rsplit(":", 1)[1])
            if line.strip() == "ready":
                return
        raise ValueError(f"the server did not start:\n{self.log()}")

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.stdout.close()
        code = self.process.wait(timeout=30)
        self.process = None
        if how == signal.SIGTERM and code != 0:
            raise ValueError(f"the server ended with exit code {code}:\n{self.log()}")

    def crash(self):
        self.stop(signal.SIGKILL)

    def log(self):
        with open(self.path("server.log"), encoding="utf-8") as log:
            return log.read()[-4000:]

    def http(self, method, target, body=""):
        """(status, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=20)
        connection.request(method, target, body.encode() if body else None)
        answer = connection.getresponse()
        status, got = answer.status, answer.read().decode(errors="replace")
        connection.close()
        return status, got

    def close(self):
        if self.process is not None:
            self.crash()
        self.directory.cleanup()
