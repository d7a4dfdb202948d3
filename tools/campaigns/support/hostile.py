"""Kinds of hostile clients.

Each is a function of a site and a number that harms once, and says what came of it: "closed" or
"refused", else what is wrong with the server's answer.
"""

import base64
import os
import socket
import ssl
import struct
import threading
import time

from campaigns.support.mqtt import packet, text

CONNECT = packet(0x10, text("MQTT") + bytes([4, 2]) + struct.pack("!H", 1) + text("press-h"))
CLOSE_S = 12  # after the longest limit on a handshake
UPGRADE = ("GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Protocol: mqtt\r\n\r\n").encode()


def dial(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def until_closed(connection, seconds=CLOSE_S):
    """What was sent back before the end; None where it does not end."""
    connection.settimeout(seconds)
    answer = b""
    try:
        while data := connection.recv(65536):
            answer += data
    except TimeoutError:
        return None
    except OSError:
        pass  # reset
    return answer


def outcome(connection, seconds=CLOSE_S):
    with connection:
        return "closed" if until_closed(connection, seconds) is not None else "it is still open"


def client_hello():
    """The first bytes of a handshake."""
    out = ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def silence(site, number):
    # HTTP in clear waits a minute between requests, which is no harm: 1,024 connections are its bound.
    return outcome(dial(site.ports[("mqtt", "mqtts", "https")[number % 3]]))


def half_handshake(site, number):
    connection = dial(site.ports["mqtts" if number % 2 else "https"])
    hello = client_hello()
    connection.sendall(hello if number % 4 < 2 else hello[: len(hello) // 2])
    return outcome(connection)


def cut_record(site, number):
    """A record whose header promises more than comes, or what no TLS has."""
    connection = dial(site.ports["mqtts" if number % 2 else "https"])
    record = [b"\x16\x03\x01\x40\x00" + bytes(100), b"\x17\x03\x03\xff\xff" + bytes(1000),
              b"\x16\x03\x01\x00\x00" * 50, client_hello()[:-7] + b"\x15\x03"][number // 2 % 4]
    try:
        connection.sendall(record)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return outcome(connection)


def frame(data, length=None, opcode=0x82, is_masked=True):
    """A frame that says it has `length` bytes."""
    size = len(data) if length is None else length
    mask = 0x80 if is_masked else 0
    if size < 126:
        head = bytes([opcode, mask | size])
    elif size < 1 << 16:
        head = bytes([opcode, mask | 126]) + struct.pack("!H", size)
    else:
        head = bytes([opcode, mask | 127]) + struct.pack("!Q", size)
    return head + (bytes(4) if is_masked else b"") + data


PINGREQ, DISCONNECT = b"\xc0\x00", b"\xe0\x00"
BYTES = [CONNECT[i:i + 1] for i in range(len(CONNECT))]
# What each sends once the WebSocket is open. A frame may be longer than its packet: whoever sends
# one that never ends has said nothing since its CONNECT, and its keep alive of a second ends it.
# The last two are right: a message may come in many frames, and hold many packets.
FRAMES = [frame(CONNECT, length=1 << 63), frame(CONNECT, length=(1 << 63) - 1),
          frame(CONNECT[:-1], length=len(CONNECT) + 100), frame(CONNECT[:-3]),
          frame(CONNECT, is_masked=False), frame(CONNECT, opcode=0x81), frame(CONNECT, opcode=0xF2),
          frame(CONNECT, opcode=0x83), frame(bytes(200), opcode=0x89), frame(b"", opcode=0x80),
          frame(packet(0x10, bytes(3))), frame(b"\x10\xff\xff\xff\xff\x7f"),
          frame(BYTES[0], opcode=0x02) + b"".join(frame(byte, opcode=0x00) for byte in BYTES[1:])
          + frame(DISCONNECT, opcode=0x80),
          frame(CONNECT + PINGREQ * 20 + DISCONNECT)]


def lying_frame(site, number):
    connection = dial(site.ports["http"])
    connection.sendall(UPGRADE)
    try:
        connection.sendall(FRAMES[number % len(FRAMES)])
    except OSError:
        pass
    return outcome(connection)


def ping_flood(site, number):
    """Pings of WebSocket and of MQTT as fast as they are taken, without reading what comes back."""
    connection = dial(site.ports["http"])
    client = packet(0x10, text("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 60)
                    + text(f"press-p{number % 1000}") + text("press") + text(site.tokens["press"]))
    pings = (frame(bytes(125), opcode=0x89) + frame(PINGREQ * 50)) * 20
    connection.settimeout(1)
    try:
        connection.sendall(UPGRADE + frame(client))
        for _ in range(2000):
            connection.sendall(pings)
    except OSError:
        pass  # not read any more, or closed: both hold it
    connection.close()
    return "closed"


def wrong_mqtt(site, number):
    connection = dial(site.ports["mqtt"])
    connection.sendall(packet(0x10, text("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 60)
                              + text(f"press-{number}") + text(f"user{number % 50}") + text("wrong")))
    answer = until_closed(connection)
    connection.close()
    return "refused" if answer is not None and (not answer or answer[3] != 0) else "let in or open"


def wrong_http(site, request):
    connection = dial(site.ports["http"])
    connection.sendall(request)
    connection.settimeout(30)
    try:
        status = connection.recv(65536)[9:12]
    except OSError:
        status = b"end"
    connection.close()
    return "refused" if status in (b"401", b"429", b"503", b"") else f"answered with {status}"


def wrong_basic(site, number):
    secret = base64.b64encode(f"user{number % 50}:wrong".encode()).decode()
    return wrong_http(site, (f"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n"
                             f"Authorization: Basic {secret}\r\n\r\n").encode())


def wrong_login(site, number):
    body = f'{{"user":"user{number % 50}","password":"wrong"}}'
    host = f"localhost:{site.ports['http']}"
    return wrong_http(site, (f"POST /api/v1/login HTTP/1.1\r\nHost: {host}\r\n"
                             f"Origin: http://{host}\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(body)}\r\n\r\n{body}").encode())


# How each harms, and on how many connections at once; None: as many as are asked for.
KINDS = {"silence": (silence, None), "half-handshakes": (half_handshake, None),
         "cut-records": (cut_record, 8), "lying-frames": (lying_frame, 24), "pings": (ping_flood, 40),
         "logins-mqtt": (wrong_mqtt, 8), "logins-basic": (wrong_basic, 8),
         "logins-form": (wrong_login, 8)}


class Flood:
    """Harms from threads until the block ends, and keeps what came of it in `failures`."""

    def __init__(self, site, kind, options):
        self.site, (self.harm, at_once) = site, kind
        self.count, self.failures, self.lock = {}, [], threading.Lock()
        self.ends, self.number = threading.Event(), 0
        self.rate, self.began = options.rate, time.monotonic()
        self.threads = [threading.Thread(target=self.work, daemon=True)
                        for _ in range(at_once or options.connections)]

    def next_number(self):
        """When it is its turn: so many come in a second, however soon the server is done with them."""
        with self.lock:
            self.number += 1
            number = self.number
        self.ends.wait(self.began + number / self.rate - time.monotonic())
        return number

    def work(self):
        # Those who harm have machines of their own: here they get what the others leave. The lowest
        # nice value is not enough for that: who is woken up still waits for the end of their slice.
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))
        while not self.ends.is_set():
            try:
                number = self.next_number()
                result = self.harm(self.site, number)
            except OSError as error:
                result = f"cannot connect: {type(error).__name__}"
                time.sleep(0.05)
            with self.lock:
                self.count[result] = self.count.get(result, 0) + 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.ends.set()
        end = time.monotonic() + 3 * CLOSE_S
        for thread in self.threads:
            thread.join(max(0.1, end - time.monotonic()))
        if not self.count:
            self.failures.append("nothing came of it")
        for result, count in self.count.items():
            is_in_the_way = result.startswith("cannot connect")
            if result not in ("closed", "refused") and not is_in_the_way:
                self.failures.append(f"{count} times: {result}")

    def summary(self):
        return ", ".join(f"{count} {result}" for result, count in sorted(self.count.items()))
