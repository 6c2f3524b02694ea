/* Sections local and remote of a connection: who proves what by which means. */
#ifndef DAEMON_CONFIG_AUTH_H
#define DAEMON_CONFIG_AUTH_H

#include "config/compile.h"

void compile_auth(struct compile *c, const struct section *s, enum key_scope scope,
                  struct shrike_auth *out, struct config_conn *beside);
/* When all of both sides is read. RFC 7296 3.5: we have to name ourselves; without an id it is the
 * address that we send from. */
void compile_local_id(struct compile *c, const struct section *s, struct shrike_conn *out,
                      const struct config_conn *beside);
/* What auth = null does not go with. */
void compile_null(struct compile *c, const struct shrike_conn *conn);
/* The section `authorities`: they are trusted as if they stood in the folder x509ca. */
void compile_authorities(struct compile *c);
/* send_cert, send_certreq */
void compile_sending(struct compile *c, const struct section *s, struct shrike_conn *out,
                     struct config_conn *beside);

#endif
