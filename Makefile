# posthaste: make [all check demo install uninstall clean dist deb generate
# analyze sanitize musl coverage matrix mutants fuzz soak reliability]
# GNU make; a distribution's CC, CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are
# honoured and come last, so that they win.

VERSION = 0.1.0

CC = cc
CFLAGS = -O2 -g
PKG_CONFIG = pkg-config
INSTALL = install
MANDOC = mandoc

prefix = /usr/local
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
sbindir = $(exec_prefix)/sbin
libdir = $(exec_prefix)/lib
sysconfdir = /etc
datarootdir = $(prefix)/share
mandir = $(datarootdir)/man
docdir = $(datarootdir)/doc/posthaste
bashcompdir = $(datarootdir)/bash-completion/completions
zshcompdir = $(datarootdir)/zsh/site-functions
fishcompdir = $(datarootdir)/fish/vendor_completions.d
# The names by which callers know a sendmail, each a link to the program: the
# two that FHS 3.0 knows and two commands. None with `make install names=`;
# runq, hoststat and purgestat may be added.
names = $(sbindir)/sendmail $(libdir)/sendmail $(bindir)/mailq \
	$(bindir)/newaliases

BUILD = build
PROGRAM = $(BUILD)/posthaste

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all check check-headers check-manual demo install uninstall clean \
	dist deb analyze sanitize musl coverage matrix mutants soak \
	reliability bench bench-quick pictures tools generate

all: $(PROGRAM)

# What each compiler is asked for; the second list only where it works.
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wundef -Wpointer-arith \
	-Wcast-align -Wcast-qual -Wwrite-strings -Wformat=2 \
	-Wnull-dereference -Wswitch-enum -Wvla -Wimplicit-fallthrough
TRY_CFLAGS = -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -ftrivial-auto-var-init=zero -fPIE
TRY_LDFLAGS = -pie -Wl,-z,relro,-z,now
# The fortified functions need an optimiser and don't go with sanitizers.
OPTIMISED = $(filter -O1 -O2 -O3 -Os,$(CFLAGS))
ifneq ($(if $(findstring -fsanitize,$(CFLAGS)),,$(OPTIMISED)),)
TRY_CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif

try = $(shell d=$$(mktemp -d) && echo 'int main(void) { return 0; }' \
	>"$$d/t.c" && $(CC) -Werror $(1) -o "$$d/t" "$$d/t.c" 2>/dev/null && \
	echo '$(1)'; rm -rf "$$d")

GOALS = $(if $(MAKECMDGOALS),$(MAKECMDGOALS),all)
ifneq ($(filter-out clean uninstall dist deb,$(GOALS)),)
HARDEN_CFLAGS := $(foreach f,$(TRY_CFLAGS),$(call try,$(f)))
# _FORTIFY_SOURCE is two words of one wish.
HARDEN_LDFLAGS := $(foreach f,$(TRY_LDFLAGS),$(call try,-fPIE $(f)))
PACKAGES_FOUND := $(shell $(PKG_CONFIG) --exists --print-errors gnutls inih \
	2>&1 && echo yes)
ifneq ($(PACKAGES_FOUND),yes)
$(error gnutls and inih are needed, see README: $(PACKAGES_FOUND))
endif
DEPS_CFLAGS := $(shell $(PKG_CONFIG) --cflags gnutls inih)
DEPS_LIBS := $(shell $(PKG_CONFIG) --libs gnutls inih)
endif

# These look at files and memory behind the program's back.
NO_LOCK = $(if $(strip $(foreach f,-fsanitize -fprofile-arcs --coverage, \
	$(findstring $(f),$(CFLAGS)))),-DPOSTHASTE_NO_LOCK)
ALL_CPPFLAGS = -D_GNU_SOURCE -Isrc -Itests $(DEPS_CFLAGS) $(NO_LOCK) \
	-DPOSTHASTE_VERSION='"$(VERSION)"' \
	-DPOSTHASTE_SYSCONFDIR='"$(sysconfdir)"' $(CPPFLAGS)
ALL_CFLAGS = -std=c11 -pthread $(WARNINGS) $(HARDEN_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread $(HARDEN_LDFLAGS) $(LDFLAGS)
# res_query() lives in a library of its own with older C libraries.
ALL_LIBS = $(DEPS_LIBS) -Wl,--as-needed -lresolv $(LDLIBS)

# The program is main.c and one archive of everything else, which the tests
# link too.
LIBRARY = $(BUILD)/libposthaste.a
LIBRARY_SOURCES := $(wildcard src/*/*.c)
LIBRARY_OBJECTS = $(LIBRARY_SOURCES:%.c=$(BUILD)/%.o)
SUPPORT = $(BUILD)/libsupport.a
# The kits need cmocka, which the demo does without.
KIT_SOURCES := $(wildcard tests/support/*_kit.c)
KIT_OBJECTS = $(KIT_SOURCES:%.c=$(BUILD)/%.o)
SUPPORT_SOURCES := $(filter-out $(KIT_SOURCES),$(wildcard tests/support/*.c))
SUPPORT_OBJECTS = $(SUPPORT_SOURCES:%.c=$(BUILD)/%.o)
# The library calls mem_exhausted(), which the support archive defines.
ARCHIVES = -Wl,--start-group $(SUPPORT) $(LIBRARY) -Wl,--end-group

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	$(AR) -rcs $@ $(LIBRARY_OBJECTS)

$(SUPPORT): $(SUPPORT_OBJECTS)
	@rm -f $@
	$(AR) -rcs $@ $(SUPPORT_OBJECTS)

$(PROGRAM): $(BUILD)/src/main.o $(LIBRARY)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(BUILD)/src/main.o \
		$(LIBRARY) $(ALL_LIBS)

-include $(LIBRARY_OBJECTS:.o=.d) $(BUILD)/src/main.d $(SUPPORT_OBJECTS:.o=.d)

# Each of these files is a program of its own; the ones that drive the binary
# find it through $POSTHASTE.
TEST_SOURCES := $(wildcard tests/style/test_*.c tests/unit/test_*.c \
	tests/dialogue/test_*.c tests/fault/test_*.c)
TESTS = $(TEST_SOURCES:%.c=$(BUILD)/%)
SOAK_SOURCES := $(wildcard tests/soak/test_*.c)
SOAKS = $(SOAK_SOURCES:%.c=$(BUILD)/%)
TOOL_SOURCES := $(wildcard tests/support/tools/*.c)
TOOLS = $(TOOL_SOURCES:%.c=$(BUILD)/%)
CMOCKA_LIBS = $(shell $(PKG_CONFIG) --libs cmocka)

# A test's own tables and helpers lie beside it, in files of other names.
FAULT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out \
	tests/fault/test_%,$(wildcard tests/fault/*.c)))
$(BUILD)/tests/fault/test_matrix: $(FAULT_OBJECTS)

$(TESTS) $(SOAKS): $(BUILD)/%: $(BUILD)/%.o $(KIT_OBJECTS) $(SUPPORT) $(LIBRARY)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(ARCHIVES) \
		$(CMOCKA_LIBS) $(ALL_LIBS)

$(TOOLS): $(BUILD)/%: $(BUILD)/%.o $(SUPPORT) $(LIBRARY)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(ARCHIVES) \
		$(ALL_LIBS)

-include $(TESTS:=.d) $(TOOLS:=.d) $(FAULT_OBJECTS:.o=.d) \
	$(KIT_OBJECTS:.o=.d)

tools: $(TOOLS)

# Files that are made from the program's own tables; a test compares them.
generate: $(BUILD)/tests/support/tools/generate
	@$<

# Loaded into the binary by tests: it misbehaves where it is told to. Sanitizers
# want to be loaded first.
PRELOADS = $(BUILD)/tests/support/preload
TRAPPER = $(PRELOADS)/trapper.so
SCARCITY = $(PRELOADS)/scarcity.so
$(TRAPPER) $(SCARCITY): $(PRELOADS)/%.so: tests/support/preload/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(filter-out $(COUNTING),$(ALL_CFLAGS)) \
		$(LDFLAGS) -fPIC -shared -o $@ $<

include tests/fuzz/targets.mk

# A header compiles alone.
HEADERS := $(wildcard src/*/*.h tests/*/*.h)
check-headers:
	@for h in $(HEADERS); do echo 'typedef int not_empty;' | $(CC) \
	$(ALL_CPPFLAGS) -I. $(ALL_CFLAGS) -include "$$h" -fsyntax-only -x c - \
	|| exit 1; done
	@echo "check-headers: $(words $(HEADERS)) headers compile alone"

MANUALS = man/posthaste.8 man/posthaste.ini.5 man/posthaste-hints.7 \
	man/posthaste-migrate.7
check-manual:
	@if command -v $(MANDOC) >/dev/null; then \
	$(MANDOC) -T lint -W warning $(MANUALS) && \
	echo "check-manual: $(MANUALS) pass"; \
	else echo "check-manual: not checked, there is no $(MANDOC)"; fi

# TEST=name picks the programs whose path contains it; TEST_WRAPPER goes before
# each ("valgrind -q"). POSTHASTE_SANDBOX=no runs all of it without the lock.
PICKED = $(if $(TEST),$(foreach t,$(TESTS),$(if $(findstring \
	$(TEST),$(t:$(BUILD)/%=%)),$(t))),$(TESTS))
check: $(PROGRAM) $(PICKED) $(TOOLS) $(TRAPPER) $(SCARCITY) $(if $(TEST),,check-headers \
	check-manual check-fuzz)
	@set -e; export POSTHASTE=$(abspath $(PROGRAM)); n=0; \
	$(if $(NO_LOCK),,export POSTHASTE_TRAPPER=$(abspath $(TRAPPER)) \
	$(if $(SCARCITY),POSTHASTE_SCARCITY=$(abspath $(SCARCITY)));) \
	for t in $(PICKED); \
	do echo "== $$t"; $(TEST_WRAPPER) $$t >$$t.log 2>&1 || { cat $$t.log; \
	echo "FAILED: $$t"; exit 1; }; \
	grep -h -E 'PASSED|SKIPPED|NOT TESTED|cells|^(style|sandbox|spool)' \
	$$t.log || :; \
	n=$$((n + 1)); done; [ $$n -gt 0 ] || { echo "check: no test program's \
	path contains '$(TEST)'" >&2; exit 1; }; \
	echo "check: all $$n test programs passed"

# The whole fault matrix; `check` runs the core of it.
MATRICES = matrix-clear matrix-STARTTLS matrix-implicit
.PHONY: $(MATRICES)
matrix: $(MATRICES)
$(MATRICES): matrix-%: $(PROGRAM) $(BUILD)/tests/fault/test_matrix
	POSTHASTE=$(abspath $(PROGRAM)) $(BUILD)/tests/fault/test_matrix all $*

# Faults put into the client, of which each must be seen by a test.
mutants:
	@tests/interop/mutants/run CC='$(CC)'

# What takes minutes by its nature, all at once: most of it is waiting.
soak: $(PROGRAM) $(SOAKS)
	@export POSTHASTE=$(abspath $(PROGRAM)); pids=; failed=; \
	for t in $(SOAKS); do $$t >$$t.log 2>&1 & pids="$$pids $$!"; done; \
	set -- $(SOAKS); for pid in $$pids; do \
	wait $$pid || failed="$$failed $$1"; echo "== $$1"; cat $$1.log; \
	shift; done; [ -z "$$failed" ] || { echo "FAILED:$$failed"; exit 1; }

# All of it in figures: writes tests/RELIABILITY.md. Takes an hour or so.
reliability:
	tests/interop/reliability/run

# Beside other programs, into $(BUILD)/bench; what isn't installed is unpacked.
bench bench-quick: $(PROGRAM) $(TOOLS)
	tests/bench/bench $(if $(filter %-quick,$@),--quick)

# What README shows of --check; as root, for namespaces.
pictures: $(PROGRAM)
	unshare --net --mount python3 tests/bench/pictures

demo: $(PROGRAM) $(TOOLS)
	@$(BUILD)/tests/support/tools/demo $(abspath $(PROGRAM))

# The whole suite without the lock, which the sanitizers couldn't live under.
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
sanitize:
	$(MAKE) BUILD=$(BUILD)/sanitize CFLAGS='-O1 -g $(SANITIZERS)' \
		LDFLAGS='$(SANITIZERS)' check

# Which lines and branches the suite runs, by folder. clang's counters are
# mapped into files when a program begins: also one that is locked in, or killed,
# has counted. (gcc's are written when it ends, which the lock forbids.) The
# test of scarcity is skipped: it would have the counting fail.
COUNTING = -fprofile-instr-generate=% -fcoverage-mapping -mllvm \
	-runtime-counter-relocation=true
PROFILES = $(abspath $(BUILD))/coverage/profiles
coverage:
	rm -rf $(PROFILES)
	mkdir -p $(PROFILES)
	chmod 1777 $(PROFILES)
	umask 0 && $(MAKE) BUILD=$(BUILD)/coverage CC='$(FUZZ_CC)' SCARCITY= \
		CFLAGS='-O0 -g -Wno-unused-command-line-argument $(subst \
		=%,=$(PROFILES)/%m%c.profraw,$(COUNTING))' check
	tests/interop/reliability/coverage $(BUILD)/coverage

# gcc's analyzer and cppcheck over the program's own code; each finding fails.
analyze:
	@set -e; for f in src/*.c src/*/*.c; do $(CC) $(ALL_CPPFLAGS) \
	$(ALL_CFLAGS) -Werror -fanalyzer -c -o /dev/null $$f; done
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability -Isrc \
		-DPOSTHASTE_VERSION='""' -DPOSTHASTE_SYSCONFDIR='""' src
	@echo "analyze: nothing found"

# The program's own code with another C library, whose compiler may see none of
# this system's headers: what uses GnuTLS is left out, inih's is linked to.
MUSL_CC = musl-gcc
musl:
	@mkdir -p $(BUILD)/musl
	@ln -sf "$$($(PKG_CONFIG) --variable=includedir inih)/ini.h" \
		$(BUILD)/musl/ini.h
	@set -e; n=0; for f in $$(grep -L '<gnutls/' src/*.c src/*/*.c); do \
	$(MUSL_CC) -D_GNU_SOURCE -Isrc -I$(BUILD)/musl \
	-DPOSTHASTE_VERSION='"$(VERSION)"' \
	-DPOSTHASTE_SYSCONFDIR='"$(sysconfdir)"' -std=c11 $(WARNINGS) -Werror \
	-c -o /dev/null $$f; n=$$((n + 1)); done; echo "musl: $$n files compile"

# Their manual pages: sendmail's in section 8, the commands' in section 1.
name_pages = $(patsubst %,$(mandir)/man8/%.8,$(filter sendmail, \
	$(sort $(notdir $(names))))) $(patsubst %,$(mandir)/man1/%.1, \
	$(filter mailq newaliases,$(notdir $(names))))

# The manual names the program's own places.
PLACES = -e 's,/usr/local/bin/posthaste,$(bindir)/posthaste,' \
	-e 's,/etc/posthaste,$(sysconfdir)/posthaste,g'

# Another program's sendmail isn't replaced: its package would be broken.
install: $(PROGRAM)
	@for f in $(names:%=$(DESTDIR)%); do [ ! -e "$$f" ] || \
	[ "$$(readlink "$$f")" = $(bindir)/posthaste ] || { \
	echo "$$f is another program's: remove that, or make install names=" \
	>&2; exit 1; }; done
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man8 \
		$(DESTDIR)$(mandir)/man7 $(DESTDIR)$(mandir)/man5 \
		$(DESTDIR)$(docdir) $(DESTDIR)$(bashcompdir) \
		$(DESTDIR)$(zshcompdir) $(DESTDIR)$(fishcompdir) \
		$(sort $(dir $(addprefix $(DESTDIR),$(names) $(name_pages))))
	$(INSTALL) -m 755 $(PROGRAM) $(DESTDIR)$(bindir)/posthaste
	@mkdir -p $(BUILD)/man
	@set -e; for f in $(notdir $(MANUALS)); do sed $(PLACES) man/$$f \
	>$(BUILD)/man/$$f; $(INSTALL) -m 644 $(BUILD)/man/$$f \
	$(DESTDIR)$(mandir)/man$${f##*.}; done
	$(INSTALL) -m 644 README.md LICENSE etc/posthaste.ini \
		$(DESTDIR)$(docdir)
	$(INSTALL) -m 644 packaging/completions/posthaste.bash \
		$(DESTDIR)$(bashcompdir)/posthaste
	$(INSTALL) -m 644 packaging/completions/_posthaste \
		$(DESTDIR)$(zshcompdir)
	$(INSTALL) -m 644 packaging/completions/posthaste.fish \
		$(DESTDIR)$(fishcompdir)
	@set -e; for f in $(names); do \
	ln -sf $(bindir)/posthaste $(DESTDIR)$$f; done; \
	for f in $(name_pages); do \
	ln -sf ../man8/posthaste.8 $(DESTDIR)$$f; done

uninstall:
	@set -e; for f in $(names); do \
	[ "$$(readlink $(DESTDIR)$$f)" != $(bindir)/posthaste ] || \
	rm -f $(DESTDIR)$$f; done; for f in $(name_pages); do \
	[ "$$(readlink $(DESTDIR)$$f)" != ../man8/posthaste.8 ] || \
	rm -f $(DESTDIR)$$f; done
	rm -f $(DESTDIR)$(bindir)/posthaste \
		$(DESTDIR)$(mandir)/man8/posthaste.8 \
		$(DESTDIR)$(mandir)/man7/posthaste-hints.7 \
		$(DESTDIR)$(mandir)/man7/posthaste-migrate.7 \
		$(DESTDIR)$(mandir)/man5/posthaste.ini.5 \
		$(DESTDIR)$(bashcompdir)/posthaste \
		$(DESTDIR)$(zshcompdir)/_posthaste \
		$(DESTDIR)$(fishcompdir)/posthaste.fish
	rm -rf $(DESTDIR)$(docdir)

clean:
	rm -rf $(BUILD)

# The same bytes for the same commit, whoever makes it.
ARCHIVE = posthaste-$(VERSION).tar.gz
dist:
	@mkdir -p $(BUILD)
	git -c tar.umask=0022 archive --prefix=posthaste-$(VERSION)/ HEAD | \
		gzip -n9 >$(BUILD)/$(ARCHIVE)
	@echo $(BUILD)/$(ARCHIVE)

# Debian's source and binary packages, of the last commit.
DEB = $(BUILD)/deb/posthaste-$(VERSION)
deb: dist
	rm -rf $(BUILD)/deb
	mkdir $(BUILD)/deb
	ln $(BUILD)/$(ARCHIVE) $(BUILD)/deb/posthaste_$(VERSION).orig.tar.gz
	tar -xzf $(BUILD)/$(ARCHIVE) -C $(BUILD)/deb
	cp -R $(DEB)/packaging/debian $(DEB)/debian
	cd $(DEB) && MAKEFLAGS= dpkg-buildpackage -us -uc
	@ls $(BUILD)/deb/*.deb
