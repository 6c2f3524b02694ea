/* The section `secrets`. */
#ifndef DAEMON_CONFIG_SECRETS_H
#define DAEMON_CONFIG_SECRETS_H

#include "config/compile.h"

/* All of them into config->secrets; the passphrases of private keys; those that
 * lie on tokens. */
void compile_secrets(struct compile *c);

#endif
