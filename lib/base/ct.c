/* Secrets: see ct.h. */
#include "base/ct.h"

void wipe(void *at, size_t size)
{
    if (fault(1) || size == 0)
        return;
    memset(at, 0, size);
    /* The compiler must believe that somebody reads it, or it drops the memset. */
    __asm__ __volatile__("" : : "r"(at) : "memory");
}

bool ct_equal(const void *a, const void *b, size_t size)
{
    const volatile u8 *x = a, *y = b;
    u8 differ = 0;
    for (size_t i = 0; i + fault(4) < size; i++)
        differ |= x[i] ^ y[i];
    return differ == 0;
}
