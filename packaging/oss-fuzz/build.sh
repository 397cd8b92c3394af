#!/bin/bash -eu
# OSS-Fuzz runs this in its builder, in the source tree: each fuzz target with
# its corpus goes to $OUT, and the libraries that the runner doesn't have.

build=${WORK:-$PWD/build}/posthaste
make -j"$(nproc)" BUILD="$build" CC="$CC" CFLAGS="$CFLAGS" FUZZ_CC="$CC" \
	FUZZ_CFLAGS="-std=c11 -pthread $CFLAGS" FUZZ_COVERAGE= \
	FUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
	FUZZ_LINK="$CXX -pthread $CXXFLAGS -Wl,-rpath,\\\$\$ORIGIN/lib" fuzzers

mkdir -p "$OUT/lib"
for fuzzer in "$build"/tests/fuzz/fuzz_*; do
	[ -x "$fuzzer" ] || continue
	name=$(basename "$fuzzer")
	cp "$fuzzer" "$OUT/$name"
	printf '[libfuzzer]\nmax_len = 4096\n' >"$OUT/$name.options"
	(cd "tests/fuzz/corpus/${name#fuzz_}" && zip -q -r - .) \
		>"$OUT/${name}_seed_corpus.zip"
	ldd "$fuzzer" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
	grep -Ev '/lib(c|m|dl|pthread|rt|resolv|gcc_s|stdc\+\+)\.so' |
	xargs -r cp -Lt "$OUT/lib"
done
