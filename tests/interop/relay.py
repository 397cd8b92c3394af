#!/usr/bin/env python3
"""A small SMTP relay for the scripts beside it: writes down what it is given.

Prints the port that it listens on (127.0.0.1). In DIR it keeps

    commands    each connection ("connect") and each command line
    N.envelope  of the Nth message it took: EHLO name, sender, recipients
    N.eml       that message, dots undone, line ends as they came

A message that a fault refuses leaves its commands only.
"""
import argparse
import asyncio
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

    async def say(self, text):
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def line(self):
        return await self.reader.readuntil(b"\r\n")

    async def run(self):
        self.relay.note("connect")
        await self.say("220 relay.example.net ESMTP")
        command = ""
        while command.upper() != "QUIT":
            command = (await self.line())[:-2].decode("utf-8", "replace")
            self.relay.note(command)
            await self.answer(command)

    async def answer(self, command):
        verb = re.split("[ :]", command.upper())[0]
        if verb == "EHLO":
            self.name = command
            await self.say("250-relay.example.net\r\n250-PIPELINING\r\n"
                           "250-SIZE 52428800\r\n250-8BITMIME\r\n"
                           "250 ENHANCEDSTATUSCODES")
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
        elif verb == "QUIT":
            await self.say("221 2.0.0 bye")
        else:
            await self.say("502 5.5.2 not known here")

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
    options = parser.parse_args()
    relay = Relay(options)
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", options.port,
                                        limit=LINE_MAX, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
