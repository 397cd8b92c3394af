# Fuzz targets: each of tests/fuzz/fuzz_NAME.c with libFuzzer (make fuzz; needs
# clang), and linked with replay.c over its corpus (make check-fuzz; any cc).

FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAMES = $(FUZZ_SOURCES:tests/fuzz/fuzz_%.c=%)
FUZZ_DIR = $(BUILD)/tests/fuzz
REPLAYS = $(FUZZ_NAMES:%=$(FUZZ_DIR)/replay_%)
FUZZERS = $(FUZZ_NAMES:%=$(FUZZ_DIR)/fuzz_%)
FUZZ_SECONDS = 20
# The same walk each time; 0 takes another one, for a search of its own.
FUZZ_SEED = 1

# Calls that a target answers itself.
wrap = -Wl,--wrap=$(1)
FUZZ_WRAP_options = $(call wrap,connect) $(call wrap,sendto) \
	$(call wrap,getaddrinfo) $(call wrap,os_lock)
FUZZ_WRAP_import = $(call wrap,open) $(call wrap,command_run)
FUZZ_WRAP_session = $(call wrap,send)
# run is made of more than one file, and dies of no memory in its own way.
FUZZ_RUN_PARTS = run_world run_net run_relay
FUZZ_WITHOUT_run = %/exhausted.o
FUZZ_RUN_CALLS = fstat fsync ftruncate futimens linkat mkostemp memfd_create \
	pipe pipe2 socketpair mmap copy_file_range pread read __read_chk write \
	pwrite open __open_2 openat __openat_2 mkdirat syscall getrandom malloc \
	calloc realloc exit fork execle kill os_signals_end os_signals_again os_lock \
	socket close connect bind setsockopt getsockopt send recv __recv_chk \
	sendto ppoll __ppoll_chk clock_gettime time getaddrinfo res_query \
	trust_check $(addprefix gnutls_,global_init priority_set \
	credentials_set server_name_set certificate_allocate_credentials \
	hmac_fast hash_fast hash_init init transport_set_ptr \
	transport_set_push_function transport_set_pull_function \
	transport_set_errno session_set_verify_function handshake record_send \
	record_recv bye alert_send_appropriate \
	certificate_set_x509_trust_mem certificate_set_x509_system_trust)
FUZZ_WRAP_run = $(foreach c,$(FUZZ_RUN_CALLS),$(call wrap,$(c)))

# All of the library, built once more for libFuzzer, or for what OSS-Fuzz gives
# instead (packaging/oss-fuzz/build.sh).
FUZZ_CC = clang
FUZZ_COVERAGE = -fsanitize=fuzzer-no-link
FUZZ_ENGINE = -fsanitize=fuzzer
FUZZ_LINK = $(FUZZ_CC) $(FUZZ_CFLAGS)
FUZZ_SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS = -std=c11 -pthread $(WARNINGS) -O1 -g -fno-omit-frame-pointer \
	$(FUZZ_SANITIZERS)
FUZZ_OBJECTS = $(LIBRARY_SOURCES:%.c=$(FUZZ_DIR)/clang/%.o) \
	$(FUZZ_DIR)/clang/tests/support/exhausted.o
FUZZ_TARGET_OBJECTS = $(FUZZ_SOURCES:%.c=$(FUZZ_DIR)/clang/%.o)

$(FUZZ_DIR)/clang/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(ALL_CPPFLAGS) $(FUZZ_CFLAGS) $(FUZZ_COVERAGE) \
		-MMD -MP -c -o $@ $<

$(FUZZERS): $(FUZZ_DIR)/fuzz_%: $(FUZZ_DIR)/clang/tests/fuzz/fuzz_%.o \
	$(FUZZ_OBJECTS)
	$(FUZZ_LINK) $(FUZZ_WRAP_$*) -o $@ \
		$(filter-out $(FUZZ_WITHOUT_$*),$^) $(FUZZ_ENGINE) $(ALL_LIBS)

$(REPLAYS): $(FUZZ_DIR)/replay_%: $(FUZZ_DIR)/fuzz_%.o $(FUZZ_DIR)/replay.o \
	$(BUILD)/tests/support/exhausted.o $(LIBRARY)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(FUZZ_WRAP_$*) -o $@ \
		$(filter-out $(FUZZ_WITHOUT_$*),$^) $(ALL_LIBS)

$(FUZZ_DIR)/fuzz_run: $(FUZZ_RUN_PARTS:%=$(FUZZ_DIR)/clang/tests/fuzz/%.o)
$(FUZZ_DIR)/replay_run: $(FUZZ_RUN_PARTS:%=$(FUZZ_DIR)/%.o)

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_TARGET_OBJECTS:.o=.d) \
	$(FUZZ_SOURCES:%.c=$(BUILD)/%.d) $(FUZZ_DIR)/replay.d \
	$(foreach p,$(FUZZ_RUN_PARTS),$(FUZZ_DIR)/$(p).d \
	$(FUZZ_DIR)/clang/tests/fuzz/$(p).d)

.PHONY: check-fuzz fuzz fuzzers
.SECONDARY: $(FUZZ_TARGET_OBJECTS) $(FUZZ_SOURCES:%.c=$(BUILD)/%.o)

check-fuzz: $(REPLAYS)
	@set -e; for n in $(FUZZ_NAMES); do \
	$(FUZZ_DIR)/replay_$$n tests/fuzz/corpus/$$n; done

fuzzers: $(FUZZERS)

# What is found stays in BUILD, the tree isn't written to.
fuzz: $(FUZZERS)
	@set -e; for n in $(FUZZ_NAMES); do echo "== fuzz_$$n"; \
	mkdir -p $(FUZZ_DIR)/found/$$n; \
	$(FUZZ_DIR)/fuzz_$$n -seed=$(FUZZ_SEED) -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	-max_len=4096 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
	-artifact_prefix=$(FUZZ_DIR)/found/ $(FUZZ_DIR)/found/$$n \
	tests/fuzz/corpus/$$n; done
