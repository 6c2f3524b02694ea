/* Wiping that stays in the machine code; comparing. */
#include "../test.h"
#include "base/ct.h"
#include "dying.h"
#include <ucontext.h>

TEST(equal_looks_at_every_octet)
{
    u8 a[67], b[67];
    for (size_t i = 0; i < sizeof(a); i++)
        a[i] = b[i] = (u8)(i * 37);
    for (size_t size = 0; size <= sizeof(a); size++) {
        CHECK(ct_equal(a, b, size));
        for (size_t i = 0; i < sizeof(a); i++) {
            for (unsigned bit = 1; bit < 256; bit <<= 1) {
                b[i] ^= (u8)bit;
                CHECK_EQ(ct_equal(a, b, size), i >= size);
                b[i] ^= (u8)bit;
            }
        }
    }
}

TEST(differences_do_not_cancel_out)
{
    CHECK(!ct_equal("\1\2\3", "\2\1\3", 3));
    CHECK(!ct_equal("\5\5", "\6\6", 2));
}

TEST(wipe_zeroes_what_it_is_told_and_no_more)
{
    u8 octets[40];
    for (size_t size = 0; size <= 32; size++) {
        memset(octets, 0xff, sizeof(octets));
        wipe(octets + 4, size);
        for (size_t i = 0; i < sizeof(octets); i++)
            CHECK_EQ(octets[i], i >= 4 && i < 4 + size ? 0 : 0xff);
    }
    wipe(NULL, 0);
}

/* A stack of our own: what a function leaves on it can be looked at when it has returned. */
static _Alignas(64) u8 stack[256 * 1024];
static ucontext_t here, there;

static u8 secret_octet(size_t i)
{
    return (u8)(i * 151 + 7);
}

void secret_write(u8 *at)
{
    for (size_t i = 0; i < DYING_SIZE; i++)
        at[i] = secret_octet(i);
}

/* How many pieces of the secret, of eight octets each, stand in the stack in their order. A few
 * may be left in saved registers; a buffer is all of them. */
static size_t pieces_left(void (*f)(void))
{
    memset(stack, 0, sizeof(stack));
    if (getcontext(&there) != 0)
        return SIZE_MAX;
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof(stack);
    there.uc_link = &here;
    makecontext(&there, f, 0);
    if (swapcontext(&here, &there) != 0)
        return SIZE_MAX;
    u8 secret[DYING_SIZE];
    size_t best = 0;
    secret_write(secret);
    for (size_t i = 0; i + DYING_SIZE <= sizeof(stack); i++) {
        size_t found = 0;
        for (size_t piece = 0; piece < DYING_SIZE; piece += 8)
            found += memcmp(stack + i + piece, secret + piece, 8) == 0;
        best = MAX(best, found);
    }
    return best;
}

/* The second line shows that the first could fail: there the compiler dropped a plain memset. */
TEST(a_wipe_of_a_dying_buffer_is_not_optimised_away)
{
    CHECK(pieces_left(dying_wiped) <= 4);
    CHECK_EQ(pieces_left(dying_unwiped), DYING_SIZE / 8);
}

int main(void)
{
    return RUN(equal_looks_at_every_octet) | RUN(differences_do_not_cancel_out) |
           RUN(wipe_zeroes_what_it_is_told_and_no_more) |
           RUN(a_wipe_of_a_dying_buffer_is_not_optimised_away);
}
