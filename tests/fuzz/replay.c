/*
 * Stands in for libFuzzer: runs a target over the files of its corpus, each as
 * it is, cut at every length up to CUT_MAX, and with single bits flipped. The
 * inputs are the same each time. usage: replay_NAME DIRECTORY
 *
 * A child process takes one file, so that what fails can be named.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"

#define INPUT_MAX (1UL << 20)
#define CUT_MAX 200
#define FLIPS 64	/* places of a file at most */
#define CPU_SECONDS 120	/* for a file; more means that it hangs */

/* In memory of its own, so that a tool sees a read beyond the end. */
static void
run(struct span input, size_t *inputs)
{
	uint8_t *copy = malloc(input.len == 0 ? 1 : input.len);

	if (copy == NULL)
		mem_exhausted();
	if (input.len > 0)
		memcpy(copy, input.data, input.len);
	++*inputs;
	(void)LLVMFuzzerTestOneInput(copy, input.len);
	free(copy);
}

static void
run_cut(struct span input, size_t *inputs)
{
	size_t n;

	for (n = 0; n < input.len && n <= CUT_MAX; n++)
		run(span_make(input.data, n), inputs);
}

static void
run_flipped(struct buf *input, size_t *inputs)
{
	size_t step = input->len / FLIPS + 1, i;
	int bit = 0;

	for (i = 0; i < input->len; i += step) {
		char was = input->data[i];

		input->data[i] = (char)(was ^ (1 << bit));
		run(buf_span(input), inputs);
		input->data[i] = was;
		bit = (bit + 1) % 8;
	}
}

static bool
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t n;
	bool ok = file != NULL;

	while (ok && (n = fread(block, 1, sizeof(block), file)) > 0)
		ok = buf_add(out, block, n);
	if (file != NULL) {
		ok = ok && ferror(file) == 0;
		(void)fclose(file);
	}
	return ok;
}

static bool
run_file(const char *path, size_t *inputs)
{
	struct buf input;
	bool ok;

	buf_init(&input, INPUT_MAX);
	ok = read_file(path, &input);
	if (ok) {
		run(buf_span(&input), inputs);
		run_cut(buf_span(&input), inputs);
		run_flipped(&input, inputs);
	}
	buf_free(&input);
	return ok;
}

static _Noreturn void
be_child(const char *path, size_t *inputs)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS };

	(void)setrlimit(RLIMIT_CPU, &cpu);
	/* exit() and not _exit(): a tool may have leaks to report. */
	exit(run_file(path, inputs) ? 0 : 1);
}

/* `inputs` is shared with the child. */
static bool
run_in_child(const char *path, size_t *inputs)
{
	size_t before = *inputs;
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		be_child(path, inputs);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (child > 0 && status == 0)
		return true;
	(void)fprintf(stderr, "replay: %s: failed at input %zu made of it, "
	    "wait status 0x%x\n", path, *inputs - before, (unsigned)status);
	return false;
}

static bool
run_entry(const char *directory, const char *name, size_t *inputs)
{
	struct buf path;
	bool ok;

	buf_init(&path, BUF_UNLIMITED);
	ok = buf_printf(&path, "%s/%s", directory, name) &&
	    run_in_child(path.data, inputs);
	buf_free(&path);
	return ok;
}

static bool
run_directory(const char *directory, size_t *inputs, int *files)
{
	struct dirent **names;
	bool ok = true;
	int count, i;

	count = scandir(directory, &names, NULL, alphasort);
	for (i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.') {
			ok = run_entry(directory, names[i]->d_name, inputs) &&
			    ok;
			++*files;
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	/* A corpus that isn't found shows nothing. */
	return ok && *files > 0;
}

int
main(int argc, char **argv)
{
	size_t *inputs;
	int files = 0;

	inputs = mmap(NULL, sizeof(*inputs), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc != 2 || inputs == MAP_FAILED) {
		(void)fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	if (!run_directory(argv[1], inputs, &files)) {
		(void)fprintf(stderr, "replay: failed: %s\n", argv[1]);
		return 1;
	}
	(void)printf("replay: %zu inputs out of %d files of %s\n", *inputs,
	    files, argv[1]);
	return 0;
}
