"""A WebSocket client (RFC 6455) small enough to open thousands, over asyncio; it can also break the rules."""

import asyncio
import base64
import hashlib
import json
import os
import socket as sockets
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Closed(Exception):
    """The server closed: `code` is None where it said nothing before."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed: {code} {reason}")
        self.code, self.reason = code, reason


class Refused(Exception):
    """The answer to the request for a WebSocket was another one than 101."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:300]!r}")
        self.status, self.body = status, body


class WebSocket:
    """One connection. `next` gives the server's frames as JSON, in order; pings are answered on the way."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.pongs = True
        self.subprotocol = None

    @classmethod
    async def connect(cls, port, key=None, protocols=(), headers=None, path="/v1/ws", tls=None, limit=2**16, buffer=None):
        plain = sockets.socket()
        if buffer:
            plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, buffer)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(
            sock=plain, ssl=tls, server_hostname="localhost" if tls else None, limit=limit)
        nonce = base64.b64encode(os.urandom(16)).decode()
        fields = {
            "Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": nonce,
        }
        if key:
            fields["Authorization"] = f"Bearer {key}"
        if protocols:
            fields["Sec-WebSocket-Protocol"] = ", ".join(protocols)
        fields.update(headers or {})
        writer.write((f"GET {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n").encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        answers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if ": " in line)}
        status = int(head[0].split()[1])
        if status != 101:
            body = await reader.read(int(answers.get("content-length", 65536)))
            writer.close()
            raise Refused(status, body)
        expected = hashlib.sha1((nonce + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert answers["sec-websocket-accept"] == base64.b64encode(expected).decode()
        socket = cls(reader, writer)
        socket.subprotocol = answers.get("sec-websocket-protocol")
        return socket

    def write(self, opcode, data=b"", fin=True, reserved=0, masked=True):
        """Sends one frame, whatever it is."""
        length = len(data)
        size = (
            bytes([length]) if length < 126 else b"\x7e" + struct.pack("!H", length) if length < 2**16
            else b"\x7f" + struct.pack("!Q", length)
        )
        head = bytes([(0x80 if fin else 0) | reserved | opcode, size[0] | (0x80 if masked else 0)]) + size[1:]
        if masked:
            mask = os.urandom(4)
            whole = int.from_bytes(data, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")
            head, data = head + mask, whole.to_bytes(length, "big")
        self.writer.write(head + data)

    def send(self, **fields):
        self.write(TEXT, json.dumps(fields).encode())

    async def frame(self):
        """The next frame of any kind: opcode and bytes."""
        try:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Closed(None) from None

    async def next(self):
        while True:
            opcode, data = await self.frame()
            if opcode == TEXT:
                return json.loads(data)
            if opcode == PING and self.pongs:
                self.write(PONG, data)
            if opcode == CLOSE:
                code = struct.unpack("!H", data[:2])[0] if data else None
                self.write(CLOSE, data[:2])
                raise Closed(code, data[2:].decode())

    async def wait_for(self, kind, **fields):
        """Skips to the next frame of a type, whose members are these."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and all(frame.get(k) == v for k, v in fields.items()):
                return frame

    async def close(self, code=1000):
        self.write(CLOSE, struct.pack("!H", code))
        try:
            while True:
                await self.next()
        except Closed as closed:
            self.writer.close()
            return closed.code

    def abort(self):
        self.writer.transport.abort()
