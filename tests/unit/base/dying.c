/* Optimised always, with wipe() in plain sight: the best chance a compiler can have to see that
 * nobody reads the buffer again, and to leave the wiping out. */
#define wipe     dying_wipe
#define ct_equal dying_ct_equal
#include "base/ct.c"

#include "dying.h"

void dying_wiped(void)
{
    u8 secret[DYING_SIZE];
    secret_write(secret);
    wipe(secret, sizeof(secret));
}

void dying_unwiped(void)
{
    u8 secret[DYING_SIZE];
    secret_write(secret);
    memset(secret, 0, sizeof(secret));
}
