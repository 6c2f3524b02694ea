/* Algorithms by the names that the kernel has for them. */
#ifndef XFRM_ALGORITHM_H
#define XFRM_ALGORITHM_H

#include "base/bytes.h"

enum kernel_kind {
    KERNEL_NONE, /* there is none of this number */
    KERNEL_IS_AEAD,
    KERNEL_IS_CRYPT,
    KERNEL_IS_AUTH,
};

struct kernel_algorithm {
    enum kernel_kind kind;
    u16 id;
    const char *name;
    u16 icv_bits;
    u16 key_len; /* octets, the shortest */
};

/* By their IANA numbers; NULL: the kernel has none such. */
const struct kernel_algorithm *kernel_encryption(u16 encr);
const struct kernel_algorithm *kernel_integrity(u16 integ);

/* All of them, one after the other; NULL: there are no more. */
const struct kernel_algorithm *kernel_algorithm_at(u32 n);

#endif
