/* Functions whose last act is to wipe a secret in a local buffer, or not to. */
#ifndef UNIT_BASE_DYING_H
#define UNIT_BASE_DYING_H

#include "base/bytes.h"

enum { DYING_SIZE = 256 };

/* Writes the secret: in another file, so that the compiler cannot see through it. */
void secret_write(u8 *at);

void dying_wiped(void);
void dying_unwiped(void);

#endif
