"""AMQP 0-9-1 by hand: just enough to talk to a broker properly for a while, and then not."""

import socket
import struct

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
METHOD, CONTENT_HEADER, BODY = 1, 2, 3
FRAME_MAX = 131072
TIMEOUT_S = 5

START, TUNE, OPEN_OK, CLOSE = (10, 10), (10, 30), (10, 41), (10, 50)
CHANNEL_OPEN_OK = (20, 11)


def frame(kind, channel, payload, end=b"\xce"):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + end


def method(channel, identity, arguments=b""):
    return frame(METHOD, channel, struct.pack(">HH", *identity) + arguments)


def short_string(text):
    return struct.pack(">B", len(text)) + text


def long_string(text):
    return struct.pack(">I", len(text)) + text


def nested_table(depth):
    """A table in a table in a table..."""
    table = long_string(b"")
    for _ in range(depth):
        table = long_string(b"\x00F" + table)
    return table


def nested_array(depth):
    """A table that has a list in a list in a list..."""
    array = long_string(b"")
    for _ in range(depth):
        array = long_string(b"A" + array)
    return long_string(b"\x00A" + array)


def start_ok(client_properties=long_string(b""), mechanism=b"PLAIN", user=b"guest", password=b"guest"):
    response = long_string(b"\x00" + user + b"\x00" + password)
    return method(0, (10, 11), client_properties + short_string(mechanism) + response + short_string(b"en_US"))


def tune_ok(frame_max=FRAME_MAX):
    return method(0, (10, 31), struct.pack(">HIH", 2047, frame_max, 0))


def declare(queue=b"", arguments=long_string(b""), channel=1, exclusive=True):
    flags = 0b0100 if exclusive else 0
    return method(channel, (50, 10), struct.pack(">H", 0) + short_string(queue) + struct.pack(">B", flags) + arguments)


def publish(routing_key=b"", channel=1):
    return method(channel, (60, 40), struct.pack(">H", 0) + short_string(b"") + short_string(routing_key) + b"\x00")


def content_header(body_size, channel=1):
    return frame(CONTENT_HEADER, channel, struct.pack(">HHQH", 60, 0, body_size, 0))


CONNECTION_OPEN = method(0, (10, 40), short_string(b"/") + short_string(b"") + b"\x00")
CHANNEL_OPEN = method(1, (20, 10), short_string(b""))
CLOSE_OK = method(0, (10, 51))


class Peer:
    """One connection to the broker."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets)

    def send_slowly(self, octets):
        """One byte at a time, each in a segment of its own."""
        for octet in octets:
            self.socket.sendall(bytes([octet]))

    def flood(self, mebibytes):
        """Sends zeros until all are sent or the broker has had enough."""
        try:
            for _ in range(mebibytes):
                self.socket.sendall(bytes(1 << 20))
        except OSError:
            pass

    def receive(self, size):
        """The next bytes. Raises EOFError at the end of the connection, TimeoutError when nothing comes."""
        while len(self.received) < size:
            try:
                piece = self.socket.recv(1 << 16)
            except ConnectionError:
                piece = b""
            if not piece:
                raise EOFError
            self.received += piece
        result, self.received = self.received[:size], self.received[size:]
        return result

    def receive_frame(self):
        kind, channel, size = struct.unpack(">BHI", self.receive(7))
        payload = self.receive(size + 1)
        assert payload[-1] == 0xCE, f"a frame of the broker ends in {payload[-1]:#x}"
        return kind, channel, payload[:-1]

    def expect(self, identity):
        """Takes the next frame, which must be this method; returns its arguments."""
        kind, _, payload = self.receive_frame()
        assert kind == METHOD and payload[:4] == struct.pack(">HH", *identity), f"{payload[:60]} instead of {identity}"
        return payload[4:]

    def greet(self):
        """Up to where the client has to identify itself."""
        self.send(PROTOCOL_HEADER)
        self.expect(START)

    def open(self, send=None, login=start_ok()):
        """Logs in and opens channel 1; every byte goes through `send`."""
        send = send or self.send
        send(PROTOCOL_HEADER)
        self.expect(START)
        send(login)
        self.expect(TUNE)
        send(tune_ok())
        send(CONNECTION_OPEN)
        self.expect(OPEN_OK)
        send(CHANNEL_OPEN)
        self.expect(CHANNEL_OPEN_OK)

    def ended(self, timeout_s=TIMEOUT_S, unless=None):
        """Waits until the broker ends the connection; returns its reply code, or None when it ended without one.

        Content with the method `unless`, too.
        """
        self.socket.settimeout(timeout_s)
        code = None
        try:
            while True:
                _, _, payload = self.receive_frame()
                identity = struct.unpack_from(">HH", payload)
                if identity == unless:
                    return None
                if identity == CLOSE:
                    [code] = struct.unpack_from(">H", payload, 4)
                    self.socket.sendall(CLOSE_OK)
        except (EOFError, ConnectionError):
            return code
        except TimeoutError:
            raise AssertionError(f"the connection was still open after {timeout_s:.1f} s") from None
