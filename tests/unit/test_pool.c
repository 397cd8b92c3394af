#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/pool.h"

#define MANY 3000

static jmp_buf exhausted;

_Noreturn void
mem_exhausted(void)
{
	longjmp(exhausted, 1);
}

/* The n-th string; they have all lengths up to 69. */
static void
write_nth(char out[80], size_t n)
{
	memset(out, 'a' + (int)(n % 26), n % 70);
	out[n % 70] = '\0';
}

static void
strings_stay_where_they_are(void **state)
{
	struct pool p = { NULL, 0 }, moved;
	char *strings[MANY], want[80];
	size_t n;

	(void)state;
	for (n = 0; n < MANY; n++) {
		write_nth(want, n);
		strings[n] = pool_string(&p, want);
	}
	moved = p;
	for (n = 0; n < MANY; n++) {
		write_nth(want, n);
		assert_string_equal(strings[n], want);
	}
	assert_null(pool_string(&moved, NULL));
	assert_string_equal(pool_string(&moved, ""), "");
	pool_free(&moved);
	/* And may be used again. */
	assert_string_equal(pool_string(&moved, "again"), "again");
	pool_free(&moved);
	pool_free(&moved);
}

static void
any_size_is_taken(void **state)
{
	struct pool p = { NULL, 0 };
	char *small, *large, *behind;

	(void)state;
	small = pool_string(&p, "small");
	large = pool_take(&p, 100000);
	memset(large, 'x', 100000);
	behind = pool_string(&p, "behind");
	assert_string_equal(small, "small");
	assert_string_equal(behind, "behind");
	assert_int_equal(large[0], 'x');
	assert_int_equal(large[99999], 'x');
	pool_free(&p);
}

static void
too_much_is_exhaustion(void **state)
{
	struct pool p = { NULL, 0 };

	(void)state;
	if (setjmp(exhausted) == 0) {
		(void)pool_take(&p, SIZE_MAX - 1);
		fail();
	}
	pool_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_stay_where_they_are),
		cmocka_unit_test(any_size_is_taken),
		cmocka_unit_test(too_much_is_exhaustion),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
