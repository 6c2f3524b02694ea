/* The smallest test frame that says what failed and where. One file per source file:
 *
 *     TEST(map_keeps_what_was_put) { ... CHECK(x); CHECK_EQ(a, b); }
 *     int main(void) { return RUN(map_keeps_what_was_put) | RUN(...) ; }
 *
 * Each RUN prints "ok NAME" or "not ok NAME"; a failed CHECK prints its place and ends its test.
 * With TEST_ONLY=NAME in the environment that one alone is run. */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include "base/bytes.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool test_failed;

#define TEST(name) static void name(void)

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #x);                                       \
            test_failed = true;                                                                    \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_EQ(a, b)                                                                             \
    do {                                                                                           \
        uint64_t left_ = (uint64_t)(a), right_ = (uint64_t)(b);                                    \
        if (left_ != right_) {                                                                     \
            printf("# %s:%d: %s is %" PRIu64 ", not %" PRIu64 "\n", __FILE__, __LINE__, #a, left_, \
                   right_);                                                                        \
            test_failed = true;                                                                    \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_BYTES(a, b, len) CHECK(memcmp((a), (b), (len)) == 0)

static inline int test_run(void (*test)(void), const char *name)
{
    const char *only = getenv("TEST_ONLY");
    if (only && strcmp(only, name) != 0)
        return 0;
    test_failed = false;
    test();
    printf("%s %s\n", test_failed ? "not ok" : "ok", name);
    fflush(stdout); /* a sanitizer may end the program without */
    return test_failed;
}
#define RUN(name) test_run(name, #name)

/* Hex text to octets; returns how many. */
static inline size_t hex(const char *text, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (; text[0] && n < size; text++) {
        unsigned v;
        if (text[0] == ' ' || text[0] == '\n')
            continue;
        if (sscanf(text, "%2x", &v) != 1)
            break;
        out[n++] = (uint8_t)v;
        text++;
    }
    return n;
}

#endif
