#include "app/hint.h"

#define EHLO HINT_AT(STAGE_EHLO)
#define AUTH HINT_AT(STAGE_AUTH)
#define MAIL HINT_AT(STAGE_MAIL)
#define RCPT HINT_AT(STAGE_RCPT)
#define LATE (MAIL | RCPT | HINT_AT(STAGE_DATA) | HINT_AT(STAGE_RECEIPT))
/* Many relays hold what they think of the EHLO name back until RCPT. */
#define NAME (HINT_AT(STAGE_GREETING) | EHLO | LATE)

const struct hint hints[] = {
	/* The EHLO name. */
	{ "H00", NAME, { 0 }, NULL, { "Helo command rejected" },
	    "the relay refuses the EHLO name `{ehlo}`",
	    "set ehlo to the name by which the internet knows this machine, "
	    "or to your own domain", "ehlo", false },
	{ "H01", NAME, { 504, 550, 554 }, "5.5.2",
	    { "Helo command rejected: need fully-qualified hostname" },
	    "the EHLO name `{ehlo}` has no domain",
	    "set ehlo to this machine's full public name, or to the domain of "
	    "your address", "ehlo", false },
	{ "H02", NAME, { 501, 550, 554 }, NULL,
	    { "Helo command rejected: Invalid name",
	    "Helo command rejected: invalid ip address" },
	    "the EHLO name `{ehlo}` isn't a host name",
	    "set ehlo to letters, digits, hyphens and dots only, without an "
	    "empty part", "ehlo", false },
	{ "H03", NAME, { 450, 550, 554 }, NULL,
	    { "Helo command rejected: Host not found" },
	    "the EHLO name `{ehlo}` doesn't resolve; no waiting heals that",
	    "set ehlo to a name that has an address in the public DNS",
	    "ehlo", true },
	{ "H04", EHLO, { 501, 550 }, NULL,
	    { "Syntactically invalid EHLO argument",
	    "Syntactically invalid HELO argument" },
	    "the EHLO name `{ehlo}` isn't a host name",
	    "set ehlo to letters, digits, hyphens and dots only",
	    "ehlo", false },
	{ "H05", EHLO, { 421 }, "4.7.0",
	    { "Try again later, closing connection. (EHLO)" },
	    "this looks like a limit and is none: the relay refuses the "
	    "EHLO name `{ehlo}`", "set ehlo to your own domain", "ehlo", true },
	{ "H06", EHLO, { 501 }, NULL, { "HELO/EHLO argument is invalid",
	    "Empty HELO/EHLO argument",
	    "HELO/EHLO argument \"" },
	    "the EHLO name `{ehlo}` isn't a full host name",
	    "set ehlo to this machine's full public name", "ehlo", false },
	{ "H07", LATE, { 550 }, NULL,
	    { "Invalid credentials for relay", "Mail relay denied" },
	    "neither this machine's address, nor a login, nor the EHLO name "
	    "tells the relay whose mail this is",
	    "set user and a password, or set ehlo to a domain of the account, "
	    "or register this machine's address there", "ehlo", false },
	{ "H08", HINT_ANY, { 550 }, "5.7.506", { "bad helo" },
	    "the EHLO name `{ehlo}` is the relay's own",
	    "ehlo names this machine, not the relay", "ehlo", false },
	{ "H09", EHLO, { 501 }, NULL, { "Invalid domain name" },
	    "the EHLO name `{ehlo}` isn't a host name",
	    "set ehlo to this machine's full public name", "ehlo", false },
	{ "H10", NAME, { 550 }, NULL, { "Helo name contains a ip address" },
	    "the relay wants a host name, not the address `{ehlo}`",
	    "set ehlo to this machine's full public name", "ehlo", false },
	{ "H11", HINT_ANY, { 550, 554 }, "5.7.1",
	    { "Helo domain is listed in Spamhaus",
	    "Service unavailable; Helo command [" },
	    "the domain of the EHLO name `{ehlo}` is on a block list",
	    "set ehlo to a name in a domain of yours", "ehlo", false },
	{ "H12", HINT_AT(STAGE_DATA), { 554, 503 }, "5.5.1",
	    { "no valid recipients" },
	    "the relay took no recipient; often the EHLO name `{ehlo}` is "
	    "what it objects to",
	    "set ehlo to this machine's full public name", "ehlo", false },

	/* TLS, and the wrong kind of it. */
	{ "H13", AUTH | LATE, { 530, 554 }, "5.7.0",
	    { "Must issue a STARTTLS command first" },
	    "the relay wants TLS, and the session is in clear",
	    "set tls = starttls (or tls = implicit with port = 465)",
	    "tls", false },
	{ "H14", RCPT, { 450, 550, 554 }, NULL,
	    { "Session encryption is required" },
	    "the relay wants TLS, and the session is in clear; no waiting "
	    "heals that", "set tls = starttls", "tls", true },
	{ "H15", AUTH | MAIL, { 530 }, "5.7.7",
	    { "without SSL/TLS encryption is not allowed" },
	    "the relay takes no login in clear",
	    "set tls = implicit with port = 465", "tls", false },
	{ "H16", HINT_AT(STAGE_STARTTLS), { 454 }, NULL,
	    { "TLS not available", "TLS currently unavailable" },
	    "the relay's own certificate or key is broken",
	    "tell the relay's operator and try later; without TLS nothing is "
	    "sent", NULL, false },
	{ "H17", HINT_ANY, { 0 }, NULL, { NULL },
	    "a wrong port, or something on the way that strips STARTTLS",
	    "check port: 587 usually offers STARTTLS; 465 wants "
	    "tls = implicit; nothing is sent in clear instead", "port", false },
	{ "H18", HINT_ANY, { 0 }, NULL, { NULL },
	    "this port speaks clear text first, and tls = implicit was set",
	    "set tls = starttls", "tls", false },
	{ "H19", HINT_ANY, { 0 }, NULL, { NULL },
	    "the relay is silent: perhaps it waits for TLS to begin",
	    "where port is 465, set tls = implicit", "tls", false },
	{ "H20", HINT_ANY, { 0 }, NULL, { NULL },
	    "nobody answers: hosting companies often block ports 25 and 465 "
	    "on the way out",
	    "try port 587, or have the port opened", "port", false },
	{ "H85", HINT_ANY, { 0 }, NULL, { NULL },
	    "nobody listens there: a wrong host or port, or the relay is down",
	    "check host and port: most relays have 587 for tls = starttls, "
	    "465 for tls = implicit", "port", false },
	{ "H86", HINT_ANY, { 0 }, NULL, { NULL },
	    "who listens there doesn't speak SMTP: a wrong port",
	    "check host and port: most relays have 587 for tls = starttls, "
	    "465 for tls = implicit", "port", false },
	{ "H87", HINT_ANY, { 0 }, NULL, { NULL },
	    "a misspelt name, or one that this machine's DNS doesn't know",
	    "check host: it is your provider's relay for outgoing mail",
	    "host", false },
	{ "H21", HINT_ANY, { 0 }, NULL, { NULL },
	    "a relay on this machine with a certificate of its own making",
	    "set tls_ca_file to its exported certificate, or "
	    "tls_fingerprint", "tls_ca_file", false },
	{ "H37", AUTH, { 504, 538 }, NULL,
	    { "Encryption required for requested authentication" },
	    "the relay takes no login before TLS", "set tls = starttls",
	    "tls", false },

	/* AUTH. */
	{ "H22", LATE, { 530, 550, 503 }, NULL, { "Authentication required",
	    "Must issue an AUTH command first", "authentication is required" },
	    "the relay wants a login, and none was made",
	    "set user and one of the password keys", "user", false },
	{ "H23", LATE, { 530 }, "5.7.57",
	    { "Client not authenticated to send mail" },
	    "the relay wants a login, and none was made",
	    "set user and one of the password keys", "user", false },
	{ "H24", AUTH, { 535 }, "5.7.139",
	    { "SmtpClientAuthentication is disabled" },
	    "logins over SMTP are switched off for the tenant or the mailbox",
	    "an administrator has to allow authenticated SMTP: "
	    "https://aka.ms/smtp_auth_disabled", NULL, false },
	{ "H25", AUTH, { 535 }, "5.7.139",
	    { "basic authentication is disabled" },
	    "this relay takes no passwords any more, only access tokens",
	    "set auth = xoauth2, and password_command to a program that prints "
	    "a token", "auth", false },
	{ "H77", HINT_ANY, { 550, 535 }, "5.7.30",
	    { "Basic authentication is not supported" },
	    "passwords (\"basic authentication\") are off for this mailbox, as "
	    "Exchange Online has it by default from the end of December 2026: "
	    "it takes access tokens only",
	    "set auth = xoauth2, and password_command to a program that prints "
	    "a token; or have an administrator allow basic authentication for "
	    "SMTP as long as that can be done", "auth", false },
	{ "H78", HINT_ANY, { 0 }, NULL, { NULL },
	    "the access token isn't valid, or its time is over",
	    "have password_command print a fresh token, made for sending mail "
	    "as {user}", "password_command", false },
	{ "H79", AUTH, { 535, 454 }, NULL,
	    { "authentication failed: no secret in database",
	    "no secret in database" },
	    "the relay offers SCRAM or CRAM-MD5 and keeps no password for it",
	    "set auth = plain", "auth", true },
	{ "H26", AUTH, { 535 }, "5.7.139", { NULL },
	    "a policy of the account forbids this login",
	    "ask the account's administrator", NULL, false },
	{ "H27", AUTH, { 535 }, "5.7.3", { "Authentication unsuccessful" },
	    "a wrong password for {user}, or logins over SMTP are off for the "
	    "mailbox", "see that authenticated SMTP is on for the mailbox, "
	    "then check the password", "user", false },
	{ "H28", AUTH, { 535, 534 }, NULL,
	    { "Username and Password not accepted" },
	    "the account's own password doesn't work here, or it is wrong",
	    "make an app password and use that, without its blanks",
	    "password", false },
	{ "H29", AUTH, { 534, 535 }, NULL,
	    { "pplication-specific password required",
	    "log in through your web browser",
	    "log in with your web browser" },
	    "the account's own password doesn't work here",
	    "make an app password and use that", "password", false },
	{ "H30", AUTH, { 454, 421 }, NULL, { "Too many login attempts" },
	    "logins of {user} have failed too often",
	    "put the password right, then wait", "password", false },
	{ "H31", AUTH, { 535 }, "5.7.8", { "authentication failed",
	    "authentication credentials invalid" },
	    "a wrong user or password",
	    "check both; user is {user}, and usually the full address",
	    "user", false },
	{ "H32", AUTH, { 535 }, NULL,
	    { "Mailgun is not loving your login or password" },
	    "an API key or the account's password was used",
	    "use the SMTP login of the sending domain", "user", false },
	{ "H33", LATE, { 550 }, NULL, { "Unauthenticated senders not allowed" },
	    "the relay wants its API key as the password",
	    "set user = apikey, and the key as the password", "user", false },
	{ "H34", AUTH, { 535 }, "5.7.0", { "Invalid login or password" },
	    "a wrong user or key",
	    "use the SMTP key, not the API key or the account's password",
	    "password", false },
	{ "H35", HINT_ANY, { 502, 535, 525 }, NULL,
	    { "SMTP account is not yet activated" },
	    "the relay has not opened the account for sending yet",
	    "ask the relay's support to activate it for transactional mail",
	    NULL, false },
	{ "H69", HINT_ANY, { 550, 501 }, "5.1.8", { "bad outbound sender" },
	    "the relay has blocked the sender, because spam came from that "
	    "mailbox", "change the mailbox's password, then have an "
	    "administrator unblock it (Microsoft 365: Restricted entities)",
	    NULL, false },
	{ "H76", LATE | AUTH, { 503 }, NULL,
	    { "No identity changes permitted" },
	    "the relay saw a second login in one session, and posthaste makes "
	    "but one", "please report it, with what -v prints", NULL, false },
	{ "H36", AUTH, { 535 }, NULL, { "Authentication Credentials Invalid" },
	    "a wrong user or password; Amazon SES also says so to keys of "
	    "another kind or of another region",
	    "check both; for SES make SMTP credentials for the region that "
	    "host names", "user", false },
	{ "H38", AUTH, { 503 }, NULL, { "authentication not enabled" },
	    "this port takes no logins",
	    "use port = 587 with tls = starttls, or leave user out",
	    "port", false },
	{ "H39", AUTH, { 504 }, NULL, { "not supported",
	    "Unrecognized authentication type" },
	    "the relay doesn't know the mechanism", "leave auth = auto",
	    "auth", false },

	/* Who may send what to whom. */
	{ "H40", LATE, { 550, 554 }, NULL,
	    { "does not have permissions to send as this sender",
	    "SendAsDenied" },
	    "the sender or the From header isn't an address of the login "
	    "{user}",
	    "set from to the account's address and from_policy = force, or "
	    "have an administrator grant that login the right to send as the "
	    "other address", "from", false },
	{ "H41", LATE, { 553, 550 }, NULL,
	    { "Sender address rejected: not owned by" },
	    "the sender isn't an address of the login {user}",
	    "set from to an address of that account", "from", false },
	{ "H42", LATE, { 553 }, NULL,
	    { "Sender address rejected: not logged in" },
	    "the sender belongs to an account, and no login was made",
	    "set user and one of the password keys", "user", false },
	{ "H43", LATE, { 553 }, NULL, { "Relaying disallowed" },
	    "the From header isn't an address of the login {user}",
	    "set from to an address of that account, and "
	    "from_policy = force", "from", false },
	{ "H44", HINT_ANY, { 550 }, NULL,
	    { "From address is not one of your addresses" },
	    "the From header is neither the account's address nor one of its "
	    "aliases", "set from to one of them, and from_policy = force",
	    "from", false },
	{ "H45", LATE, { 501, 553 }, NULL,
	    { "mail from address must be same as authorization user",
	    "mail from must equal authorized user" },
	    "the sender isn't the login {user}",
	    "set from to the address of the login", "from", false },
	{ "H46", LATE, { 550 }, NULL, { "Sender address is not allowed" },
	    "the sender isn't an address of this mailbox",
	    "set from to an address of the mailbox of {user}", "from", false },
	{ "H47", LATE, { 550 }, NULL,
	    { "does not match a verified Sender Identity" },
	    "the relay doesn't know yet that the From address is yours",
	    "verify that address or its domain in the relay's settings, or set "
	    "from to one that is verified", "from", false },
	{ "H48", LATE, { 554 }, NULL, { "Email address is not verified" },
	    "Amazon SES doesn't know yet that the sender is yours; while the "
	    "account is in the sandbox that goes for the recipients too",
	    "verify the address it names, in the region that host names, or "
	    "ask there for production access", "from", false },
	{ "H49", LATE, { 0 }, NULL,
	    { "is not a Sender Signature on your account" },
	    "the relay doesn't know yet that the From address is yours",
	    "add it there as a sender signature, or set from to one of "
	    "them", "from", false },
	{ "H50", LATE, { 0 }, NULL, { "is not allowed in header From" },
	    "the From header is of another domain than the login {user}",
	    "set from to an address in the login's domain, and "
	    "from_policy = force", "from", false },
	{ "H51", LATE, { 450, 550, 553 }, NULL,
	    { "Sender address rejected: Domain not found" },
	    "the sender's domain doesn't exist; no waiting heals that",
	    "set from or domain to a real domain", "from", true },
	{ "H52", RCPT, { 501, 550 }, NULL,
	    { "recipient address must contain a domain" },
	    "a recipient without a domain",
	    "set domain, so that bare names are completed", "domain", false },
	{ "H53", MAIL | RCPT, { 501 }, NULL,
	    { "Bad sender address syntax", "Bad recipient address syntax" },
	    "the relay can't read the address in that command",
	    "look for a typing error: the sender comes from -f or the key "
	    "from, recipients from the arguments or To, Cc and Bcc",
	    NULL, false },
	{ "H54", LATE, { 554, 550, 551, 553, 454 }, NULL,
	    { "Relay access denied", "relay not permitted", "Relaying denied",
	    "Unable to relay" },
	    "no login was made, or {host} isn't the relay for your mail",
	    "set user and one of the password keys, or check host",
	    "host", true },
	{ "H83", RCPT, { 553, 550, 554 }, NULL,
	    { "in my list of allowed rcpthosts" },
	    "the relay takes in mail for its own domains, and other mail only "
	    "from those who log in or whose address it knows",
	    "set user and one of the password keys, have this machine's "
	    "address allowed there, or check host", "user", false },
	{ "H55", HINT_AT(STAGE_RECEIPT), { 550 }, "5.7.1",
	    { "is not authorized to send email directly" },
	    "{host} takes in mail for its own domain and isn't a relay",
	    "set host to your provider's relay for outgoing mail",
	    "host", false },
	{ "H56", HINT_ANY, { 552, 554, 0 }, NULL,
	    { "message size exceeds", "message size limit",
	    "message file too big" },
	    "the message is larger than the relay takes; attachments grow by "
	    "a third on their way", "send less, or a link", NULL, false },

	{ "H70", HINT_ANY, { 550 }, "5.7.750", { "unregistered domains" },
	    "the sender's domain isn't one of the Microsoft 365 tenant",
	    "set from to an address in an accepted domain of the tenant, or "
	    "have an administrator add the domain", "from", false },
	{ "H75", HINT_ANY, { 0 }, NULL,
	    { "free accounts are for test purposes only" },
	    "the relay's test domain delivers to registered addresses only",
	    "register the recipient there, or use a domain of your own",
	    NULL, false },

	/* What receivers ask of a sender's domain: SPF, DKIM, DMARC. */
	{ "H71", LATE, { 550, 421 }, NULL, { "Unauthenticated email from" },
	    "the receiver asked the From header's domain, and its DMARC policy "
	    "disowns this mail: neither SPF nor DKIM speaks for {host}",
	    "send through the relay that signs for that domain, or set from to "
	    "an address in a domain that {host} signs for", "from", false },
	{ "H81", HINT_ANY, { 550, 421, 450 }, "5.7.26", { NULL },
	    "the receiver can't tell who sent this: the sender's domain has "
	    "neither an SPF record that names the relay nor a DKIM signature",
	    "send through your domain's own relay, or publish in its DNS what "
	    "{host} asks for (SPF and DKIM)", "host", false },
	{ "H82", HINT_ANY, { 550 }, "5.7.515", { NULL },
	    "Outlook.com wants SPF, DKIM and DMARC from whoever sends much, "
	    "and the From header's domain doesn't pass all three",
	    "publish in that domain's DNS an SPF record that names the relay, "
	    "the relay's DKIM key and a DMARC record; one of the first two "
	    "must be of the From header's own domain", "from", false },
	{ "H84", HINT_ANY, { 550 }, "5.7.509", { NULL },
	    "the receiver asked the From header's domain, and its DMARC policy "
	    "disowns this mail: neither SPF nor DKIM speaks for {host}",
	    "send through the relay that signs for that domain, or set from to "
	    "an address in a domain that {host} signs for", "from", false },

	/* The message. */
	{ "H57", HINT_ANY, { 552, 550 }, "5.7.0", { "illegal attachment",
	    "potential security issue" },
	    "the relay takes no attachments of this kind",
	    "send a link instead", NULL, false },
	{ "H59", LATE, { 550 }, NULL, { "missing a valid Message-ID",
	    "missing a valid messageId" },
	    "the Message-ID header isn't of the form <word@domain>",
	    "have the program that wrote the message leave Message-ID out: "
	    "posthaste adds one then", NULL, false },
	{ "H60", LATE, { 550, 551 }, NULL,
	    { "Multiple addresses in a From header",
	    "missing a valid address in From", "multiple addresses in From" },
	    "the From header isn't one plain address",
	    "have the program that wrote the message put one address there, or "
	    "set from and from_policy = force", "from_policy", false },
	{ "H61", LATE, { 554 }, NULL,
	    { "Reject due to policy restrictions" },
	    "the relay wants one valid Date, one From, and at most one each of "
	    "Sender, To, Cc and Subject, all in plain ASCII",
	    "look at the header with --dry-run, and mend the program that "
	    "wrote it", NULL, false },
	{ "H62", HINT_ANY, { 550, 521, 552, 554, 451 }, NULL,
	    { "BareLinefeedsAreIllegal", "bare <LF>", "bare CR", "smtplf" },
	    "the relay saw a line that doesn't end in CR LF, and posthaste "
	    "sends none", "look for something on the way that changes mail, "
	    "or report it, with what -v prints", NULL, true },
	{ "H63", HINT_ANY, { 550, 552, 554, 500 }, NULL,
	    { "maximum allowed line length is 998", "line is too long" },
	    "a line is longer than mail allows; in a signed or multipart "
	    "message posthaste changes nothing",
	    "have the program that wrote it break its lines, or encode the "
	    "part in base64; elsewhere `encode = auto`, the default, does it",
	    "encode", false },
	{ "H64", MAIL | RCPT, { 553, 550, 501 }, "5.6.7", { "SMTPUTF8" },
	    "an address has letters outside ASCII, and the relay takes none",
	    "use an ASCII address, or a relay that offers SMTPUTF8",
	    NULL, false },

	/* What waiting heals, and the relay's limits. */
	{ "H58", HINT_ANY, { 452 }, NULL, { "Insufficient system storage" },
	    "the relay's disk is full, or nearly so",
	    "send it again later, and tell the relay's operator; the key spool "
	    "keeps mail that must wait", NULL, false },
	{ "H65", HINT_ANY, { 450, 451 }, NULL,
	    { "reylist", "4.7.1 Try again later" },
	    "greylisting: the relay turns unknown senders away once, and takes "
	    "the same message some minutes later",
	    "send it again in five minutes; the key spool makes posthaste do "
	    "that by itself", NULL, false },
	{ "H66", HINT_ANY, { 432 }, NULL,
	    { "Concurrent connections limit exceeded" },
	    "too many programs send through this mailbox at the same time",
	    "send fewer at once; the key spool keeps mail that must wait",
	    NULL, false },
	{ "H67", HINT_ANY, { 421, 450, 451 }, NULL,
	    { "too many connections", "too many errors" },
	    "the relay has had too many connections, or failed commands, from "
	    "this machine",
	    "wait some minutes, and send fewer at once; the key spool keeps "
	    "mail that must wait", NULL, false },
	{ "H68", HINT_ANY, { 451 }, "4.7.500", { "Server busy" },
	    "Microsoft 365 slows this machine's address down",
	    "send it again later; the key spool keeps mail that must wait",
	    NULL, false },
	{ "H72", HINT_ANY, { 450, 421 }, NULL,
	    { "SMTP relay limit exceeded" },
	    "the account has sent as much as Google Workspace allows for now",
	    "send it again later; the key spool keeps mail that must wait",
	    NULL, false },
	{ "H73", HINT_ANY, { 421, 451 }, NULL,
	    { "timeout exceeded", "Timeout waiting for data from client" },
	    "the relay waited in vain for what was sent: packets are lost on "
	    "the way to {host}",
	    "send it again; if large messages fail alone, look at the "
	    "network's MTU and at firewalls", NULL, false },
	{ "H74", HINT_ANY, { 0 }, NULL,
	    { "SMTP protocol synchronization",
	    "SMTP synchronization error" },
	    "the relay got something before it had answered",
	    "set early = no, the default; if that doesn't help, "
	    "pipelining = no, and please report it", "early", false },

	/* Named by hint_find() where the message went out by BDAT. */
	{ "H80", HINT_ANY, { 0 }, NULL, { NULL },
	    "the message went out by BDAT, which not every relay that offers "
	    "CHUNKING takes well", "if it takes the message otherwise, set "
	    "chunking = off", "chunking", false },
};

const size_t hint_count = sizeof(hints) / sizeof(hints[0]);
