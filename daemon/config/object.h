/* Keys and certificates on tokens, by the place that a section names. */
#ifndef DAEMON_CONFIG_OBJECT_H
#define DAEMON_CONFIG_OBJECT_H

#include "config/compile.h"

#define OBJECT_VALUE_MAX 255 /* octets of a handle, a module's name, a PIN */
#define OBJECT_WORDS_MAX 1200

/* handle, slot and module, in memory of the pool. false: there is no handle. */
bool object_compile(struct compile *c, struct pool *p, const struct section *s,
                    struct config_object *out);
/* One of these values; "": it is not there. */
const char *object_text(struct compile *c, struct pool *p, const struct section *s,
                        const char *key);
/* "token, handle a2, slot 3, module softhsm2": no two have the same. */
void object_words(const struct config_object *o, char out[OBJECT_WORDS_MAX]);

#endif
