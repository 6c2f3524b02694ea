/* The server of a script: its server.conf, where certificates and EAP are models (model.h). */
#ifndef CLIENTS_SERVE_H
#define CLIENTS_SERVE_H

#include "config/config.h"
#include "model.h"

/* The server's configuration is to refuse the client. */
struct refusal {
    char reason[64], notify[64];
    const char *key, *line; /* that takes the place of the first line with this key */
};

struct serve {
    struct config *config;
    struct model model;
    struct shrike_credential credential;
    struct shrike_bytes certificate;
    struct shrike_key_id authority;
};

/* Read FOLDER/server.conf, with the line of a refusal or without (NULL). false: what is wrong was
 * printed. */
bool serve_load(struct serve *s, const char *folder, const struct refusal *r,
                const struct shrike_provider *p) must_use;
void serve_free(struct serve *s);

#endif
