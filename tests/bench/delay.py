"""A TCP proxy on 127.0.0.1 that makes the way long.

Each octet arrives half a round trip after it was sent. The kernel's handshake
on loopback takes no time, so the round trip of a real one is added before the
first octets go on in either direction: a client sees what it would see at the
far end of such a line. Delayed acknowledgements are not imitated.
"""

import heapq
import selectors
import socket
import threading
import time


class Direction:
    """Octets on their way from one socket to the other."""

    def __init__(self, source, sink, first):
        self.source, self.sink, self.first = source, sink, first
        self.is_open = True


class Delay(threading.Thread):
    def __init__(self, target, rtt, address=("127.0.0.1", 0)):
        super().__init__(daemon=True)
        self.target, self.rtt = target, rtt
        self.listener = socket.create_server(address)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.queue, self.count = [], 0
        self.is_running = True

    def at(self, when, action):
        self.count += 1
        heapq.heappush(self.queue, (when, self.count, action))

    def accept(self):
        client, _ = self.listener.accept()
        began = time.monotonic()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The server hears of the connection with the handshake's last segment.
        self.at(began + 1.5 * self.rtt, lambda: self.connect(client, began))

    def connect(self, client, began):
        server = socket.create_connection(("127.0.0.1", self.target))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        first = began + 1.5 * self.rtt
        for source, sink in (client, server), (server, client):
            self.selector.register(source, selectors.EVENT_READ,
                                   Direction(source, sink, first))

    def take(self, direction):
        now = time.monotonic()
        # What the client sent at once has been under way since the handshake.
        when = now + self.rtt / 2
        if direction.first is not None and now - direction.first < 0.002 \
                and self.is_client(direction):
            when = now
        direction.first = None
        try:
            octets = direction.source.recv(1 << 18)
        except OSError:
            octets = b""
        if not octets:
            self.selector.unregister(direction.source)
        self.at(when, lambda: self.give(direction, octets))

    def is_client(self, direction):
        return direction.source.getsockname()[1] == self.port

    @staticmethod
    def give(direction, octets):
        try:
            if octets:
                direction.sink.sendall(octets)
            else:
                direction.sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def run(self):
        while self.is_running:
            now = time.monotonic()
            while self.queue and self.queue[0][0] <= now:
                heapq.heappop(self.queue)[2]()
                now = time.monotonic()
            wait = self.queue[0][0] - now if self.queue else 0.2
            for key, _ in self.selector.select(max(0, min(wait, 0.2))):
                if key.data is None:
                    self.accept()
                else:
                    self.take(key.data)

    def stop(self):
        self.is_running = False
        self.join()
        self.listener.close()
