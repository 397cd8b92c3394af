#!/usr/bin/env python3
"""An SMTP relay on 127.0.0.1 whose AUTH is GNU SASL's `gsasl --server`.

gsasl_relay.py MECHANISM USER PASSWORD prints its port, then takes one
connection at a time: what the client says in AUTH is gsasl's input, what gsasl
says is the challenge.
"""
import select
import socket
import subprocess
import sys
import time

FINISHED = b"authentication finished"


class Server:
    """One exchange: the program, and all that it has said."""

    def __init__(self, mechanism, user, password):
        self.program = subprocess.Popen(
            ["gsasl", "--server", "--no-cb", "-m", mechanism, "-a", user,
             "-p", password], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0)
        self.said = b""
        self.lines = b""
        self.next_line()    # the mechanism's name

    def pump(self):
        pipes = [self.program.stdout, self.program.stderr]
        for pipe in select.select(pipes, [], [], 0.1)[0]:
            some = pipe.read(4096)
            if pipe is self.program.stdout:
                self.lines += some
            else:
                self.said += some
        return self.program.poll() is None

    def next_line(self):
        """The next challenge; None where the exchange is over."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if b"\n" in self.lines:
                line, self.lines = self.lines.split(b"\n", 1)
                return line
            if FINISHED in self.said or not self.pump():
                return None
        return None

    def answer(self, line):
        self.program.stdin.write(line + b"\n")

    def has_passed(self):
        end = time.monotonic() + 20
        while FINISHED not in self.said and time.monotonic() < end:
            if not self.pump():
                break
        return FINISHED in self.said

    def close(self):
        self.program.kill()
        self.program.communicate()


def authenticate(server, initial, ask):
    """Whether gsasl trusts the client in the end."""
    challenge = server.next_line()
    heard = False
    if initial:
        server.answer(b"" if initial == b"=" else initial)
        challenge, heard = server.next_line(), True
    while challenge is not None:
        # An empty one behind an answer only ends the exchange.
        server.answer(b"" if heard and not challenge else ask(challenge))
        if heard and not challenge:
            break
        challenge, heard = server.next_line(), True
    return server.has_passed()


def serve(connection, arguments):
    stream = connection.makefile("rwb", buffering=0)
    passed = False

    def say(text):
        stream.write(text + b"\r\n")

    def ask(challenge):
        say(b"334 " + challenge)
        return stream.readline().rstrip(b"\r\n")

    say(b"220 gsasl.test ESMTP")
    for line in iter(stream.readline, b""):
        words = line.rstrip(b"\r\n").split(b" ")
        verb = words[0].upper()
        if verb == b"EHLO":
            say(b"250-gsasl.test\r\n250 AUTH " + arguments[0].encode())
        elif verb == b"AUTH":
            server = Server(*arguments)
            passed = authenticate(
                server, words[2] if len(words) > 2 else b"", ask)
            server.close()
            say(b"235 2.7.0 trusted" if passed else b"535 5.7.8 not trusted")
        elif verb == b"DATA":
            say(b"354 go on")
            while stream.readline() != b".\r\n":
                pass
            say(b"250 2.0.0 taken")
        elif verb == b"QUIT":
            say(b"221 2.0.0 bye")
            return
        else:
            say(b"250 2.0.0 ok" if passed else b"530 5.7.0 log in first")


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection = listener.accept()[0]
        try:
            serve(connection, sys.argv[1:])
        except ConnectionError:
            pass
        connection.close()


main()
