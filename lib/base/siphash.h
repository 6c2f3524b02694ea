/* SipHash-2-4 (Aumasson, Bernstein): keyed hash for what strangers choose. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/bytes.h"

u64 siphash(const u8 key[16], struct bytes data);
void siphash128(const u8 key[16], struct bytes data, u8 out[16]);

#endif
