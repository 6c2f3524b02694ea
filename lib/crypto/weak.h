/* Algorithms that are used only where the configuration names them (RFC 8247, 8221, 9395). */
#ifndef CRYPTO_WEAK_H
#define CRYPTO_WEAK_H

#include "base/bytes.h"

/* Does one of these documents say MUST NOT, SHOULD NOT or deprecated of it? type is an enum
 * transform_type, id its IANA number. */
bool weak_transform(u8 type, u16 id);

#endif
