"""The programs that are measured, and how each is told to do the same.

A package that isn't installed is unpacked below build/bench, so that no mail
system is set up on the machine.
"""

import os
import shutil
import subprocess

PACKAGES = """msmtp libgsasl18 libntlm0 libidn12 libgssglue1 libsecret-1-0
    libglib2.0-0 nullmailer
    esmtp libesmtp6 curl libcurl4 libssh2-1 librtmp1 s-nail swaks
    libnet-ssleay-perl perl-openssl-defaults""".split()
USER, PASSWORD = "user", "password"
SENDER = "a@example.org"


class Job:
    """One message to one relay.

    `tls` is "none", "starttls" or "implicit"; with TLS the relay is verified
    against the bundle `roots`, and AUTH PLAIN is used.
    """

    def __init__(self, port, message, recipients, tls, roots, work):
        self.port, self.message, self.recipients = port, message, recipients
        self.tls, self.roots, self.work = tls, roots, work

    def write(self, name, text):
        path = os.path.join(self.work, f"{name}.{self.port}")
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(text)
        return path


class Peer:
    name = None
    tls = ("none", "starttls", "implicit")
    many = True          # takes thousands of recipients as arguments
    stdin = 0            # the descriptor the message is read from

    def __init__(self, path, libraries=None):
        self.path = path
        self.environment = dict(os.environ, LC_ALL="C", HOME="/nonexistent",
                                HELOHOST="client.example.org")
        if libraries:
            self.environment.update(libraries)

    def idle(self):
        """A run that does nothing: what the start costs; None: no such."""
        return [self.path, "--version"]


class Posthaste(Peer):
    name = "posthaste"
    keys = ""

    def command(self, job):
        auth = "" if job.tls == "none" else \
            f"auth = plain\nuser = {USER}\npassword = {PASSWORD}\n" \
            f"tls_ca_file = {job.roots}\n"
        path = job.write(self.name, f"[default]\nhost = localhost\n"
                         f"family = 4\nport = {job.port}\n"
                         f"ehlo = client.example.org\ntls = {job.tls}\n"
                         f"log = none\n{auth}{self.keys}")
        return [self.path, "--config", path, "-i", "-f", SENDER, "--",
                *job.recipients]


class OneFlight(Posthaste):
    name = "posthaste, one-flight"
    keys = "chunking = one-flight\n"


class Early(Posthaste):
    name = "posthaste, early"
    keys = "early = yes\n"


class EarlyOneFlight(Posthaste):
    name = "posthaste, early, one-flight"
    keys = "early = yes\nchunking = one-flight\n"


class Msmtp(Peer):
    name = "msmtp"

    def command(self, job):
        text = f"account default\nhost localhost\nport {job.port}\n" \
               f"domain client.example.org\nfrom {SENDER}\n"
        if job.tls != "none":
            text += f"tls on\ntls_trust_file {job.roots}\n" \
                    f"auth plain\nuser {USER}\npassword {PASSWORD}\n"
        if job.tls == "implicit":
            text += "tls_starttls off\n"
        return [self.path, "-C", job.write("msmtp", text), "--",
                *job.recipients]


class Nullmailer(Peer):
    name = "nullmailer"
    stdin = 3
    many = False

    def idle(self):
        return [self.path, "--help"]

    def command(self, job):
        """Its queue's format; the options come by the standard input."""
        with open(job.message, "rb") as message:
            text = message.read()
        path = os.path.join(job.work, f"queued.{job.port}")
        with open(path, "wb") as out:
            out.write(SENDER.encode() + b"\n" + b"".join(
                r.encode() + b"\n" for r in job.recipients) + b"\n" + text)
        job.message = path
        command = [self.path, "--host=localhost", f"--port={job.port}"]
        if job.tls != "none":
            command += [f"--user={USER}", f"--pass={PASSWORD}",
                        f"--x509cafile={job.roots}",
                        "--starttls" if job.tls == "starttls" else "--tls"]
        return command


class Esmtp(Peer):
    name = "esmtp"
    tls = ("none",)

    def idle(self):
        return None

    def command(self, job):
        path = job.write("esmtp", f"hostname = localhost:{job.port}\n"
                         "starttls = disabled\n")
        return [self.path, "-C", path, "-f", SENDER, *job.recipients]


class Curl(Peer):
    name = "curl"

    def command(self, job):
        scheme = "smtps" if job.tls == "implicit" else "smtp"
        command = [self.path, "-sS", "--ipv4", "--crlf",
                   f"{scheme}://localhost:{job.port}/client.example.org",
                   "--mail-from", SENDER, "--upload-file", "-"]
        for recipient in job.recipients:
            command += ["--mail-rcpt", recipient]
        if job.tls != "none":
            command += ["--cacert", job.roots, "-u", f"{USER}:{PASSWORD}",
                        "--login-options", "AUTH=PLAIN", "--ssl-reqd"]
        return command


class Nail(Peer):
    name = "s-nail"

    def command(self, job):
        login = "" if job.tls == "none" else f"{USER}:{PASSWORD}@"
        scheme = "smtps" if job.tls == "implicit" else "smtp"
        command = [self.path, "-:/", "-Sv15-compat", "-Smta="
                   f"{scheme}://{login}localhost:{job.port}",
                   f"-Sfrom={SENDER}", "-Shostname=client.example.org",
                   "-Ssmtp-hostname="]
        if job.tls == "none":
            command += ["-Ssmtp-auth=none"]
        else:
            command += ["-Ssmtp-auth=plain", "-Stls-verify=strict",
                        f"-Stls-ca-file={job.roots}",
                        "-Stls-ca-no-defaults"]
        if job.tls == "starttls":
            command += ["-Ssmtp-use-starttls"]
        return [*command, "-s", "size", *job.recipients]


class Swaks(Peer):
    name = "swaks"
    many = False

    def command(self, job):
        command = ["perl", self.path, "--server", "localhost", "--port",
                   str(job.port), "--ehlo", "client.example.org", "--from",
                   SENDER, "--to", ",".join(job.recipients), "--data", "-",
                   "--silent", "3"]
        if job.tls != "none":
            command += ["--auth", "PLAIN", "--auth-user", USER,
                        "--auth-password", PASSWORD, "--tls-verify",
                        "--tls-ca-path", job.roots,
                        "--tls" if job.tls == "starttls" else
                        "--tls-on-connect"]
        return command


OTHERS = {Msmtp: "usr/bin/msmtp", Nullmailer: "usr/lib/nullmailer/smtp",
          Esmtp: "usr/bin/esmtp", Curl: "usr/bin/curl",
          Nail: "usr/bin/s-nail", Swaks: "usr/bin/swaks"}


def unpack(root):
    """Debian's packages, or those of them that can be had."""
    debs = root + ".deb"
    os.makedirs(debs, exist_ok=True)
    for package in PACKAGES:
        subprocess.run(["apt-get", "-qq", "download", package], cwd=debs,
                       stderr=subprocess.DEVNULL, check=False)
    for deb in sorted(os.listdir(debs)):
        subprocess.run(["dpkg", "-x", os.path.join(debs, deb), root],
                       check=True)


def find_all(posthaste, root):
    """All that can be had here, posthaste first."""
    if not os.path.isdir(root):
        unpack(root)
    triplet = subprocess.run(["gcc", "-print-multiarch"], text=True,
                             capture_output=True, check=False).stdout.strip()
    inside = {"LD_LIBRARY_PATH": f"{root}/usr/lib/{triplet}",
              "PERL5LIB": f"{root}/usr/share/perl5:"
                          f"{root}/usr/lib/{triplet}/perl5/5.36"}
    peers = [Posthaste(posthaste)]
    for kind, path in OTHERS.items():
        installed = shutil.which(os.path.basename(path)) \
            if path.startswith("usr/bin/") else None
        if installed:
            peers.append(kind(installed))
        elif os.path.exists(os.path.join(root, path)):
            peers.append(kind(os.path.join(root, path), inside))
        else:
            print(f"{kind.name}: not here")
    return peers
