/* Sections local and remote of a connection: who proves what by which means. */
#ifndef DAEMON_CONFIG_AUTH_H
#define DAEMON_CONFIG_AUTH_H

#include "config/compile.h"

/* All those of a connection, with the rounds that they make (RFC 4739). */
void compile_sides(struct compile *c, const struct section *s, struct shrike_conn *out,
                   struct config_conn *beside);
/* When all of both sides is read. RFC 7296 3.5: we have to name ourselves; without an id it is the
 * address that we send from. */
void compile_local_id(struct compile *c, const struct section *s, struct shrike_conn *out,
                      const struct config_conn *beside);
/* What goes with several rounds; where there is one each, nothing is said. */
void check_rounds(struct compile *c, const struct shrike_conn *conn);
/* What auth = null does not go with. */
void compile_null(struct compile *c, const struct shrike_conn *conn);
/* The section `authorities`: they are trusted as if they stood in the folder x509ca. */
void compile_authorities(struct compile *c);
/* send_cert, send_certreq */
void compile_sending(struct compile *c, const struct section *s, struct shrike_conn *out,
                     struct config_conn *beside);

#endif
