#!/usr/bin/env python3
"""A small name server on 127.0.0.1, port 53, for a network namespace.

The zone file is read anew for each query. Its lines:

    NAME A ADDRESS
    NAME SRV PRIORITY WEIGHT PORT TARGET
    NAME CNAME NAME
    NAME RCODE N        this answer, without a record
    NAME SILENT         none at all

A name without a line doesn't exist. Prints "ready" when it listens.
"""
import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "SRV": 33}


def wire(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(x)]) + x.encode() for x in labels) + b"\0"


def data(words):
    if words[0] == "A":
        return socket.inet_aton(words[1])
    if words[0] == "CNAME":
        return wire(words[1])
    return struct.pack("!HHH", *map(int, words[1:4])) + wire(words[4])


def asked(query):
    """The name and type asked for, and where the question ends."""
    labels, at = [], 12
    while query[at] != 0:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind, = struct.unpack("!H", query[at + 1:at + 3])
    return ".".join(labels).lower(), kind, at + 5


def answer(query, zone):
    name, kind, end = asked(query)
    rows = [line.split() for line in open(zone) if line.strip()]
    records, rcode, known = [], 0, False
    for owner, *words in rows:
        if owner.lower() != name:
            continue
        known = True
        if words[0] == "SILENT":
            return None
        if words[0] == "RCODE":
            rcode = int(words[1])
        elif TYPES[words[0]] == kind:
            records.append((name, words))
        elif words[0] == "CNAME":
            records.append((name, words))
            records += [(words[1], other) for target, *other in rows
                        if target == words[1] and TYPES[other[0]] == kind]
    rcode = rcode if known else 3
    body = b"".join(wire(owner) + struct.pack(
        "!HHIH", TYPES[words[0]], 1, 5, len(data(words))) + data(words)
        for owner, words in records)
    return query[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, len(records),
                                   0, 0) + query[12:end] + body


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    print("ready", flush=True)
    while True:
        query, client = server.recvfrom(4096)
        reply = answer(query, sys.argv[1])
        if reply is not None:
            server.sendto(reply, client)


main()
