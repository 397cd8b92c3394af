# What the scripts of users/ share; sourced after lib.sh: a bare Debian of this
# machine's release, somebody who types in it, and a provider's relay with TLS
# and login that only it can reach.

: "${USERS_DEBS:=$work/debs}" "${USERS_BARE:=$work/bare}"

# The packages of the last commit, as a user would have them.
build_debs() {
	[ ! -d "$USERS_DEBS" ] || return 0
	DEB_BUILD_OPTIONS=nocheck make -s -C "$here/../.." \
	    BUILD="$work/build" deb >"$work/out" 2>&1 ||
	    { cat "$work/out"; die "make deb"; }
	mkdir "$USERS_DEBS"
	mv "$work"/build/deb/posthaste_*.deb "$work"/build/deb/posthaste-mta_*.deb \
	    "$USERS_DEBS"
}

# bare_machine: nothing is in it but the two packages in root's home.
bare_machine() {
	need mmdebstrap unshare nsenter ip openssl python3 make dpkg-buildpackage
	build_debs
	root=$work/root
	[ -d "$USERS_BARE" ] || mmdebstrap --quiet --variant=minbase \
	    "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$USERS_BARE" \
	    >"$work/out" 2>&1 || { cat "$work/out"; die "mmdebstrap"; }
	cp -a "$USERS_BARE" "$root"
	cleanup=unmake_machine
	mount -t proc proc "$root/proc"
	cp "$USERS_DEBS"/*.deb "$root/root"
	# The certificate's issuer is known like any other.
	install -d "$root/usr/local/share/ca-certificates"
	certificates 2>"$work/err" || { cat "$work/err"; die "openssl"; }
}

unmake_machine() {
	# unshare leaves gentler signals to its child.
	kill -KILL $dns_pid $daemon_pid 2>/dev/null || :
	umount -l "$root/proc" "$work/net" 2>/dev/null || :
}
dns_pid= daemon_pid=

certificates() {
	key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60"
	openssl req -x509 $key -subj '/CN=Example CA' -keyout "$work/ca.key" \
	    -out "$root/usr/local/share/ca-certificates/example.crt" &&
	    openssl req -x509 $key -subj /CN=smtp.example.net \
	    -CA "$root/usr/local/share/ca-certificates/example.crt" \
	    -CAkey "$work/ca.key" -keyout "$work/relay.key" \
	    -out "$work/relay.pem" \
	    -addext subjectAltName=DNS:smtp.example.net \
	    -addext basicConstraints=critical,CA:FALSE \
	    -addext extendedKeyUsage=serverAuth
}

# From here on the machine's network is one with the provider in it, whose names
# are in the DNS and who takes robot@example.net's login.
meet_provider() {
	: >"$work/net"
	unshare --net="$work/net" ip link set lo up
	network="nsenter --net=$work/net"
	$network ip address add 192.0.2.7/32 dev lo
	cat >"$work/zone" <<-ZONE
	_submission._tcp.example.net SRV 0 1 587 smtp.example.net
	smtp.example.net A 192.0.2.7
	www1.example.net A 192.0.2.80
	ZONE
	echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
	$network python3 "$here/dns.py" "$work/zone" >"$work/dns" &
	dns_pid=$!
	wait_for 10 test -s "$work/dns" || die "the name server doesn't start"
	relay_start --address 192.0.2.7 --port 587 --name smtp.example.net \
	    --starttls "$work/relay.pem" "$work/relay.key" \
	    --login robot@example.net 'correct horse'
}

# starts COMMAND ...: a daemon of the machine, which ends with the script.
starts() {
	$network unshare --pid --fork --kill-child chroot "$root" env -i \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" >"$work/daemon" 2>&1 &
	daemon_pid=$!
}

in_machine() {
	$network chroot "$root" env -i LC_ALL=C.UTF-8 TERM=dumb \
	    DEBIAN_FRONTEND=noninteractive \
	    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

as_root() {
	in_machine HOME=/root sh -c "cd /root; $1"
}

as_user() {
	in_machine setpriv --reuid=dev --regid=dev --init-groups \
	    env HOME=/home/dev USER=dev LOGNAME=dev sh -c "cd /home/dev; $1"
}

milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

# types WHO STATUS COMMAND [INPUT]: root or user types it, and the status is
# that. The page gets it with the time it took and, cut, what it said.
types() {
	who=$1 wanted=$2 typed=$3 prompt='#'
	[ "$who" = root ] || prompt='$'
	begin=$(milliseconds)
	status=0
	printf '%s' "${4:-}" | "as_$who" "$typed" >"$work/typed" 2>&1 ||
	    status=$?
	took=$(($(milliseconds) - begin))
	printf '%4d.%03d s  %s %s\n' $((took / 1000)) $((took % 1000)) \
	    "$prompt" "$typed"
	{
		[ $# -lt 4 ] || printf '%s\n' "$4"
		lines=24
		[ "$(wc -l <"$work/typed")" -le 24 ] || { echo ...; lines=1; }
		tail -n "$lines" "$work/typed"
	} | cut -c 1-100 | sed 's/^/            /'
	cases=$((cases + 1))
	[ "$status" -eq "$wanted" ] || {
		failures=$((failures + 1))
		echo "FAILED status $status, not $wanted"
	}
}

# says REGEX ...: so did what was typed last.
says() {
	for regex; do
		check "it says: $regex" grep -Eq -- "$regex" "$work/typed"
	done
}
