#!/usr/bin/env python3
"""A small SMTP relay for the scripts beside it: writes down what it is given.

Prints the port that it listens on. In DIR it keeps

    commands    each connection ("connect") and each command line
    N.envelope  of the Nth message it took: EHLO name, sender, recipients
    N.eml       that message, dots undone, line ends as they came

A message that a fault refuses leaves its commands only.
"""
import argparse
import asyncio
import base64
import os
import re
import ssl

LINE_MAX = 1 << 26


class Relay:
    def __init__(self, options):
        self.options = options
        self.count = 0
        self.seen = set()

    def note(self, text):
        with open(os.path.join(self.options.dir, "commands"), "a") as log:
            log.write(text + "\n")

    def keep(self, envelope, message):
        self.count += 1
        name = os.path.join(self.options.dir, str(self.count))
        with open(name + ".envelope", "w") as out:
            out.write("\n".join(envelope) + "\n")
        # Whoever waits for the message looks for this name.
        with open(name + ".new", "wb") as out:
            out.write(message)
        os.rename(name + ".new", name + ".eml")

    async def serve(self, reader, writer):
        try:
            await Session(self, reader, writer).run()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            self.note("lost")
        finally:
            writer.close()


class Session:
    def __init__(self, relay, reader, writer):
        self.relay = relay
        self.options = relay.options
        self.reader = reader
        self.writer = writer
        self.name = ""
        self.envelope = []
        self.is_secret = not self.options.starttls
        self.is_known = not self.options.login

    async def say(self, text):
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def line(self):
        return await self.reader.readuntil(b"\r\n")

    async def run(self):
        self.relay.note("connect")
        await self.say("220 %s ESMTP" % self.options.name)
        command = ""
        while command.upper() != "QUIT":
            command = (await self.line())[:-2].decode("utf-8", "replace")
            self.relay.note(command)
            await self.answer(command)

    async def answer(self, command):
        verb = re.split("[ :]", command.upper())[0]
        if verb == "EHLO":
            self.name = command
            *words, last = self.offer()
            await self.say("".join("250-%s\r\n" % word for word in words) +
                           "250 " + last)
        elif verb == "STARTTLS" and not self.is_secret:
            await self.say("220 2.0.0 go on")
            await self.writer.start_tls(self.options.context)
            self.is_secret = True
        elif verb == "AUTH" and self.is_secret:
            await self.login(command.split()[2:])
        elif verb == "MAIL" and not self.is_known:
            await self.say("530 5.7.0 Authentication required")
        elif verb == "MAIL":
            self.envelope = [self.name, command]
            await self.say("250 2.1.0 OK")
        elif verb == "RCPT" and self.options.rcpt:
            await self.say(self.options.rcpt)
        elif verb == "RCPT" and self.is_grey(command):
            await self.say("450 4.2.0 greylisted, try again later")
        elif verb == "RCPT":
            self.envelope.append(command)
            await self.say("250 2.1.5 OK")
        elif verb == "DATA" and len(self.envelope) < 3:
            await self.say("554 5.5.1 no valid recipients")
        elif verb == "DATA":
            await self.message()
        elif verb == "RSET":
            self.envelope = []
            await self.say("250 2.0.0 OK")
        elif verb == "QUIT":
            await self.say("221 2.0.0 bye")
        else:
            await self.say("502 5.5.2 not known here")

    def offer(self):
        words = ["PIPELINING", "SIZE 52428800", "8BITMIME",
                 "ENHANCEDSTATUSCODES"]
        if not self.is_secret:
            words.append("STARTTLS")
        elif self.options.login:
            words.append("AUTH PLAIN")
        return [self.options.name] + words

    async def login(self, initial):
        if not initial:
            await self.say("334 ")
            initial = [(await self.line()).decode()]
        given = base64.b64decode(initial[0]).decode().split("\0")[1:]
        self.is_known = given == self.options.login
        await self.say("235 2.7.0 Welcome" if self.is_known else
                       "535 5.7.8 Username and Password not accepted")

    def is_grey(self, command):
        """Sender and recipient that weren't seen together before."""
        pair = self.envelope[1].split()[1], command
        is_new = self.options.greylist and pair not in self.relay.seen
        self.relay.seen.add(pair)
        return is_new

    async def message(self):
        await self.say("354 go on")
        lines = []
        line = await self.line()
        while line != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
            line = await self.line()
        if self.options.end:
            await self.say(self.options.end)
            return
        self.relay.keep(self.envelope, b"".join(lines))
        await self.say("250 2.0.0 taken")


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rcpt", metavar="REPLY", help="to each recipient")
    parser.add_argument("--greylist", action="store_true",
                        help="450 to whom it hasn't seen yet")
    parser.add_argument("--end", metavar="REPLY", help="to the message")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"),
                        help="implicit TLS")
    parser.add_argument("--starttls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--login", nargs=2, metavar=("USER", "PASSWORD"),
                        help="asked for by AUTH PLAIN")
    parser.add_argument("--name", default="relay.example.net")
    parser.add_argument("--address", default="127.0.0.1")
    options = parser.parse_args()
    if options.tls or options.starttls:
        options.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        options.context.load_cert_chain(*options.tls or options.starttls)
    server = await asyncio.start_server(
        Relay(options).serve, options.address, options.port, limit=LINE_MAX,
        ssl=options.context if options.tls else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
