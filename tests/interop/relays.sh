# What the scripts of relays/ share; sourced after lib.sh.
#
# The relays of one Debian release are unpacked into one root, $RELAYS_ROOT/
# SUITE, which is only ever read: each script works in an overlay of it, in
# namespaces of its own, all of which end with the script.

: "${RELAYS_ROOT:=$work/roots}"
password='correct "horse" = ;battery#'

# What the relays need, with all that belongs to it; and the relays, of which
# no two can be installed, but unpacked.
bookworm_needs='ca-certificates iproute2 perl netbase procps m4 make
    libdb5.3 libgnutls30 libgnutls-dane0 libidn12 libldap-2.5-0 libmariadb3
    libnsl2 libpcre2-8-0 libperl5.36 libpq5 libsasl2-2 libsasl2-modules
    sasl2-bin libspf2-2 libsqlite3-0 liblockfile1 lockfile-progs libwrap0
    libnet-cidr-perl libcourier-unicode4 libgdbm6 libltdl7 libgamin0 libpcre3
    gnutls-bin libbz2-1.0 libcap2 libexttextcat-2.0-0 libicu72 liblua5.4-0
    libpam0g libsodium23 libssl3 libstemmer0d libtirpc3 libunwind8'
bookworm_relays='exim4-base exim4-daemon-heavy sendmail-base sendmail-bin
    sendmail-cf courier-mta courier-base courier-authdaemon courier-authlib
    courier-authlib-userdb dovecot-core dovecot-submissiond'
trixie_needs='iproute2 libcap2 libdb5.3t64 libevent-2.1-7t64
    libexttextcat-2.0-0 libgssapi-krb5-2 libicu76 libldap2 liblua5.4-0
    libpam0g libpcre2-8-0 libsasl2-2 libsodium23 libssl3t64 libstemmer0d
    libtirpc3t64 libunwind8 libxxhash0'
trixie_relays='dovecot-core dovecot-sieve dovecot-submissiond opensmtpd'

relays_root() {
	need mmdebstrap
	[ ! -e "$RELAYS_ROOT/$1.done" ] || return 0
	eval "needs=\$${1}_needs relays=\$${1}_relays"
	mkdir -p "$RELAYS_ROOT"
	# The directory is apt's, which drops its privileges; dpkg -x would put
	# a directory /lib in the place of the link.
	mmdebstrap --quiet --variant=minbase --include="$(echo $needs |
	    tr ' ' ,)" --customize-hook='chroot "$1" sh -euc "
		mkdir /tmp/relays
		chown _apt /tmp/relays
		cd /tmp/relays
		apt-get -q download '"$(echo $relays)"'
		for package in *.deb; do
			dpkg-deb --fsys-tarfile \$package |
			    tar -xC / --keep-directory-symlink
		done
		rm -r /tmp/relays"' "$1" "$RELAYS_ROOT/$1" >"$work/out" 2>&1 ||
	    { cat "$work/out"; die "mmdebstrap"; }
	: >"$RELAYS_ROOT/$1.done"
}

# npm_package NAME@VERSION [OPTION ...]: installed beside the roots, in
# npm/node_modules.
npm_package() {
	[ ! -d "$RELAYS_ROOT/npm/node_modules/${1%@*}" ] || return 0
	mkdir -p "$RELAYS_ROOT/npm"
	npm install --silent --no-fund --no-audit --prefix "$RELAYS_ROOT/npm" \
	    "$@" >"$work/out" 2>&1 ||
	    { cat "$work/out"; die "npm install $1"; }
}

# unshare leaves gentler signals to its child.
stop_inside() {
	kill -KILL "$inside" 2>/dev/null || :
	wait "$inside" 2>/dev/null || :
}

# relay_inside [SUITE]: the rest of the script runs in its namespaces, where
# `root` is the overlay and `sendmail` the binary. Without SUITE the relay is
# this machine's, and `root` a directory for what belongs to it.
relay_inside() {
	if [ -z "${INTEROP_INSIDE:-}" ]; then
		need unshare python3 /usr/bin/python3 openssl
		[ $# -eq 0 ] || relays_root "$1"
		export RELAYS_ROOT INTEROP_INSIDE=1 POSTHASTE
		TMPDIR=$work unshare --mount --mount-proc --net --pid --fork \
		    --kill-child sh "$0" &
		inside=$!
		cleanup=stop_inside
		status=0
		wait "$inside" || status=$?
		cleanup=:
		exit "$status"
	fi
	install_sendmail
	if [ $# -eq 0 ]; then
		root=$work/here
		install -d "$root/etc"
		name_relay
		ip link set lo up
	else
		enter_overlay "$1"
	fi
	install -d "$root/etc/relay"
	certificates 2>"$work/err" || { cat "$work/err"; die "openssl"; }
	make_messages
}

enter_overlay() {
	mkdir "$work/over"
	mount -t tmpfs tmpfs "$work/over"
	root=$work/over/root
	mkdir "$root" "$work/over/upper" "$work/over/scratch"
	mount -t overlay overlay -o "lowerdir=$RELAYS_ROOT/$1,\
upperdir=$work/over/upper,workdir=$work/over/scratch" "$root"
	mount -t proc proc "$root/proc"
	cleanup=leave_overlay
	name_relay
	printf 'hosts: files\n' >"$root/etc/nsswitch.conf"
	printf 'passwd: files\ngroup: files\n' >>"$root/etc/nsswitch.conf"
	in_root ip link set lo up
	in_root useradd --create-home bob
	in_root useradd --create-home carol
}

name_relay() {
	printf '127.0.0.1 localhost relay.test\n' >"$root/etc/hosts"
	mount --bind "$root/etc/hosts" /etc/hosts
}

leave_overlay() {
	umount -l /etc/hosts "$root" "$work/over"
}

in_root() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	    LC_ALL=C "$@"
}

# listening LOG PORT ...: all of them answer before long.
listens() {
	grep -q "$(printf ':%04X 0\\{8,32\\}:0000 0A' "$1")" /proc/net/tcp \
	    /proc/net/tcp6
}

listening() {
	relay_log=$1
	shift
	for port; do
		wait_for 30 listens "$port" || { cat "$relay_log" || :
			die "no port $port"; }
	done
}

# A CA in $work/ca.pem, and a certificate in $root/etc/relay.
certificates() {
	key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
	openssl req -x509 $key -subj /CN=interop -keyout "$work/ca.key" \
	    -out "$work/ca.pem"
	openssl req -x509 $key -subj /CN=relay.test -CA "$work/ca.pem" \
	    -CAkey "$work/ca.key" -keyout "$root/etc/relay/key.pem" \
	    -out "$root/etc/relay/cert.pem" \
	    -addext subjectAltName=DNS:relay.test \
	    -addext basicConstraints=critical,CA:FALSE \
	    -addext extendedKeyUsage=serverAuth
}

#### The profile: to [LINE ...], and what most have.

to() {
	cat >"$work/posthaste.ini" <<-PROFILE
	[default]
	host = relay.test
	ehlo = www1.example.org
	from = ann@example.org
	log = none
	tls_ca_file = $work/ca.pem
	PROFILE
	printf '%s\n' "$@" >>"$work/posthaste.ini"
	chmod 600 "$work/posthaste.ini"
}
export POSTHASTE_CONFIG="$work/posthaste.ini"
login="user = ann@relay.test"
secret="password = $password"

send() {
	"$sendmail" -i "${2:-bob@example.net}" <"$1"
}

says() {
	grep -Fq -- "$1" "$work/err"
}

#### What arrived: a file for each message in the directory that `inbox` tells.

inbox() {
	echo "$root/home/$1/Maildir/new"
}

delivered() {
	[ "$(find "$(inbox "$1")" -type f 2>/dev/null | wc -l)" -eq "$2" ]
}

# arrives USER FILE: exactly one message is delivered, and is that file but for
# the trace headers on top.
arrives() {
	wait_for 20 delivered "$1" 1 || return 1
	/usr/bin/python3 -IS - "$2" "$(inbox "$1")/"* <<-'COMPARE'
	import re, sys
	sent, arrived = (open(name, "rb").read() for name in sys.argv[1:3])
	trace = rb"(Return-Path|X-Original-To|Delivered-To|Received|Envelope-To|Delivery-Date):.*\n"
	arrived = re.sub(rb"(?i)\A(" + trace + rb"([ \t].*\n)*)+", b"", arrived)
	if arrived != sent:
	    print(repr(sent[:2000]), "sent", repr(arrived[:2000]), sep="\n")
	    sys.exit(1)
	COMPARE
	rm "$(inbox "$1")/"*
}

#### The messages, each as it is sent, and as it must arrive where that differs.

head='Date: Fri, 02 Jan 2026 03:04:05 +0000
From: Ann Example <ann@example.org>
To: bob@example.net
Subject: a message
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit
'

message() {
	(printf '%s\n' "$head" && cat) >"$work/sent/$1"
}

make_messages() {
	mkdir "$work/sent" "$work/wanted"
	echo "Hello Bob" | message plain
	printf '.\n..\n...\n.x\n x\n\n.\n' | message dots
	printf 'gr\303\274n \342\202\254\n' | message utf8
	printf '\377\200 latin\344\n\001\177\033\n' | message octets
	printf 'blanks  \n\t\n \n\n\n\n' | message blanks
	printf 'From here\n>From there\n\nFrom: me\nTo: you\n' | message from
	python3 -c 'for i in range(1, 999): print("." * i)' | message lengths
	octets 2000000 | message large
	: | message empty
	printf '%s\n' "$head" |
	    sed 's/^Subject:.*/Subject: one\n two\n\tthree/' \
	    >"$work/sent/folded"
	sed 's/$/\r/' "$work/sent/plain" >"$work/sent/crlf"
	cp "$work/sent/plain" "$work/wanted/crlf"
	printf 'no last\nnewline' | message newline
	(cat "$work/sent/newline"; echo) >"$work/wanted/newline"
	plain=$work/sent/plain
}

# every_message LABEL [NAME ...]: all but those named, which the relay itself
# changes, arrive as they were sent.
every_message() {
	label=$1
	shift
	for sent in "$work/sent/"*; do
		what=${sent##*/}
		case " $* " in
		*" $what "*) continue ;;
		esac
		wanted=$work/wanted/$what
		[ -e "$wanted" ] || wanted=$sent
		try "$label: $what" 0 send "$sent"
		check "$label: $what arrives byte for byte" \
		    arrives bob "$wanted"
		check "$label: $what is sent in silence" \
		    [ ! -s "$work/err" -a ! -s "$work/out" ]
	done
}

# takes LABEL LINE ...: one message arrives.
takes() {
	taken=$1
	shift
	to "$@"
	try "$taken" 0 send "$plain"
	check "$taken: it arrives" arrives bob "$plain"
}

# every_login LABEL WORDS MECHANISM ... and -- LINE ...: each mechanism, with the
# password and with a wrong one, which the relay refuses in these words.
every_login() {
	label=$1 words=$2 mechanisms=
	shift 2
	while [ "$1" != -- ]; do
		mechanisms="$mechanisms $1"
		shift
	done
	shift
	for auth in $mechanisms; do
		takes "$label: auth = $auth" "$login" "$secret" "auth = $auth" \
		    "$@"
		to "$login" "password = wrong" "auth = $auth" "$@"
		try "$label: auth = $auth, a wrong password is 77" 77 \
		    send "$plain"
		check "$label: auth = $auth: the relay's words" says "$words"
	done
}

# refuses LABEL STATUS WORDS RECIPIENT LINE ...: and delivers nothing.
refuses() {
	label=$1 wanted=$2 words=$3 recipient=$4
	shift 4
	to "$@"
	try "$label is $wanted" "$wanted" send "$plain" "$recipient"
	check "$label: the relay's words" says "$words"
	check "$label: nothing is delivered" delivered bob 0
}
