#!/usr/bin/env python3
"""The cases of tests/face/cases against any sendmail.

face.py PROGRAM CASES DIFFERENCES MAIL-DIR

Plays each case with $SENDMAIL_UNDER_TEST, in the root $FACE_ROOT, and looks at
what relay.py wrote into MAIL-DIR. DIFFERENCES has lines of four columns parted
by tabs: program, case, what differs, why. A case that differs otherwise than
its line says, or agrees though it has one, is a failure.
"""
import os
import pwd
import re
import subprocess
import sys
import time

PATIENCE = 3
PLAIN = (b"From: robot@example.org\nTo: one@example.net\nSubject: trial\n"
         b"Date: Mon, 23 Nov 2026 10:00:00 +0000\n"
         b"Message-ID: <1@example.org>\n\nhello\n")

# How a queue says that it is empty, and what empties it.
QUEUES = {
    "postfix": (["/usr/sbin/postqueue", "-p"], b"Mail queue is empty",
                "/usr/sbin/postsuper -d ALL"),
    "exim": (["/usr/sbin/exim4", "-bpc"], b"0\n",
             "rm -f /var/spool/exim4/input/*"),
}

ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}


def decode(text):
    if text == '""':
        return b""
    text = text.replace("%U", pwd.getpwuid(os.getuid()).pw_name)
    plain = re.sub(r"\\(x..|.)", lambda m: chr(int(m[1][1:], 16))
                   if m[1][0] == "x" else ESCAPES[m[1]], text)
    return plain.encode("latin-1")


def words(text):
    return [decode(word) for word in text.split(" ")]


class Wanted:
    """What a case says of a message."""
    def __init__(self, mail):
        self.mail = mail
        self.rcpt = []
        self.lines = []     # (key, text)
        self.body = None


class Case:
    def __init__(self, name):
        self.name = name
        self.argv = []
        self.input = b""
        self.closed = False
        self.status = None
        self.messages = []
        self.out = b""
        self.codes = None

    def take(self, key, text):
        if key == "argv":
            self.argv = words(text)
        elif key == "plain":
            self.input += PLAIN
        elif key == "in":
            self.input += decode(text) + b"\n"
        elif key == "raw":
            self.input += decode(text)
        elif key == "big":
            count, line = text.split(" ", 1)
            self.input += (decode(line) + b"\n") * int(count)
        elif key == "closed":
            self.closed = True
        elif key == "status":
            self.status = int(text)
        elif key == "mail":
            self.messages.append(Wanted(
                b"" if text == "<>" else decode(text)))
        elif key == "rcpt":
            self.messages[-1].rcpt = words(text)
        elif key == "body":
            self.messages[-1].body = (self.messages[-1].body or b"") + \
                decode(text) + b"\r\n"
        elif key == "out":
            self.out += decode(text) + b"\n"
        elif key == "codes":
            self.codes = text
        elif key in ("param", "head", "has", "no"):
            self.messages[-1].lines.append((key, text))
        else:
            sys.exit("what is %s?" % key)


def read_cases(path):
    cases = []
    with open(path) as lines:
        for line in lines:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            key, _, text = line.partition(" ")
            if key == "case":
                cases.append(Case(text))
            else:
                cases[-1].take(key, text)
    return cases


def read_differences(path, program):
    known = {}
    with open(path) as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            who, case, what, why = line.rstrip("\n").split("\t")
            if who == program:
                known[case] = (what, why)
    return known


def split_path(command):
    """The address and the parameters of a MAIL or RCPT line."""
    match = re.match(rb"[^<]*<([^>]*)>(.*)", command)
    return match[1], match[2].split()


def with_lower_domain(address):
    local, at, domain = address.rpartition(b"@")
    return local + at + domain.lower()


class Message:
    def __init__(self, path):
        with open(path + ".envelope", "rb") as lines:
            envelope = lines.read().splitlines()
        self.mail, self.params = split_path(envelope[1])
        self.rcpt = [split_path(line)[0] for line in envelope[2:]]
        with open(path + ".eml", "rb") as octets:
            head, empty, self.body = octets.read().partition(b"\r\n\r\n")
        # Where each server adds a line of its own.
        self.head = re.sub(rb"(?mi)^Received:.*\r\n([ \t].*\r\n)*", b"",
                           head + b"\r\n")

    def is_bounce(self):
        return self.mail == b"" and re.search(
            rb"(?mi)^Auto-Submitted: auto-replied", self.head) is not None

    def differs(self, key, text):
        lines = self.head.split(b"\r\n")
        if key == "param":
            return decode(text) not in self.params
        if key == "head":
            return lines.count(decode(text)) != 1
        if key == "has":
            names = [line.split(b":")[0].lower() for line in lines]
            return any(names.count(name.lower()) != 1
                       for name in words(text))
        return any(word in self.head + self.body for word in words(text))


class Sendmail:
    def __init__(self, program, mail_dir):
        self.path = os.environ["SENDMAIL_UNDER_TEST"]
        self.root = os.environ.get("FACE_ROOT", "/")
        self.queue = QUEUES.get(program)
        self.mail_dir = mail_dir
        self.seen = set(os.listdir(mail_dir))
        self.environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME": "/", "LC_ALL": "C"}
        if "POSTHASTE_CONFIG" in os.environ:
            self.environ["POSTHASTE_CONFIG"] = os.environ["POSTHASTE_CONFIG"]

    def enter(self, closed=False):
        os.chroot(self.root)
        os.chdir("/")
        if closed:
            os.close(0)

    def find(self, name):
        """The file that callers run for a name other than sendmail."""
        for path in "/usr/bin/", "/usr/sbin/":
            if self.root != "/" and name != b"sendmail" and \
                    os.path.lexists(self.root + path + name.decode()):
                return path + name.decode()
        return self.path

    def run(self, case):
        return subprocess.run(
            case.argv, executable=self.find(case.argv[0]), input=case.input,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60,
            env=self.environ, preexec_fn=lambda: self.enter(case.closed))

    def within(self, command):
        return subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=self.environ,
                              stdin=subprocess.DEVNULL,
                              preexec_fn=self.enter).stdout

    def drain(self):
        if self.queue is None:
            return
        until = time.monotonic() + PATIENCE
        while self.queue[1] not in self.within(self.queue[0]):
            if time.monotonic() > until:
                self.within(["/bin/dash", "-c", self.queue[2]])
                return
            time.sleep(0.02)

    def take(self):
        """The messages that arrived since the last call."""
        names = {name for name in os.listdir(self.mail_dir)
                 if name.endswith(".eml")} - self.seen
        self.seen |= names
        return [message for message in
                (Message(os.path.join(self.mail_dir, name[:-4]))
                 for name in sorted(names)) if not message.is_bounce()]


def reply_codes(text):
    """The codes of the replies in it, or "none" where it is anything else."""
    reply = rb"(?:([2-5]\d\d)-[^\r\n]+\r\n)*([2-5]\d\d) [^\r\n]+\r\n"
    codes = []
    while text:
        match = re.match(reply, text)
        lines = match[0].split(b"\r\n")[:-1] if match else []
        if not match or any(line[:3] != match[2] or len(line) > 510
                            for line in lines):
            return "none"
        codes.append(match[2].decode())
        text = text[match.end():]
    return " ".join(codes)


def compare_messages(wanted, messages):
    """In what these, of one sender, are otherwise."""
    found = set()
    rcpt = sorted(with_lower_domain(address) for message in messages
                  for address in message.rcpt)
    if rcpt != sorted(with_lower_domain(address) for address in wanted.rcpt):
        found.add("rcpt")
    for message in messages:
        found |= {key for key, text in wanted.lines
                  if message.differs(key, text)}
        if wanted.body is not None and message.body != wanted.body:
            found.add("body")
    return found


def compare(case, result, messages):
    """In what it came out otherwise, as a set of words."""
    found = set()
    if result.returncode != case.status:
        found.add("status=%d" % result.returncode)
    if case.codes is None and result.stdout != case.out:
        found.add("out")
    codes = reply_codes(result.stdout)
    if case.codes not in (None, codes):
        found.add("codes=" + codes)
    senders = {wanted.mail for wanted in case.messages}
    if messages and not senders:
        found.add("sent")
    elif any(message.mail not in senders for message in messages):
        found.add("mail")
    # Several aren't sent in any order.
    for wanted in case.messages:
        its_own = [message for message in messages if
                   message.mail == wanted.mail or len(case.messages) == 1]
        found |= compare_messages(wanted, its_own) if its_own else {"unsent"}
    return found


def main():
    program, cases, differences, mail_dir = sys.argv[1:]
    known = read_differences(differences, program)
    sendmail = Sendmail(program, mail_dir)
    failures = []
    names = set()
    for case in read_cases(cases):
        names.add(case.name)
        result = sendmail.run(case)
        sendmail.drain()
        what = ",".join(sorted(compare(case, result, sendmail.take())))
        wanted = known.get(case.name, ("", ""))[0]
        if what == wanted:
            continue
        failures.append(case.name)
        print("FAILED %s\t%s\t%s, and the list says: %s" % (
            program, case.name, what or "agrees", wanted or "agrees"))
    for name in sorted(set(known) - names):
        failures.append(name)
        print("FAILED %s\t%s\tis no case" % (program, name))
    print("%s: %d cases, %d listed as different, %d failed" % (
        program, len(names), len(known), len(failures)))
    sys.exit(1 if failures else 0)


main()
