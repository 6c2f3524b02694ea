/* MD5 and HMAC-MD5 (RFC 2104), which RADIUS is made of; for nothing else. */
#ifndef RADIUS_MD5_H
#define RADIUS_MD5_H

#include "base/bytes.h"

#define MD5_LEN       16
#define MD5_PARTS_MAX 6

struct md5;

/* NULL: no memory, or the library is told to do without MD5 (FIPS). */
struct md5 *md5_new(void) must_use;
void md5_free(struct md5 *m); /* NULL is fine */

/* Of the parts one after the other, at most MD5_PARTS_MAX. false: the library fails. */
bool md5_hash(struct md5 *m, const struct bytes *parts, size_t count, u8 out[MD5_LEN]) must_use;
bool md5_hmac(struct md5 *m, struct bytes key, const struct bytes *parts, size_t count,
              u8 out[MD5_LEN]) must_use;

#endif
