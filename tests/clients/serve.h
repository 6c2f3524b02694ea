/* The server of a script: its server.conf as the daemon reads it, with certificates in the folders
 * beside it; and those who prove, judge and run EAP for its engine. */
#ifndef CLIENTS_SERVE_H
#define CLIENTS_SERVE_H

#include "certs/judge.h"
#include "config/wallet.h"
#include "keys/signer.h"
#include "pair/passwords.h"

#define SERVE_ABOUT_MAX 256

/* The server's configuration is to refuse the client. */
struct refusal {
    char reason[64], notify[64];
    const char *key, *line; /* that takes the place of the first line with this key */
};

struct serve {
    struct config *config;
    struct wallet wallet;
    struct judge judge;
    struct passwords eap;
    u8 value[SIGNER_VALUE_MAX];
    char about[SERVE_ABOUT_MAX];
};

/* Read FOLDER/server.conf, with the line of a refusal or without (NULL). false: what is wrong was
 * printed. */
bool serve_load(struct serve *s, const char *folder, const struct refusal *r) must_use;
void serve_free(struct serve *s);
/* PROVE, CHECK and EAP of the server; ctx is a struct serve, which the answer points into. */
void serve_answer(void *ctx, const struct shrike_op *op, struct shrike_answer *out);

#endif
