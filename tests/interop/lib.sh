# What the scripts here share; sourced, with `here` naming this directory.
#
# $POSTHASTE is the binary to try. Each script works in $work, which goes with
# it, prints a line for each case and at last their number, and skips none. All
# but relay.py's port is private: other daemons run in namespaces.

set -eu

: "${POSTHASTE:=$here/../../build/posthaste}"
cases=0 failures=0 relay_pid= network= cleanup=:
work=$(mktemp -d "${TMPDIR:-/tmp}/interop.XXXXXX")
# Daemons that aren't root have to pass.
chmod 755 "$work"
trap 'end_script' EXIT
trap 'exit 1' HUP INT TERM PIPE

end_script() {
	relay_stop
	$cleanup
	rm -rf --one-file-system "$work"
}

die() {
	echo "FAILED ${0##*/}: $*"
	exit 1
}

need() {
	for tool; do
		command -v "$tool" >/dev/null || die "there is no $tool"
	done
}

# The binary by the name that callers know, as a package would install it.
install_sendmail() {
	[ -x "$POSTHASTE" ] || die "POSTHASTE names no binary: $POSTHASTE"
	mkdir "$work/bin"
	install -m 755 "$POSTHASTE" "$work/bin/posthaste"
	ln -s posthaste "$work/bin/sendmail"
	sendmail=$work/bin/sendmail
}

# check LABEL COMMAND ...: a case, which is as good as the command's status.
check() {
	case_label=$1
	shift
	cases=$((cases + 1))
	if "$@" >"$work/said" 2>&1; then
		echo "ok $case_label"
		return
	fi
	failures=$((failures + 1))
	echo "FAILED $case_label"
	for file in said out err mail/commands; do
		[ ! -s "$work/$file" ] ||
		    head -n 20 "$work/$file" | sed "s/^/  ${file##*/}: /"
	done
}

# try LABEL STATUS COMMAND ...: a case, in which the command gives that status.
try() {
	try_label=$1 wanted=$2
	shift 2
	status=0
	"$@" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" -eq "$wanted" ] || echo "  status $status, not $wanted"
	check "$try_label" [ "$status" -eq "$wanted" ]
}

finish() {
	echo "${0##*/}: $cases cases, $failures failed"
	[ "$failures" -eq 0 ]
	exit
}

# relay_start [OPTION ...]: a fresh relay.py, in the namespace that `network`
# enters, where there is one; sets `port` and `mail`.
relay_start() {
	relay_stop
	mail=$work/mail
	rm -rf "$mail" "$work/port"
	mkdir "$mail"
	: >"$mail/commands"
	$network python3 "$here/relay.py" "$@" "$mail" >"$work/port" &
	relay_pid=$!
	wait_for 10 test -s "$work/port" || die "the relay doesn't start"
	port=$(cat "$work/port")
}

relay_stop() {
	[ -n "$relay_pid" ] || return 0
	kill "$relay_pid" 2>/dev/null || :
	wait "$relay_pid" 2>/dev/null || :
	relay_pid=
}

# wait_for SECONDS COMMAND ...
wait_for() {
	tries=$(($1 * 10))
	shift
	while [ "$tries" -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		tries=$((tries - 1))
		sleep 0.1
	done
	return 1
}

# lacks FILE REGEX: the file is there, and no line of it fits, case ignored.
lacks() {
	[ -s "$1" ] && ! grep -Ei -- "$2" "$1"
}

# How many messages the relay took, and whether it heard of anybody.
arrived() {
	[ "$(find "$mail" -name '*.eml' | wc -l)" -eq "$1" ]
}

unheard() {
	[ ! -s "$mail/commands" ]
}

# envelope N LINE ...: the Nth message's EHLO, MAIL and RCPT lines are these.
envelope() {
	file=$mail/$1.envelope
	shift
	printf '%s\n' "$@" >"$work/wanted"
	sed 's/ SIZE=[0-9]*//; s/ BODY=[A-Z0-9]*//' "$file" |
	    diff "$work/wanted" -
}

# header N REGEX: one line of the Nth message's header is this.
header() {
	tr -d '\r' <"$mail/$1.eml" | sed '/^$/q' | grep -Eqx -- "$2"
}

# body N FILE: the Nth message's body is the file, its lines ending in CRLF.
body() {
	sed '1,/^\r$/d' "$mail/$1.eml" >"$work/body"
	sed 's/$/\r/' "$2" | cmp - "$work/body"
}

# No CR or LF of the Nth message stands alone.
line_ends() {
	[ "$(tr -dc '\r' <"$mail/$1.eml" | wc -c)" -eq \
	    "$(wc -l <"$mail/$1.eml")" ] &&
	    [ "$(grep -c "$(printf '\r')\$" "$mail/$1.eml")" -eq \
	    "$(wc -l <"$mail/$1.eml")" ]
}

# The N octets of a message, in lines that look like something.
octets() {
	python3 -c 'import sys
for i in range(int(sys.argv[1]) // 50):
    print("%07d %s" % (i, "." * (i % 3) + "x" * (40 - i % 3)), end="\n\n")
' "$1"
}

# The profile of most cases; further lines are arguments.
profile() {
	cat >"$work/posthaste.ini" <<-PROFILE
	[default]
	host = 127.0.0.1
	port = $port
	tls = none
	ehlo = www1.example.org
	from = web@example.org
	log = none
	PROFILE
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$work/posthaste.ini"
	chmod 644 "$work/posthaste.ini"
	export POSTHASTE_CONFIG="$work/posthaste.ini"
}

# A Debian with the servers in it, of the release that this machine has, so
# that the binary fits. $INTEROP_ROOT keeps it for the next script.
debian_root() {
	need mmdebstrap
	: "${INTEROP_ROOT:=$work/root}"
	[ ! -e "$INTEROP_ROOT/interop.done" ] || return 0
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	packages=cron,postfix,sasl2-bin,libsasl2-modules,ca-certificates
	packages=$packages,iproute2,libgnutls30,libinih1
	mmdebstrap --quiet --variant=minbase --include="$packages" "$suite" \
	    "$INTEROP_ROOT" >"$work/out" 2>&1 ||
	    { cat "$work/out"; die "mmdebstrap"; }
	: >"$INTEROP_ROOT/interop.done"
}
