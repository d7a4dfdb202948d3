"""A Holdfast process of our own: started on a fresh directory, watched, ended by its pid."""

import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

READY_S = 30
STOP_S = 30
SAMPLE_S = 0.05


class Server:
    """`config` is YAML without data_dir and listeners. Use as a context."""

    def __init__(self, binary, work, config):
        work.mkdir(parents=True, exist_ok=True)
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=work))
        (self.directory / "holdfast.yaml").write_text(
            f"data_dir: {self.directory / 'data'}\n"
            'listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}\n' + config)
        self.log_path = self.directory / "server.log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                [str(binary), "serve", "-c", str(self.directory / "holdfast.yaml")], stdout=log,
                stderr=subprocess.STDOUT)
        self.ports = {}

    def __enter__(self):
        end = time.monotonic() + READY_S
        while time.monotonic() < end and self.process.poll() is None:
            lines = self.log_path.read_text().splitlines()
            if "ready" in lines:
                for line in lines:
                    if line.startswith("listening "):
                        _, name, address = line.split()
                        self.ports[name] = int(address.rsplit(":", 1)[1])
                return self
            time.sleep(0.02)
        text = self.log_path.read_text()
        self.__exit__()
        raise RuntimeError(f"the server did not start:\n{text}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * 4096

    def metrics(self):
        """Samples of /metrics by name and labels, as they stand there."""
        url = f"http://127.0.0.1:{self.ports['http']}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}


class RssWatch:
    """Samples a server's resident memory until the block ends; `peak_bytes` is the most seen."""

    def __init__(self, server):
        self.server = server
        self.peak_bytes = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.ends.wait(SAMPLE_S) and self.server.process.poll() is None:
            self.peak_bytes = max(self.peak_bytes, self.server.rss_bytes())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
