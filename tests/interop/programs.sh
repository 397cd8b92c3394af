# For the scripts in callers/ that try a program of Debian's: a root with all of
# them, whose sendmail is the binary. Sourced behind lib.sh.
#
# A script defines send(), which lets its program send one message to
# ann@example.net, and the cases are the same for each: the relay takes it; the
# relay refuses the recipient; the relay refuses the message.

# msmtp-mta is there because mailers ask for some mail-transport-agent.
program_packages="msmtp-mta at mutt s-nail bsd-mailx mailutils emacs-nox swaks
	php-cli php-symfony-mailer nodejs ruby ruby-mail libemail-sender-perl
	libmime-lite-perl logwatch unattended-upgrades ca-certificates
	libgnutls30 libinih1"

# $PROGRAMS_ROOT keeps it for the next script.
programs_root() {
	need mmdebstrap python3
	[ -x "$POSTHASTE" ] || die "POSTHASTE names no binary: $POSTHASTE"
	: "${PROGRAMS_ROOT:=$work/programs}"
	root=$PROGRAMS_ROOT
	if [ ! -e "$root/interop.done" ]; then
		suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
		mmdebstrap --quiet --variant=minbase \
		    --include="$(echo $program_packages | tr ' ' ,)" "$suite" \
		    "$root" >"$work/out" 2>&1 ||
		    { cat "$work/out"; die "mmdebstrap"; }
		: >"$root/interop.done"
	fi
	install -m 755 "$POSTHASTE" "$root/usr/sbin/posthaste"
	for name in sbin/sendmail lib/sendmail bin/mailq bin/newaliases; do
		ln -sf /usr/sbin/posthaste "$root/usr/$name"
	done
	install -d -m 755 "$root/etc/posthaste"
}

# The profile of that root; further lines are arguments.
program_profile() {
	cat >"$root/etc/posthaste/posthaste.ini" <<-PROFILE
	[default]
	host = 127.0.0.1
	port = $port
	tls = none
	ehlo = www1.example.org
	domain = example.org
	from = %U@example.org
	log = file:/var/log/posthaste
	PROFILE
	[ $# -eq 0 ] ||
	    printf '%s\n' "$@" >>"$root/etc/posthaste/posthaste.ini"
	chmod 644 "$root/etc/posthaste/posthaste.ini"
	rm -f "$root/var/log/posthaste"
}

# in_root COMMAND ...: as root of that root.
in_root() {
	unshare --mount sh -euc '
		mount -t proc proc "$0/proc"
		exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		    HOME=/root USER=root LOGNAME=root LC_ALL=C.UTF-8 \
		    TERM=dumb "$@"
	' "$root" "$@"
}

# delivers LABEL COMMAND ...: the program says that all is well, and it is.
delivers() {
	delivers_label=$1
	shift
	relay_start
	program_profile
	try "$delivers_label: the program is content" 0 "$@"
	check "$delivers_label: the message arrives" wait_for 10 arrived 1
}

# notices LABEL OPTION REPLY COMMAND ...: the relay replies that (relay.py has
# the option), and the program fails. A program that nobody told may have ended
# before posthaste has; its log line says when that is.
notices() {
	notices_label=$1
	relay_start "$2" "$3"
	program_profile
	shift 3
	status=0
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	check "$notices_label: the program fails" [ "$status" -ne 0 ]
	check "$notices_label: nothing arrives" arrived 0
}

# Both refusals.
notices_refusals() {
	notices "$1, 550 to the recipient" --rcpt "550 5.1.1 no such user" send
	notices "$1, 451 to the message" --end "451 4.3.0 not now" send
}

# For programs that don't wait for sendmail, or don't look at its status: the
# log is where the refusal can be seen.
logs_refusals() {
	for option in --rcpt --end; do
		reply="450 4.2.1 try later"
		relay_start "$option" "$reply"
		program_profile
		send >"$work/out" 2>"$work/err" </dev/null || :
		check "$1, 450 by $option: the log has the relay's words" \
		    wait_for 10 grep -q "$reply" "$root/var/log/posthaste"
		check "$1, 450 by $option: nothing arrives" arrived 0
	done
}
