/* Tests of parent/larval.c, in a network of the test's own; where there is no right to one, or no
 * XFRM, nothing is tested. */
#include "parent/larval.h"
#include "test.h"
#include <sched.h>
#include <unistd.h>

#define PLACE "/proc/sys/net/core/xfrm_acq_expires"

static const struct tell nobody = {.control = NULL};

/* As it is without a word about it, and one that gives up after 1 + 2 + 1.5 s. */
static const struct shrike_conn conns[] = {{.retransmit_first = SHRIKE_SECOND,
                                            .retransmit_max = 64 * SHRIKE_SECOND,
                                            .retransmit_tries = 7,
                                            .give_up_after = 64 * SHRIKE_SECOND},
                                           {.retransmit_first = SHRIKE_SECOND,
                                            .retransmit_max = 64 * SHRIKE_SECOND,
                                            .retransmit_tries = 2,
                                            .give_up_after = 1500 * SHRIKE_MS}};
static const struct shrike_conf usual = {.conns = conns, .conn_count = 1};
static const struct shrike_conf hasty = {.conns = conns, .conn_count = 2};

static void set(unsigned to)
{
    FILE *f = fopen(PLACE, "we");
    ensure(f && fprintf(f, "%u\n", to) > 0);
    ensure(fclose(f) == 0);
}

static unsigned value(void)
{
    unsigned is = 0;
    FILE *f = fopen(PLACE, "re");
    ensure(f && fscanf(f, "%u", &is) == 1);
    fclose(f);
    return is;
}

TEST(it_is_given_back)
{
    struct larval l;
    set(165);
    larval_open(&l, &usual, &nobody);
    CHECK_EQ(value(), LARVAL_S);
    larval_close(&l);
    CHECK_EQ(value(), 165);
    set(44);
    larval_close(&l);
    CHECK_EQ(value(), 44);
}

TEST(what_others_want_stays)
{
    struct larval l;
    set(2);
    larval_open(&l, &usual, &nobody);
    CHECK_EQ(value(), 2);
    larval_close(&l);
    CHECK_EQ(value(), 2);
    set(30);
    larval_open(&l, &usual, &nobody);
    set(9);
    larval_close(&l);
    CHECK_EQ(value(), 9);
}

/* No longer than any connection goes on asking. */
TEST(the_hastiest_connection_counts)
{
    struct larval l;
    set(30);
    larval_open(&l, &hasty, &nobody);
    CHECK_EQ(value(), 4);
    larval_change(&l, &usual);
    CHECK_EQ(value(), LARVAL_S);
    larval_change(&l, &hasty);
    CHECK_EQ(value(), 4);
    larval_close(&l);
    CHECK_EQ(value(), 30);
    larval_change(&l, &hasty);
    CHECK_EQ(value(), 30);
    larval_open(&l, &usual, &nobody);
    set(9);
    larval_change(&l, &hasty);
    CHECK_EQ(value(), 9);
    larval_close(&l);
}

/* The one before has handed on, or ended without a word. */
TEST(that_of_a_life_before_goes_to_the_kernels_own)
{
    struct larval l;
    set(30);
    larval_open(&l, &usual, &nobody);
    larval_open(&l, &usual, &nobody);
    CHECK_EQ(value(), LARVAL_S);
    larval_close(&l);
    CHECK_EQ(value(), 30);
}

int main(void)
{
    if (unshare(CLONE_NEWNET) != 0 || access(PLACE, W_OK) != 0) {
        printf("# no network of our own, or no XFRM\n");
        return 0;
    }
    return RUN(it_is_given_back) | RUN(what_others_want_stays) |
           RUN(the_hastiest_connection_counts) | RUN(that_of_a_life_before_goes_to_the_kernels_own);
}
