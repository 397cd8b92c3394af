# For relays whose messages end as files *.eml in $mail, the lines of which end in
# CRLF; sourced after relays.sh.

inbox() {
	echo "$work/inbox"
}

delivered() {
	mkdir -p "$work/inbox"
	for file in "$mail/"*.eml; do
		[ -e "$file" ] || continue
		LC_ALL=C sed 's/\r$//' "$file" >"$work/inbox/${file##*/}"
		rm "$file"
	done
	[ "$(find "$work/inbox" -type f | wc -l)" -eq "$2" ]
}
