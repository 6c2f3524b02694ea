/* Keys for reading captures: lines that tshark takes as its tables ikev2_decryption_table and
 * esp_sa. Whoever has these files reads all traffic; they are written only when the configuration
 * names a folder for them. */
#ifndef NET_KEYFILE_H
#define NET_KEYFILE_H

#include "base/bytes.h"
#include "shrike/action.h"
#include "shrike/shrike.h"

enum keyfile_which { KEYFILE_IKE, KEYFILE_ESP, KEYFILE_COUNT };

/* Files open for appending; -1: not wanted. */
struct keyfile {
    int fd[KEYFILE_COUNT];
};

void keyfile_init(struct keyfile *k);
/* The descriptor is ours from then on and takes the place of an earlier one. */
void keyfile_set(struct keyfile *k, enum keyfile_which which, int fd);
void keyfile_close(struct keyfile *k);

/* Write the row of an IKE SA, by its serial, or both rows of a pair of ESP SAs. Nothing when there
 * is no such file or no such SA with keys; an algorithm that tshark 4.0 does not know leaves a
 * comment. false: the file could not be written; it is closed. */
bool keyfile_ike(struct keyfile *k, const struct shrike *engine, u32 serial);
bool keyfile_esp(struct keyfile *k, const struct shrike_install_op *op);

#endif
