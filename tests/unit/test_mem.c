#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

/* Where the handler goes back to. */
static jmp_buf exhausted;

_Noreturn void
mem_exhausted(void)
{
	longjmp(exhausted, 1);
}

static bool
is_zeroed(const void *p, size_t size)
{
	const unsigned char *byte = p;
	size_t i;

	for (i = 0; i < size; i++)
		if (byte[i] != 0)
			return false;
	return true;
}

static void
memory_comes_zeroed(void **state)
{
	void *p;

	(void)state;
	p = mem_alloc(1000);
	assert_true(is_zeroed(p, 1000));
	mem_free(p);
	p = mem_array(10, 24);
	assert_true(is_zeroed(p, 240));
	mem_free(p);
}

static void
nothing_is_something_too(void **state)
{
	void *p;

	(void)state;
	p = mem_alloc(0);
	assert_non_null(p);
	mem_free(p);
	p = mem_array(0, 24);
	assert_non_null(p);
	mem_free(p);
	p = mem_array(24, 0);
	assert_non_null(p);
	mem_free(p);
	mem_free(NULL);
}

static void
an_array_grows_and_what_is_new_is_zeroed(void **state)
{
	size_t room = 0, i;
	uint32_t *array = NULL;

	(void)state;
	for (i = 0; i < 1000; i++) {
		array = mem_grow(array, i, &room, sizeof(*array));
		assert_true(room > i);
		assert_true(is_zeroed(array + i, sizeof(*array)));
		memset(array + i, 0xff, (room - i) * sizeof(*array));
		array[i] = (uint32_t)i + 1;
	}
	for (i = 0; i < 1000; i++)
		assert_int_equal(array[i], i + 1);
	mem_free(array);
}

static void
an_array_with_room_stays_where_it_is(void **state)
{
	size_t room = 0;
	char *array, *same;

	(void)state;
	array = mem_grow(NULL, 0, &room, 1);
	assert_true(room > 1);
	same = mem_grow(array, 1, &room, 1);
	assert_ptr_equal(same, array);
	mem_free(array);
}

static void
a_product_that_overflows_is_exhaustion(void **state)
{
	static const struct {
		size_t count, size;
	} products[] = {
		{ SIZE_MAX, 2 },
		{ 2, SIZE_MAX },
		{ SIZE_MAX / 16 + 1, 16 },
		{ SIZE_MAX, SIZE_MAX },
	};
	volatile size_t i;

	(void)state;
	for (i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		if (setjmp(exhausted) != 0)
			continue;
		mem_free(mem_array(products[i].count, products[i].size));
		fail_msg("%zu of %zu octets were had", products[i].count,
		    products[i].size);
	}
	assert_int_equal(i, 4);
}

static void
an_array_that_cannot_double_is_exhaustion(void **state)
{
	size_t room = SIZE_MAX / 8;

	(void)state;
	if (setjmp(exhausted) == 0) {
		mem_free(mem_grow(NULL, room, &room, 16));
		fail_msg("it grew");
	}
	assert_int_equal(room, SIZE_MAX / 8);
	room = SIZE_MAX / 2 + 1;
	if (setjmp(exhausted) == 0) {
		mem_free(mem_grow(NULL, room, &room, 1));
		fail_msg("it grew");
	}
	assert_int_equal(room, SIZE_MAX / 2 + 1);
}

static void
a_span_without_room_for_its_terminator_is_exhaustion(void **state)
{
	struct span all = span_make("", SIZE_MAX);

	(void)state;
	if (setjmp(exhausted) == 0) {
		mem_free(mem_span(all));
		fail_msg("it was copied");
	}
	assert_int_equal(all.len, SIZE_MAX);
}

static void
copies_are_terminated_and_their_own(void **state)
{
	const char text[] = "robot@example.org";
	char *copy;

	(void)state;
	copy = mem_string(text);
	assert_string_equal(copy, text);
	assert_ptr_not_equal(copy, text);
	mem_free(copy);
	copy = mem_span(span_make(text, 5));
	assert_string_equal(copy, "robot");
	mem_free(copy);
	copy = mem_span(span_make("a\0b", 3));
	assert_memory_equal(copy, "a\0b", 4);
	mem_free(copy);
	copy = mem_span(span_of(NULL));
	assert_string_equal(copy, "");
	mem_free(copy);
	assert_null(mem_string(NULL));
}

static void
wiping_leaves_zeroes(void **state)
{
	char secret[16] = "a secret";

	(void)state;
	mem_wipe(secret, 0);
	assert_string_equal(secret, "a secret");
	mem_wipe(secret, 3);
	assert_true(is_zeroed(secret, 3));
	assert_string_equal(secret + 3, "ecret");
	mem_wipe(secret, sizeof(secret));
	assert_true(is_zeroed(secret, sizeof(secret)));
	mem_wipe(NULL, 5);
}

static void
a_secret_that_is_not_there_may_be_freed(void **state)
{
	char *secret = mem_string("a secret");

	(void)state;
	assert_non_null(secret);
	mem_free_secret(secret);
	mem_free_secret(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_comes_zeroed),
		cmocka_unit_test(nothing_is_something_too),
		cmocka_unit_test(an_array_grows_and_what_is_new_is_zeroed),
		cmocka_unit_test(an_array_with_room_stays_where_it_is),
		cmocka_unit_test(a_product_that_overflows_is_exhaustion),
		cmocka_unit_test(an_array_that_cannot_double_is_exhaustion),
		cmocka_unit_test(
		    a_span_without_room_for_its_terminator_is_exhaustion),
		cmocka_unit_test(copies_are_terminated_and_their_own),
		cmocka_unit_test(wiping_leaves_zeroes),
		cmocka_unit_test(a_secret_that_is_not_there_may_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
