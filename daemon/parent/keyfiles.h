/* Files into which net writes session keys for tshark, when the configuration says so: unsafe. */
#ifndef PARENT_KEYFILES_H
#define PARENT_KEYFILES_H

#include "base/bytes.h"

struct keyfiles {
    int fd[2]; /* of IKE and of ESP; -1: none */
};

/* Open both in this folder, as tshark calls them, for appending. false: stderr says why. */
bool keyfiles_open(struct keyfiles *k, const char *folder) must_use;
void keyfiles_close(struct keyfiles *k); /* twice is fine */

#endif
