# What a script for Dovecot needs whatever its version; sourced after relays.sh.
#
# Dovecot's submission service asks for the login and hands what it is given to
# another relay, here relay.py, which keeps it.

. "$here/eml.sh"

# dovecot_start: with the settings on standard input, and those of any version.
dovecot_start() {
	relay_start
	in_root useradd --system dovecot
	in_root useradd --system dovenull
	install -d "$root/etc/dovecot"
	(cat; dovecot_settings) >"$root/etc/dovecot/dovecot.conf"
	printf '%s:{PLAIN}%s\n' ann@relay.test "$password" \
	    >"$root/etc/dovecot/users"
	chmod 644 "$root/etc/dovecot/users"
	log=$root/var/log/dovecot
	in_root dovecot >"$work/out" 2>&1 ||
	    { cat "$work/out" "$log"; die "dovecot"; }
	listening "$log" 587 465
}

dovecot_settings() {
	cat <<-SETTINGS
	protocols = submission
	listen = 127.0.0.1
	hostname = relay.test
	log_path = /var/log/dovecot
	ssl = required
	auth_failure_delay = 0
	submission_relay_host = 127.0.0.1
	submission_relay_port = $port
	service anvil {
	  unix_listener anvil-auth-penalty {
	    mode = 0
	  }
	}
	service submission-login {
	  inet_listener submission {
	    port = 587
	  }
	  inet_listener submissions {
	    port = 465
	    ssl = yes
	  }
	}
	SETTINGS
}

# picks LABEL MECHANISM LINE ...: that is what `auth = auto` picks.
picks() {
	label=$1 best=$2
	shift 2
	: >"$log"
	takes "$label: auth = auto" "$login" "$secret" "$@"
	check "$label: auth = auto is $best" wait_for 10 \
	    grep -q "method=$best," "$log"
}

# dovecot_cases MECHANISM ...: `auto` picks the first.
dovecot_cases() {
	for tls in starttls implicit; do
		to "$login" "$secret" "tls = $tls"
		every_message "$tls"
		picks "$tls" "$1" "tls = $tls"
		every_login "$tls" "535 5.7.8 Authentication failed" \
		    $(echo "$@" cram-md5 | tr A-Z a-z) -- "tls = $tls"
		for chunking in one-flight off; do
			takes "$tls: chunking = $chunking" "$login" "$secret" \
			    "tls = $tls" "chunking = $chunking"
		done
		refuses "$tls: no login where one is needed" 77 "530 5.7.0" \
		    bob@example.net "tls = $tls" "auth = none"
	done
}
