"""Bytes to the server and back: TCP, TLS with a client's certificate, MQTT over WebSocket."""

import base64
import os
import socket
import ssl
import struct

PATIENCE_S = 20


def plain(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def tls(port, ca, certificate=None):
    """`certificate`: its file and its key's."""
    context = ssl.create_default_context(cafile=str(ca))
    if certificate:
        context.load_cert_chain(*certificate)
    return context.wrap_socket(plain(port), server_hostname="localhost")


def frame(opcode, data):
    """A whole message of a client, masked with zeros."""
    size = len(data)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes([0x80 | opcode]) + length + bytes(4) + data


class WebSocket:
    """As a socket that carries MQTT in binary messages."""

    def __init__(self, stream):
        self.stream, self.unread = stream, b""
        key = base64.b64encode(os.urandom(16)).decode()
        stream.sendall(("GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.unread:
            self.fill()
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.splitlines()[0]:
            raise ConnectionError(f"no WebSocket: {head!r}")

    def fill(self):
        data = self.stream.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.unread += data

    def take(self, count):
        while len(self.unread) < count:
            self.fill()
        data, self.unread = self.unread[:count], self.unread[count:]
        return data

    def sendall(self, data):
        self.stream.sendall(frame(2, data))

    def recv(self, _):
        """The next message's data; empty where the server says goodbye."""
        try:
            first, size = self.take(2)
            if size == 126:
                size = struct.unpack("!H", self.take(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self.take(8))[0]
            data = self.take(size)
        except ConnectionError:
            return b""
        return data if first & 15 in (0, 2) else b""

    def close(self):
        self.stream.close()
