/* Algorithms by the names that the kernel has for them. */
#include "xfrm/algorithm.h"
#include "wire/codes.h"

static const struct kernel_algorithm all[] = {
#define KERNEL_AEAD(id, name, icv, key) {KERNEL_IS_AEAD, id, name, icv, key},
#define KERNEL_CRYPT(id, name, key)     {KERNEL_IS_CRYPT, id, name, 0, key},
#define KERNEL_AUTH(id, name, icv, key) {KERNEL_IS_AUTH, id, name, icv, key},
#include "xfrm/algorithm.def"
#undef KERNEL_AEAD
#undef KERNEL_CRYPT
#undef KERNEL_AUTH
};

static const struct kernel_algorithm *find(bool auth, u16 id)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].id == id && (all[i].kind == KERNEL_IS_AUTH) == auth)
            return &all[i];
    return NULL;
}

const struct kernel_algorithm *kernel_encryption(u16 encr)
{
    return find(false, encr);
}

const struct kernel_algorithm *kernel_integrity(u16 integ)
{
    return find(true, integ);
}

const struct kernel_algorithm *kernel_algorithm_at(u32 n)
{
    return n < ARRAY_LEN(all) ? &all[n] : NULL;
}
