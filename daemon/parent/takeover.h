/* What one program hands on to another that the same process executes in its place: descriptors,
 * and what is known of them. Nothing of it is closed in between. */
#ifndef PARENT_TAKEOVER_H
#define PARENT_TAKEOVER_H

#include "config/settings.h"
#include "parent/keyfiles.h"
#include "parent/routes.h"
#include "parent/sockets.h"
#include "parent/tun.h"

/* Of what is handed on; a program that takes over knows all before its own. */
#define TAKEOVER_VERSION 2
#define TAKEOVER_ROLES   16 /* vaults in it: room for roles to come; 5 in version 1 */

struct takeover {
    struct sockets sockets;
    struct tun tun;
    struct keyfiles keyfiles;
    int vaults[TAKEOVER_ROLES]; /* -1: none */
    int listener;
    int esp;      /* the Child SAs of esp (MAIL_STATE); -1: none */
    u64 esp_life; /* it goes on in this life */
    char control_socket[SETTINGS_PATH];
    char journal[SETTINGS_PATH];
    /* What is routed into the tunnels; takeover_read() allocates it. */
    struct takeover_route {
        struct prefix to;
        struct shrike_addr source;
    } * routes;
    u32 route_count;
};

/* Execute this program in place of the one that runs, with the same options. Comes back only when
 * that failed: false; errno says why, and everything is as before. routes: those that are there. */
bool takeover_exec(const struct takeover *t, const struct routes *routes, const struct options *o,
                   const char *path);
/* The program after: read what was handed on. The descriptor is closed. false: it makes no sense.
 * takeover_free() frees the list of routes. */
bool takeover_read(struct takeover *t, int fd) must_use;
void takeover_free(struct takeover *t);

#endif
