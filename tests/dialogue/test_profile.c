/*
 * What can be wrong with a profile, through the real binary: each message names
 * the line, the word and the fix, and nothing is sent. The files that a profile
 * names are wrong here too; what is in an aliases file is test_aliases.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "support/certs.h"
#include "support/program.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOBODY 65534

/* Heads of a profile; nobody listens on the port. */
#define A "[a]\n"
#define HALF A "host = 127.0.0.1\nport = 1\n"
#define LOOP HALF "tls = none\n"
/* Not every machine has a store of CAs. */
#define TRUST HALF "tls_ca_file = DIR/ca.pem\n"
#define FULL A "host = smtp.example.org\nehlo = www1.example.org\n"
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/*
 * FILE is the profile's path, DIR the directory with the files below, NODE and
 * LOGIN what %H and %U are. A * ends what is the same with every library.
 */
static const struct row {
	const char *profile, *text, *fix;
} rows[] = {
	/* ini */
	{ LOOP "user = \033[m\n", "FILE:5: control character 0x1b", "take it "
	    "out: the file is plain text" },
	{ "[a]\015host=b\015", "FILE:1: control character 0x0d", "end lines "
	    "with LF or CR LF" },
	{ "[]\n", "FILE:1: an empty name", "write [name] or `key = value`" },
	{ A " = b\n", "FILE:2: an empty name",
	    "write [name] or `key = value`" },
	{ "[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]\n", "FILE:1: "
	    "a name of 49 characters; 48 are the limit", "shorten it" },
	{ "[a b]\n", "FILE:1: no name has these characters", "letters, "
	    "digits and -_.@+ make a name" },
	{ A "the host = b\n", "FILE:2: no name has these characters",
	    "letters, digits and -_. make a name" },
	{ "[a\n", "FILE:1: a section's head without its `]`", "write [name], "
	    "alone on its line" },
	{ "[a] b\n", "FILE:1: something stands behind a section's head",
	    "write [name], alone on its line" },
	{ A "host\n", "FILE:2: a line without `=`", "write `key = value`, "
	    "all of it on one line; comments begin with # or ;" },
	{ "host = b\n", "FILE:1: `host` stands before the first section",
	    "put [default] on a line above it" },
	{ "", "FILE: no profile in this file", "begin with [default], `host` "
	    "and `ehlo`; see posthaste.ini(5)" },

	/* sections */
	{ FULL "[a]\n", "FILE:4: section [a] once more, after line 1", "put "
	    "all keys of a profile into one section" },
	{ FULL "host = c\n", "FILE:4: `host` once more, after line 2", "keep "
	    "one of the two lines" },
	{ A "hots = b\n", "FILE:2: unknown key `hots`",
	    "did you mean `host`?" },
	{ A "smarthost = b\n", "FILE:2: unknown key `smarthost`", "did you "
	    "mean `host`?" },
	{ A "smtp_server = b\n", "FILE:2: unknown key `smtp_server`", "did "
	    "you mean `host`?" },
	{ A "ssl = b\n", "FILE:2: unknown key `ssl`", "did you mean `tls`?" },
	{ A "zzzzzz = b\n", "FILE:2: unknown key `zzzzzz`",
	    "posthaste.ini(5) lists the keys" },
	{ LOOP "password = x\npassword_file = /y\n", "FILE:6: "
	    "`password_file` beside `password` in line 5", "a profile has "
	    "one of the two" },
	{ LOOP "socket = /s\n", "FILE:5: `socket` beside `host` in line 2",
	    "a profile has one of the two" },
	{ LOOP "inherit = bse\n[base]\n", "FILE:5: inherit = bse: the file "
	    "has no such section", "did you mean 'base'? the file has: a, "
	    "base" },
	{ LOOP "inherit = zzzz\n", "FILE:5: inherit = zzzz: the file has no "
	    "such section", "the file has: a" },
	{ LOOP "inherit = a\n", "FILE:5: [a] inherits from itself in the end",
	    "take one `inherit` out of the circle" },

	/* values */
	{ A "host =\n", "FILE:2: host =: no value", "give `host` a value, or "
	    "take the line out" },
	{ LOOP "password =\n", "FILE:5: password: no value", "give "
	    "`password` a value, or take the line out" },
	{ LOOP "tls_ca_file = ca.pem\n", "FILE:5: tls_ca_file = ca.pem: not "
	    "an absolute path", "write the whole path, from / on" },
	{ LOOP "password_file = x\n", "FILE:5: password_file: not an "
	    "absolute path", "write the whole path, from / on" },
	{ LOOP "password_credential = ../x\n", "FILE:5: password_credential: "
	    "not the name of a credential", "write the name only, without a "
	    "directory" },
	{ A "host = localhost\nport = x\n", "FILE:3: port = x: not a number "
	    "from 1 to 65535", "write the number alone, in digits" },
	{ A "host = localhost\nport = 70000\n", "FILE:3: port = 70000: not a "
	    "number from 1 to 65535", "write the number alone, in digits" },
	{ LOOP "tempfail_exit = 0\n", "FILE:5: tempfail_exit = 0: not a "
	    "number from 1 to 125", "write the number alone, in digits" },
	{ LOOP "timeout = 30s\n", "FILE:5: timeout = 30s: not a number of "
	    "seconds from 0.001 to 604800", "write it as in timeout = 30" },
	{ LOOP "total_timeout = -1\n", "FILE:5: total_timeout = -1: not a "
	    "number of seconds from 0 to 604800", "write it as in "
	    "total_timeout = 30" },
	{ A "host = localhost\ntls = on\n", "FILE:3: tls = on: not one of "
	    "starttls, implicit, none", "did you mean `starttls`?" },
	{ A "host = localhost\ntls = startls\n", "FILE:3: tls = startls: not "
	    "one of starttls, implicit, none", "did you mean `starttls`?" },
	{ A "host = localhost\ntls = maybe\n", "FILE:3: tls = maybe: not one "
	    "of starttls, implicit, none", "write one of these words, such "
	    "as tls = starttls" },
	{ A "host = localhost\ntls = none # for now\n", "FILE:3: tls = none "
	    "# for now: not one of starttls, implicit, none", "a comment "
	    "needs a line of its own: behind a value it is part of the value" },
	{ LOOP "hints = true\n", "FILE:5: hints = true: not one of yes, no",
	    "did you mean `yes`?" },
	{ LOOP "hints = 2\n", "FILE:5: hints = 2: not one of yes, no",
	    "write one of these words, such as hints = yes" },
	{ LOOP "auth = digest-md5\n", "FILE:5: auth = digest-md5: not one of "
	    "auto, none, plain, login, scram-sha-256-plus, scram-sha-1-plus, "
	    "scram-sha-256, scram-sha-1, cram-md5, external, xoauth2, "
	    "oauthbearer", "write one of these words, such as auth = auto" },
	{ LOOP "family = 5\n", "FILE:5: family = 5: not one of any, 4, 6",
	    "write one of these words, such as family = any" },
	{ LOOP "tls_min = 1.1\n", "FILE:5: tls_min = 1.1: not one of 1.2, 1.3",
	    "did you mean `1.2`?" },
	{ LOOP "encode = base64\n", "FILE:5: encode = base64: not one of "
	    "auto, never, refuse", "write one of these words, such as encode "
	    "= auto" },
	{ LOOP "from_policy = forced\n", "FILE:5: from_policy = forced: not "
	    "one of keep, missing, force", "did you mean `force`?" },
	{ LOOP "chunking = no\n", "FILE:5: chunking = no: not one of auto, "
	    "one-flight, off", "did you mean `off`?" },
	{ LOOP "dsn_return = headers\n", "FILE:5: dsn_return = headers: not "
	    "one of hdrs, full", "did you mean `hdrs`?" },
	{ LOOP "log_format = xml\n", "FILE:5: log_format = xml: not one of "
	    "text, json", "write one of these words, such as log_format = "
	    "text" },
	{ LOOP "partial = yes\n", "FILE:5: partial = yes: not one of refuse, "
	    "deliver", "write one of these words, such as partial = refuse" },

	/* names */
	{ A "host = [::1]\n", "FILE:2: host = [::1]: an address stands "
	    "without brackets here", "write host = ::1" },
	{ A "host = [::1]:25\n", "FILE:2: host = [::1]:25: an address stands "
	    "without brackets here", "write two lines, host = ::1 and port = "
	    "25" },
	{ A "host = b:25\n", "FILE:2: host = b:25: the port has a key of its "
	    "own", "write two lines, host = b and port = 25" },
	{ A "host = smtp://b\n", "FILE:2: host = smtp://b: neither a name "
	    "nor an address: it has a character that isn't a letter, a "
	    "digit, a hyphen or a dot", "write it as in host = "
	    "smtp.example.org" },
	{ A "host = b\303\274cher.example\n", "FILE:2: host = "
	    "b\\xc3\\xbccher.example: neither a name nor an address: it has "
	    "characters beyond ASCII", "write its A-label: host = "
	    "xn--bcher-kva.example" },
	{ A "host = a..b\n", "FILE:2: host = a..b: neither a name nor an "
	    "address: it has an empty label (two dots in a row, or one at an "
	    "end)", "write it as in host = smtp.example.org" },
	{ A "host = "
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    ".org\n", "FILE:2: host = "
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    ".org: neither a name nor an address: one of its labels is "
	    "longer than 63 octets", "write it as in host = smtp.example.org" },
	{ A "host = -a.org\n", "FILE:2: host = -a.org: neither a name nor an "
	    "address: one of its labels begins or ends with a hyphen",
	    "write it as in host = smtp.example.org" },
	{ A "host = 1.2.3.400\n", "FILE:2: host = 1.2.3.400: neither a name "
	    "nor an address: it looks like an address", "write it as in host "
	    "= smtp.example.org" },
	{ A "host = "
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", "FILE:2: "
	    "host = "
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: "
	    "neither a name nor an address: it is longer than 253 octets",
	    "write it as in host = smtp.example.org" },
	{ LOOP "tls_name = a b\n", "FILE:5: tls_name = a b: neither a name "
	    "nor an address: it has a character that isn't a letter, a "
	    "digit, a hyphen or a dot", "write it as in tls_name = "
	    "smtp.example.org" },
	{ LOOP "source_address = eth0\n", "FILE:5: source_address = eth0: "
	    "not an IPv4 or IPv6 address", "write it as in source_address = "
	    "192.0.2.7" },
	{ LOOP "domain = a_b\n", "FILE:5: domain = a_b: not a domain: it has "
	    "an underscore, which host names may not have", "write it as in "
	    "domain = example.org" },
	{ LOOP "domain = b\303\274cher.example\n", "FILE:5: domain = "
	    "b\\xc3\\xbccher.example: not a domain: it has characters beyond "
	    "ASCII", "write its A-label: domain = xn--bcher-kva.example" },
	{ LOOP "local_domains = localhost, b_c\n", "FILE:5: local_domains = "
	    "localhost, b_c: `b_c` isn't a domain: it has an underscore, "
	    "which host names may not have", "write domains with commas in "
	    "between, such as localhost, %H; international ones as A-labels" },
	{ LOOP "local_domains = %U\n", "FILE:5: local_domains = %U: no "
	    "template is called %U", "write %H, this machine's name, or no %" },
	{ LOOP "local_domains = localhost,\n", "FILE:5: local_domains = "
	    "localhost,: `` isn't a domain: it is empty", "write domains "
	    "with commas in between, such as localhost, %H; international "
	    "ones as A-labels" },
	{ LOOP "match_from = *@*\n", "FILE:5: match_from = *@*: `*@*` isn't "
	    "a pattern", "patterns are user@example.org, user@* and "
	    "*@example.org, with commas in between" },
	{ LOOP "from = %F@x.org\n", "FILE:5: from = %F@x.org: %F is a whole "
	    "address and stands alone", "write from = %F" },
	{ LOOP "from = %x@example.org\n", "FILE:5: from = %x@example.org: no "
	    "template is called %x", "write %U for the login, %H for this "
	    "machine's name, or %% for a %" },
	{ LOOP "from = %\n", "FILE:5: from = %: a % at the end", "write %U "
	    "for the login, %H for this machine's name, or %% for a %" },
	{ LOOP "from = Anna <a@example.org>\n", "FILE:5: from = Anna "
	    "<a@example.org>: not an address: an address stands alone here, "
	    "without a name or angle brackets", "write it as in from = "
	    "robot@example.org" },
	{ LOOP "from = @example.org\n", "FILE:5: from = @example.org: not an "
	    "address: it has nothing before the @", "write it as in from = "
	    "robot@example.org" },
	{ LOOP "from = a@b_c\n", "FILE:5: from = a@b_c: not an address: what "
	    "stands behind the @ isn't a domain", "write it as in from = "
	    "robot@example.org" },
	{ LOOP "from = %U@-%H\n", "FILE:5: from = %U@-%H, which is "
	    "`LOGIN@-NODE` here: not an address: what stands behind the @ "
	    "isn't a domain", "write an address, such as from = "
	    "robot@example.org" },
	{ LOOP "from = a@\n", "FILE:5: from = a@: not an address: what "
	    "stands behind the @ isn't a domain", "write it as in from = "
	    "robot@example.org" },

	/* hosts */
	{ A "host = a,, b\n", "FILE:2: host = a,, b: a comma without a host",
	    "take the comma out" },
	{ A "host = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n", "FILE:2: host = "
	    "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q: more than 16 relays", "take "
	    "some out" },
	{ A "host = a, srv:b\n", "FILE:2: host = a, srv:b: srv: stands alone",
	    "name the relays themselves, or one domain as srv:example.org" },
	{ A "host = srv:\n", "FILE:2: host = srv:: not a domain behind srv: "
	    "it is empty", "write it as in host = srv:example.org" },
	{ A "host = smtp.example.org ; the relay\n", "FILE:2: host = "
	    "smtp.example.org ; the relay: neither a name nor an address: it "
	    "has a character that isn't a letter, a digit, a hyphen or a dot",
	    "a comment needs a line of its own: behind a value it is part of "
	    "the value" },

	/* proxy */
	{ LOOP "proxy = 127.0.0.1:1080\n", "FILE:5: proxy: it begins with "
	    "socks5://", "write it as in proxy = socks5://127.0.0.1:1080" },
	{ LOOP "proxy = socks5://x\n", "FILE:5: proxy: it ends in host:port",
	    "write it as in proxy = socks5://127.0.0.1:1080" },
	{ LOOP "proxy = socks5://:1\n", "FILE:5: proxy: its host is neither "
	    "a name nor an address", "write it as in proxy = "
	    "socks5://127.0.0.1:1080" },
	{ LOOP "proxy = socks5://x:0\n", "FILE:5: proxy: its port isn't a "
	    "number from 1 to 65535", "write it as in proxy = "
	    "socks5://127.0.0.1:1080" },
	{ LOOP "proxy = socks5://x:1a\n", "FILE:5: proxy: its port isn't a "
	    "number from 1 to 65535", "write it as in proxy = "
	    "socks5://127.0.0.1:1080" },
	{ LOOP "proxy = socks5://me@x:1\n", "FILE:5: proxy: what stands "
	    "before the @ isn't user:password", "write it as in proxy = "
	    "socks5://127.0.0.1:1080" },
	{ LOOP "proxy = socks5://me:a%4@x:1\n", "FILE:5: proxy: user and "
	    "password have 1 to 255 octets each, % followed by two "
	    "hexadecimal digits", "write it as in proxy = "
	    "socks5://127.0.0.1:1080" },

	/* ehlo */
	{ LOOP "ehlo = localhost\n", "FILE:5: ehlo = localhost: every "
	    "machine calls itself that, nobody else knows it by that name",
	    "set `ehlo` in section [a] of FILE to this machine's public "
	    "name, such as www1.example.org" },
	{ LOOP "ehlo = box.localdomain\n", "FILE:5: ehlo = box.localdomain: "
	    "every machine calls itself that, nobody else knows it by that "
	    "name", "set `ehlo` in section [a] of FILE to this machine's "
	    "public name, such as www1.example.org" },
	{ LOOP "ehlo = 192.0.2.1\n", "FILE:5: ehlo = 192.0.2.1: an address "
	    "stands in brackets here", "set `ehlo` in section [a] of FILE to "
	    "[192.0.2.1]" },
	{ LOOP "ehlo = 2001:db8::1\n", "FILE:5: ehlo = 2001:db8::1: an "
	    "address stands in brackets here", "set `ehlo` in section [a] of "
	    "FILE to [IPv6:2001:db8::1]" },
	{ LOOP "ehlo = [192.0.2]\n", "FILE:5: ehlo = [192.0.2]: it isn't an "
	    "address literal like [192.0.2.1] or [IPv6:2001:db8::1]", "set "
	    "`ehlo` in section [a] of FILE to this machine's public name, "
	    "such as www1.example.org" },
	{ LOOP "ehlo = box\n", "FILE:5: ehlo = box: it has no dot, so that "
	    "it means nothing outside this network", "set `ehlo` in section "
	    "[a] of FILE to this machine's public name, such as "
	    "www1.example.org" },
	{ LOOP "ehlo = 0123456789ab\n", "FILE:5: ehlo = 0123456789ab: it has "
	    "no dot; it is a container's id, as containers are named so "
	    "where nobody sets their host name", "set `ehlo` in section [a] "
	    "of FILE to this machine's public name, such as www1.example.org" },
	{ LOOP "ehlo = my_box.example.org\n", "FILE:5: ehlo = "
	    "my_box.example.org: it has an underscore, which host names may "
	    "not have", "set `ehlo` in section [a] of FILE to this machine's "
	    "public name, such as www1.example.org" },
	{ LOOP "ehlo = b\303\274cher.example\n", "FILE:5: ehlo = "
	    "b\\xc3\\xbccher.example: it has characters beyond ASCII", "set "
	    "`ehlo` in section [a] of FILE to xn--bcher-kva.example" },
	{ LOOP "ehlo = www.example.org # this machine\n", "FILE:5: ehlo = "
	    "www.example.org # this machine: it has a blank, as no name has",
	    "a comment needs a line of its own: behind a value it is part of "
	    "the value" },
	{ LOOP "ehlo = %U\n", "FILE:5: ehlo = %U: no template is called %U",
	    "write %H, this machine's name, or no %" },
	{ LOOP "ehlo = %H_\n", "FILE:5: ehlo = %H_, which is `NODE_` here: "
	    "it has an underscore, which host names may not have", "set "
	    "`ehlo` in section [a] of FILE to this machine's public name, "
	    "such as www1.example.org" },
	{ A "host = smtp.example.org\n", "FILE:1: profile 'a' has no `ehlo`, "
	    "which smtp.example.org must be told", "set `ehlo` in section "
	    "[a] of FILE to this machine's public name, such as "
	    "www1.example.org" },

	/* beside */
	{ A "tls = none\n", "FILE:1: profile 'a' has no `host`", "add the "
	    "relay's name to [a] in FILE, such as host = smtp.example.org" },
	{ A "socket = /s\nport = 25\n", "FILE:3: `port` beside `socket`",
	    "take `port` out: a unix socket has none" },
	{ A "socket = /s\nproxy = socks5://x:1\n", "FILE:3: `proxy` beside "
	    "`socket`", "take `proxy` out: a unix socket is on this machine" },
	{ A "host = srv:e.org\nport = 25\n", "FILE:3: `port` beside `host = "
	    "srv:`", "take `port` out: the SRV records bring it" },
	{ A "host = srv:e.org\nproxy = socks5://x:1\n", "FILE:3: `proxy` "
	    "beside `host = srv:`", "take `proxy` out: SRV records can't be "
	    "asked for through it" },
	{ LOOP "auth = plain\n", "FILE:5: `auth` without `user` in profile "
	    "'a'", "add `user` and a password key, or take `auth` out" },
	{ LOOP "spool_always = yes\n", "FILE:5: `spool_always` without "
	    "`spool` in profile 'a'", "add `spool`, a directory, or take "
	    "`spool_always` out" },

	/* select */
	{ LOOP "[b]\n", "FILE: no profile fits and none is called [default]",
	    "the file has: a, b" },
	{ A "match_from = robot@*\nhost = localhost\n[b]\nmatch_from = x@*, "
	    "robot@*\nhost = localhost\n", "FILE:5: [b] matches "
	    "robot@example.org as well as [a] in line 2", "make one "
	    "`match_from` more specific, or choose with --profile" },

	/* forms */
	{ LOOP "log = sysslog\n", "FILE:5: log = sysslog: not one of syslog, "
	    "stderr, none and file:/path", "did you mean `syslog`?" },
	{ LOOP "log = file:x\n", "FILE:5: log = file:x: not one of syslog, "
	    "stderr, none and file:/path", "write words with commas in "
	    "between, such as syslog, file:/var/log/mail.log" },
	{ LOOP "log = /var/log/x\n", "FILE:5: log = /var/log/x: not one of "
	    "syslog, stderr, none and file:/path", "write words with commas "
	    "in between, such as syslog, file:/var/log/mail.log" },
	{ LOOP "log = none,none,none,none,none,none,none,none,none\n",
	    "FILE:5: log = none,none,none,none,none,none,none,none,none: "
	    "more than 8 places", "take some out" },
	{ LOOP "dsn_notify = always\n", "FILE:5: dsn_notify = always: not "
	    "never, nor some of success, failure and delay", "write it as in "
	    "dsn_notify = failure,delay" },
	{ LOOP "bounce_to = root\n", "FILE:5: bounce_to = root: an address "
	    "without a domain", "write it as in bounce_to = "
	    "postmaster@example.org" },
	{ LOOP "bounce_to = a@-b\n", "FILE:5: bounce_to: the domain '-b' has "
	    "a label that begins or ends with a hyphen", "write it as in "
	    "bounce_to = postmaster@example.org" },
	{ LOOP "bounce_to = a b\n", "FILE:5: bounce_to: two words instead of "
	    "one address near 'a b'", "write it as in bounce_to = "
	    "postmaster@example.org" },
	{ HALF "tls_fingerprint = 12:34\n", "FILE:4: tls_fingerprint = "
	    "12:34: not a SHA-256 in hex, nor spki: and one", "write its 64 "
	    "digits; --check tells the relay's" },
	{ HALF "tls_key_file = /k\n", "FILE:4: tls_key_file = /k: a key "
	    "without tls_cert_file", "add tls_cert_file, the certificate of "
	    "that key" },
	{ HALF "tls_priority = BOGUS\n", "FILE:4: tls_priority = BOGUS: *",
	    "write parts that go behind the system's own, such as "
	    "-VERS-TLS1.2 or -GROUP-ALL:+GROUP-X25519" },

	/* files */
	{ HALF "tls_ca_file = /nowhere/ca.pem\n", "FILE:4: tls_ca_file: "
	    "can't open '/nowhere/ca.pem': No such file or directory", "name "
	    "a file in PEM form, with what begins in a line of -----BEGIN" },
	{ HALF "tls_ca_file = DIR/text\n", "FILE:4: tls_ca_file: 'DIR/text' "
	    "holds no certificate in PEM form", "name a file in PEM form, "
	    "with what begins in a line of -----BEGIN" },
	{ HALF "tls_ca_file = DIR/dir\n", "FILE:4: tls_ca_file: 'DIR/dir' "
	    "isn't a regular file", "name a file in PEM form, with what "
	    "begins in a line of -----BEGIN" },
	{ HALF "tls_ca_file = DIR/large\n", "FILE:4: tls_ca_file: "
	    "'DIR/large' is too large", "name a file in PEM form, with what "
	    "begins in a line of -----BEGIN" },
	{ TRUST "tls_crl_file = /nowhere/ca.crl\n", "FILE:5: tls_crl_file: "
	    "can't open '/nowhere/ca.crl': No such file or directory", "name "
	    "a file in PEM form, with what begins in a line of -----BEGIN" },
	{ TRUST "tls_crl_file = DIR/text\n", "FILE:5: tls_crl_file: "
	    "'DIR/text' holds no CRL in PEM form: *", "name a file in PEM "
	    "form, with what begins in a line of -----BEGIN" },
	{ TRUST "tls_cert_file = /nowhere/c.pem\n", "FILE:5: tls_cert_file: "
	    "/nowhere/c.pem: No such file or directory", "make that file, or "
	    "name another" },
	{ TRUST "tls_cert_file = DIR/text\n", "FILE:5: tls_cert_file: "
	    "'DIR/text' and its key can't be used: *", "name a file in PEM "
	    "form, with what begins in a line of -----BEGIN" },
	{ TRUST "tls_cert_file = DIR/text\ntls_key_file = DIR/public\n",
	    "FILE:6: tls_key_file: DIR/public: a private key that everybody "
	    "may read (mode 0644)", "chmod o-r DIR/public" },
	{ TRUST "tls_cert_file = DIR/large\n", "FILE:5: tls_cert_file: "
	    "DIR/large: larger than 1048576 octets", "see that it is the "
	    "file that was meant" },
	{ LOOP "user = me\npassword_file = /nowhere/x\n", "FILE:6: "
	    "password_file: /nowhere/x: No such file or directory", "write "
	    "the password into it, alone on a line: (umask 077; cat "
	    ">/nowhere/x)" },
	{ LOOP "user = me\npassword_file = DIR/nul\n", "FILE:6: "
	    "password_file: control character 0x00 in the password", "its "
	    "first line is to be the password, as plain text" },
	{ LOOP "user = me\npassword_file = DIR/public\n", "FILE:6: "
	    "password_file: DIR/public: a password that everybody may read "
	    "(mode 0644)", "chmod o-r DIR/public" },
	{ LOOP "user = me\npassword_file = DIR/shared\n", "FILE:6: "
	    "password_file: DIR/shared: others than its owner may write it "
	    "(mode 0660)", "chmod go-w DIR/shared" },
	{ LOOP "user = me\npassword_file = DIR/dir\n", "FILE:6: "
	    "password_file: DIR/dir: a directory, not a file", "name a file, "
	    "or a link to one" },
	{ LOOP "user = me\npassword_file = /dev/null\n", "FILE:6: "
	    "password_file: /dev/null: not a regular file", "name a file, or "
	    "a link to one" },
	{ LOOP "user = me\npassword_file = DIR/big\n", "FILE:6: "
	    "password_file: DIR/big: larger than 65536 octets", "see that it "
	    "is the file that was meant" },
	{ LOOP "user = me\npassword_file = DIR/text/x\n", "FILE:6: "
	    "password_file: DIR/text/x: Not a directory", "make that file, "
	    "or name another" },
	{ LOOP "user = me\npassword_command = echo no such key >&2; exit 2\n",
	    "FILE:6: password_command: exit status 2: no such key", "run the "
	    "command by hand as the user who sends, with stdin from "
	    "/dev/null" },
	{ LOOP "user = me\npassword_command = exec yes\n", "FILE:6: "
	    "password_command: it prints more than 65536 octets", "run the "
	    "command by hand as the user who sends, with stdin from "
	    "/dev/null" },
	{ LOOP "user = me\npassword_command = kill -9 $$\n", "FILE:6: "
	    "password_command: killed by signal 9", "run the command by hand "
	    "as the user who sends, with stdin from /dev/null" },
	{ LOOP "user = me\npassword_credential = relay\n", "FILE:6: "
	    "password_credential = relay: $CREDENTIALS_DIRECTORY is not set",
	    "add LoadCredential=relay:/path to the unit that sends" },
	{ LOOP "user = me\npassword = a\tb\n", "FILE:6: password: control "
	    "character 0x09 in the password", "its first line is to be the "
	    "password, as plain text" },

	/* reach */
	{ LOOP "source_address = ::1\n", "FILE:5: source_address: the relay "
	    "has no address of the family of '::1'", "take `source_address` "
	    "out, or name one of the relay's family" },
	{ LOOP "source_address = 192.0.2.1\n", "FILE:5: source_address: "
	    "can't use '192.0.2.1': Cannot assign requested address", "name "
	    "an address of this machine (ip address lists them), or take "
	    "`source_address` out" },
	{ LOOP "source_address = fe80::1%eth0\n", "FILE:5: source_address: "
	    "'fe80::1%eth0' isn't an IP address", "write the address alone, "
	    "without a zone" },
	{ LOOP "family = 6\n", "127.0.0.1:1: FILE:5: family: '127.0.0.1' "
	    "isn't an IPv6 address", "take `family` out" },
	{ A "socket = "
	    "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
	    "FILE:2: socket: the path "
	    "'/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' "
	    "must have 1 to 107 octets", "put the socket, or a link to it, "
	    "on a shorter path" },
};

/* The same with EX_NOPERM. */
static const struct row empty[] = {
	{ LOOP "user = me\n", "FILE:5: user: no password for 'me'", "add "
	    "password_file, password_command, password_credential or "
	    "password to [a], or auth = none" },
	{ LOOP "user = me\npassword_file = DIR/empty\n", "FILE:6: "
	    "password_file gives an empty password", "its first line is to "
	    "be the password" },
	{ LOOP "user = me\npassword_command = true\n", "FILE:6: "
	    "password_command gives an empty password", "its first line is "
	    "to be the password" },
};

/* Files that no key can use, each for a reason of its own. */
static const struct {
	const char *name, *text;
	size_t size;
	mode_t mode;
} files[] = {
	{ "empty", "", 0, 0600 },
	{ "text", "hello\n", 6, 0600 },
	{ "nul", "a\0b\n", 4, 0600 },
	{ "public", "x\n", 2, 0644 },
	{ "shared", "x\n", 2, 0660 },
	{ "big", "", 70000, 0600 },
	{ "large", "", 17 << 20, 0600 },
};

static void
make_files(const struct scratch *scratch)
{
	struct span bytes;
	char *path;
	size_t i;

	for (i = 0; i < COUNT(files); i++) {
		bytes = span_make(files[i].text, files[i].size);
		if (files[i].text[0] == '\0')
			bytes.len = 0;
		path = scratch_file(scratch, files[i].name, files[i].mode,
		    bytes);
		assert_non_null(path);
		assert_int_equal(truncate(path, (off_t)files[i].size), 0);
		mem_free(path);
	}
	path = scratch_path(scratch, "dir");
	assert_int_equal(mkdir(path, 0700), 0);
	mem_free(path);
}

static int
set_up(void **state)
{
	if (scratch_set_up(state) != 0)
		return -1;
	make_files(*state);
	return certs_make(((struct scratch *)*state)->path) ? 0 : -1;
}

/* Puts values in the place of FILE, DIR, NODE and LOGIN. */
static char *
filled(const char *text, const char *directory)
{
	char node[300], file[300], *login = os_login(), *all;
	const struct {
		const char *word, *value;
	} words[] = {
		{ "FILE", file }, { "DIR", directory }, { "NODE", node },
		{ "LOGIN", login },
	};
	const char *begin;
	struct buf out;
	size_t i, n;

	os_node_name(node, sizeof(node));
	(void)snprintf(file, sizeof(file), "%s/posthaste.ini", directory);
	buf_init(&out, BUF_UNLIMITED);
	for (begin = text; *text != '\0'; text += n) {
		n = 1;
		/* $CREDENTIALS_DIRECTORY is none of them. */
		for (i = 0; i < COUNT(words); i++)
			if (strncmp(text, words[i].word,
			    strlen(words[i].word)) == 0 && (text == begin ||
			    strchr("_O", text[-1]) == NULL))
				break;
		if (i < COUNT(words)) {
			assert_true(buf_add_string(&out, words[i].value));
			n = strlen(words[i].word);
		} else {
			assert_true(buf_add_char(&out, *text));
		}
	}
	all = mem_string(buf_string(&out));
	buf_free(&out);
	mem_free(login);
	return all;
}

/* Whether a line of `said` is `want` behind one of the two heads. */
static bool
has_line(const struct buf *said, const char *head, const char *other,
    const char *want)
{
	struct span rest = buf_span(said), line, text = span_of(want);
	bool is_begin = text.len > 0 && text.data[text.len - 1] == '*';

	if (is_begin)
		text.len--;
	while (span_next(&rest, '\n', &line)) {
		if (span_starts_with_nocase(line, span_of(other)))
			line = span_skip(line, strlen(other));
		else if (span_starts_with_nocase(line, span_of(head)))
			line = span_skip(line, strlen(head));
		else
			continue;
		if (is_begin && line.len > text.len)
			line.len = text.len;
		if (span_equals(line, text))
			return true;
	}
	return false;
}

/* Which profile, if any, is told in front. */
#define HEAD "posthaste: "
#define HEAD_A "posthaste: [a] "
#define FIX "  fix:     "

static void
check_said(const struct row *row, int status, const char *directory,
    const struct program_result *result)
{
	char *text = filled(row->text, directory);
	char *fix = filled(row->fix, directory);

	if (result->exit_status != status ||
	    !has_line(&result->err, HEAD, HEAD_A, text) ||
	    !has_line(&result->err, FIX, FIX, fix)) {
		program_result_print(result);
		fail_msg("%.300s", row->text);
	}
	mem_free(fix);
	mem_free(text);
}

/* The profile is there already. */
static void
run_row(const struct row *row, int status, const struct scratch *scratch,
    struct program_run *run)
{
	static const char input[] = "Subject: x\n\nx\n";
	char *path = scratch_path(scratch, "posthaste.ini");
	const char *argv[] = { "posthaste", "--config", path, "-i", "-f",
		"robot@example.org", "one@example.net", NULL };
	struct program_result result;

	if (run->argv == NULL)
		run->argv = argv;
	run->input = span_of(input);
	assert_true(program_run(&result, run));
	assert_false(result.hung);
	check_said(row, status, scratch->path, &result);
	program_result_free(&result);
	mem_free(path);
}

static void
run_profile(const struct row *row, int status, const struct scratch *scratch)
{
	char *text = filled(row->profile, scratch->path);
	char *path = program_profile(scratch, text);
	struct program_run run = { 0 };

	assert_non_null(path);
	run_row(row, status, scratch, &run);
	mem_free(path);
	mem_free(text);
}

static void
each_error_names_the_line_the_word_and_the_fix(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		run_profile(&rows[i], EX_CONFIG, *state);
	for (i = 0; i < COUNT(empty); i++)
		run_profile(&empty[i], EX_NOPERM, *state);
}

/* `head` and so many letters. */
static char *
lengthened(const char *head, char c, size_t count)
{
	size_t n = strlen(head);
	char *text = mem_alloc(n + count + 2);

	memcpy(text, head, n);
	memset(text + n, c, count);
	text[n + count] = '\n';
	return text;
}

static void
what_is_too_long_is_said_to_be(void **state)
{
	static const struct {
		const char *head;
		char c;
		size_t count;
		const char *text, *fix;
	} longs[] = {
		{ "", '\n', 262145, "FILE: larger than 262144 octets",
		    "see that it is the file that was meant" },
		{ LOOP "user = me\npassword = ", 'x', 65537,
		    "FILE:6: password: longer than 65536 octets",
		    "see that it is the password that was meant" },
		{ A "socket = /", 'x', 120, "FILE:2: socket: the path '/" X60
		    X60 "' must have 1 to 107 octets", "put the socket, or a "
		    "link to it, on a shorter path" },
	};
	size_t i;

	for (i = 0; i < COUNT(longs); i++) {
		char *profile = lengthened(longs[i].head, longs[i].c,
		    longs[i].count);
		const struct row row = { profile, longs[i].text, longs[i].fix };

		run_profile(&row, EX_CONFIG, *state);
		mem_free(profile);
	}
}

static void
a_file_of_no_text_is_refused_with_its_line(void **state)
{
	static const char bytes[] = "[a]\nhost = a\0b\n";
	static const struct row row = { NULL,
	    "FILE:2: control character 0x00",
	    "save the file as UTF-8: this looks like UTF-16" };
	struct program_run run = { 0 };
	char *path = scratch_file(*state, "posthaste.ini", 0600,
	    span_make(bytes, sizeof(bytes) - 1));

	assert_non_null(path);
	run_row(&row, EX_CONFIG, *state, &run);
	mem_free(path);
}

/* Others' rights to the file, to what it holds, and to its directory. */
static void
a_file_that_others_may_change_or_read_is_refused(void **state)
{
	static const struct {
		struct row row;
		mode_t mode, directory;
	} modes[] = {
		{ { LOOP, "FILE: others than its owner may write it (mode "
		    "0620)", "chmod go-w FILE" }, 0620, 0700 },
		{ { LOOP "user = me\npassword = x\n", "FILE:6: `password` in "
		    "a file that everybody may read (mode 0604)",
		    "use password_file, or: chmod o-r FILE" }, 0604, 0700 },
		{ { LOOP "proxy = socks5://me:x@h:1\n", "FILE:5: `proxy` with "
		    "a password in a file that everybody may read (mode 0644)",
		    "chmod o-r FILE" }, 0644, 0700 },
		{ { LOOP, "FILE: everybody may replace files in DIR (mode "
		    "0777)", "chmod o-w DIR" }, 0600, 0777 },
	};
	const struct scratch *scratch = *state;
	size_t i;

	for (i = 0; i < COUNT(modes); i++) {
		struct program_run run = { 0 };
		char *path = program_profile(scratch, modes[i].row.profile);

		assert_int_equal(chmod(path, modes[i].mode), 0);
		assert_int_equal(chmod(scratch->path, modes[i].directory), 0);
		run_row(&modes[i].row, EX_CONFIG, scratch, &run);
		assert_int_equal(chmod(scratch->path, 0700), 0);
		mem_free(path);
	}
}

static void
a_file_of_somebody_else_is_refused(void **state)
{
	static const struct row theirs = { NULL, "FILE: belongs to *",
	    "chown 0 FILE" };
	static const struct row denied = { NULL, "FILE: it is *",
	    "give it to a group that may read it, and put *" };
	const struct scratch *scratch = *state;
	struct program_run run = { 0 }, other = { .set_uid = true,
	    .uid = NOBODY, .gid = NOBODY };
	char *path;

	if (geteuid() != 0)
		skip();
	path = program_profile(scratch, LOOP);
	assert_int_equal(chmod(scratch->path, 0711), 0);
	run_row(&denied, EX_CONFIG, scratch, &other);
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	run_row(&theirs, EX_CONFIG, scratch, &run);
	assert_int_equal(chmod(scratch->path, 0700), 0);
	assert_int_equal(unlink(path), 0);
	mem_free(path);
}

/* What the command line and the environment ask of the file. */
static void
a_file_or_profile_that_isnt_there_is_named(void **state)
{
	static const struct {
		const char *words[2], *env;
		struct row row;
	} cases[] = {
		{ { "--profile=hoem" }, NULL, { NULL, "FILE: no profile "
		    "'hoem', which --profile names",
		    "did you mean 'home'? the file has: home, work" } },
		{ { "--profile=x" }, NULL, { NULL, "FILE: no profile 'x', "
		    "which --profile names", "the file has: home, work" } },
		{ { NULL }, "POSTHASTE_PROFILE=x", { NULL, "FILE: no profile "
		    "'x', which $POSTHASTE_PROFILE names",
		    "the file has: home, work" } },
		{ { "--queue", "--profile=x" }, NULL, { NULL,
		    "FILE: no profile 'x'", "the file has: home, work" } },
	};
	const struct scratch *scratch = *state;
	char *path = program_profile(scratch, "[home]\nhost = localhost\n"
	    "[work]\nhost = localhost\n"), *config;
	size_t i, k;

	config = mem_alloc(strlen(path) + 20);
	(void)snprintf(config, strlen(path) + 20, "POSTHASTE_CONFIG=%s", path);
	for (i = 0; i < COUNT(cases); i++) {
		const char *argv[5] = { "posthaste" }, *env[] = { config,
			"PATH=/usr/bin:/bin", "LC_ALL=C", cases[i].env,
			NULL };
		struct program_run run = { .argv = argv, .env = env };

		for (k = 0; k < 2 && cases[i].words[k] != NULL; k++)
			argv[k + 1] = cases[i].words[k];
		if (argv[1] == NULL || strcmp(argv[1], "--queue") != 0)
			argv[k + 1] = "one@example.net";
		run_row(&cases[i].row, EX_CONFIG, scratch, &run);
	}
	mem_free(config);
	mem_free(path);
}

/* The parser of addresses knows more of them than the profile's checks. */
static void
a_sender_that_is_no_address_is_named_with_its_line(void **state)
{
	static const struct row row = { NULL,
	    "FILE:5: from: *", "mend `from` in FILE, section [a]" };
	const struct scratch *scratch = *state;
	char *path = program_profile(scratch, LOOP "from = a..b@example.org\n");
	const char *argv[] = { "posthaste", "--config", path,
		"one@example.net", NULL };
	struct program_run run = { .argv = argv };

	run_row(&row, EX_CONFIG, scratch, &run);
	mem_free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_error_names_the_line_the_word_and_the_fix),
		cmocka_unit_test(what_is_too_long_is_said_to_be),
		cmocka_unit_test(a_file_of_no_text_is_refused_with_its_line),
		cmocka_unit_test(
		    a_file_that_others_may_change_or_read_is_refused),
		cmocka_unit_test(a_file_of_somebody_else_is_refused),
		cmocka_unit_test(a_file_or_profile_that_isnt_there_is_named),
		cmocka_unit_test(
		    a_sender_that_is_no_address_is_named_with_its_line),
	};

	return cmocka_run_group_tests(tests, set_up, scratch_tear_down);
}
