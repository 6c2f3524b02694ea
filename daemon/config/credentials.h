/* Which certificates and keys stand for which connection: what the files say is joined with what
 * the store holds, each time that either has changed. */
#ifndef DAEMON_CONFIG_CREDENTIALS_H
#define DAEMON_CONFIG_CREDENTIALS_H

#include "config/wallet.h"

/* What others have room for (ops/conf.h). */
#define CREDENTIALS_MAX 16  /* of one side of a connection */
#define AUTHORITIES_MAX 256 /* that one side is asked for */

#define CREDENTIALS_BASE_MAX                                                                       \
    900 /* characters of where certificates are to be had by their hash                            \
         */
/* May certificates be there? http://, a host, a slash, and whatever follows. */
bool credentials_is_base(const char *url);

/* What stands in something that a connection names, to be freed by x509_free(). NULL: done; else
 * what is wrong with it, as text that fits behind its name. */
const char *credentials_peek(struct pool *p, const struct config_cert *cert, enum x509_kind kind,
                             struct x509_items *out);

/* Fill in what each connection signs by, with whom behind it, and which authorities it asks the
 * peer for. What is said of connections that can prove nothing goes to the report. more: NULL is
 * fine. */
void credentials_fill(struct config *c, const struct wallet *s, const struct config_more *more,
                      struct config_report *report);

#endif
