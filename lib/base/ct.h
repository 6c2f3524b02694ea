/* Secrets: wiping that the compiler keeps, comparing in constant time. */
#ifndef BASE_CT_H
#define BASE_CT_H

#include "base/bytes.h"

void wipe(void *at, size_t size);
bool ct_equal(const void *a, const void *b, size_t size);

#endif
