# What the scripts here share; sourced after ../lib.sh. A package is built from
# the last commit, in a directory of its own.

top=$(cd "$here/../.." && pwd)
version=$(sed -n 's/^VERSION = //p' "$top/Makefile")
archive=$work/posthaste-$version.tar.gz

# archive_make: the tarball that `make dist` makes.
archive_make() {
	make -s -C "$top" BUILD="$work/dist" dist >"$work/out" 2>&1 &&
	    mv "$work/dist/${archive##*/}" "$archive" ||
	    { cat "$work/out"; die "make dist"; }
}

# lists LIST FILE ...: all of them are lines of the list.
lists() {
	list=$1
	shift
	for file; do
		grep -Fqx -- "$file" "$list" || { echo "no $file"; return 1; }
	done
}

# program_files SUFFIX DIR: what a program's package holds, with the suffix of
# compressed pages and the directory of units.
program_files() {
	printf '%s\n' /etc/posthaste/posthaste.ini /usr/bin/posthaste \
	    /usr/lib/tmpfiles.d/posthaste.conf \
	    /usr/share/bash-completion/completions/posthaste \
	    /usr/share/fish/vendor_completions.d/posthaste.fish \
	    "/usr/share/man/man5/posthaste.ini.5$1" \
	    "/usr/share/man/man7/posthaste-hints.7$1" \
	    "/usr/share/man/man7/posthaste-migrate.7$1" \
	    "/usr/share/man/man8/posthaste.8$1"
	for unit in queue@.service queue@.timer smtp.socket smtp@.service; do
		echo "$2/posthaste-$unit"
	done
}
