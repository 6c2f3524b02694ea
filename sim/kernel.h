/* The model data plane: the pairs of ESP SAs that a host has installed now, and every pair it was
 * ever asked to install. */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include "shrike/action.h"
#include "sim/world.h"

#define ESP_KEY_MAX      72
#define KERNEL_NAME_MAX  201 /* of a child, NUL included; a longer one is cut */
#define KERNEL_MOVES_MAX 32  /* Child SAs of one IKE SA that moves */

struct esp_key {
    u8 encr[ESP_KEY_MAX], integ[ESP_KEY_MAX];
    u8 encr_len, integ_len;
};

/* A copy of an install op: what it points to does not outlive the drain. */
struct esp_pair {
    u32 child_serial, reqid;
    u32 spi_in, spi_out;
    struct esp_key in, out;
    struct shrike_endpoint local, remote;
    enum shrike_mode mode;
    bool encap, esn, initiator, nat_here;
    struct shrike_life life;
    u8 protocol;
    u16 encr, encr_key_bits, integ;
    u16 cpi_in, cpi_out;
    u16 local_count, remote_count;
    struct shrike_ts local_ts[SHRIKE_TS_MAX], remote_ts[SHRIKE_TS_MAX];
    char child[KERNEL_NAME_MAX]; /* a copy: a configuration may go before its SAs' records */
    bool asked;                  /* and not carried out yet */
    bool installed;              /* now */
    bool refused;                /* this kernel was told to fail it */
    bool lost;                   /* went with everything else, by kernel_lose() */
    bool removed;                /* was installed, is no more */
    shrike_time idle_at;         /* for whoever counts how long nothing was carried */
    int64_t rank;                /* of those with one reqid, the highest is sent by */
    bool compared;               /* with the other end */
};

struct kernel {
    struct esp_pair **pairs;
    size_t count, room;
    unsigned installed;
    int64_t ranks;
    bool changed; /* since the oracle looked */
};

void kernel_init(struct kernel *k);
void kernel_free(struct kernel *k);
/* Copy an op; returns its place in pairs, or a complaint. */
const char *kernel_note(struct kernel *k, const struct shrike_install_op *op, size_t *place);
/* Carry it out, if `ok`. A complaint when the engine asked for what cannot be. */
const char *kernel_install(struct kernel *k, size_t place, bool ok);
const char *kernel_remove(struct kernel *k, const struct shrike_remove_op *op);
/* Send by this one from now on, if it is there. */
void kernel_switch(struct kernel *k, u32 child_serial);
/* These pairs are between these ends from now on, as far as they are there. */
struct kernel_move {
    struct shrike_endpoint local, remote;
    bool encap, nat_here;
    unsigned count;
    u32 children[KERNEL_MOVES_MAX];
};
void kernel_move(struct kernel *k, const struct kernel_move *move);
/* The pair that is sent by for this reqid; NULL: none. */
const struct esp_pair *kernel_outbound(const struct kernel *k, u32 reqid);
/* Everything installed is gone. Removing it later is no mistake. */
void kernel_lose(struct kernel *k);

/* What is gone is no longer known: that it is removed twice would be taken for another mistake. */
void kernel_forget(struct kernel *k);

/* Installed pairs: the next one from *cursor on, or NULL. */
const struct esp_pair *kernel_next(const struct kernel *k, size_t *cursor);
const struct esp_pair *kernel_by_spi_in(const struct kernel *k, u32 spi);
unsigned kernel_count_child(const struct kernel *k, const char *child);

/* The two ends of one pair: NULL when they agree in everything (in how they encapsulate, when that
 * is asked for), else what differs. */
bool esp_is_mirror(const struct esp_pair *a, const struct esp_pair *b);
const char *esp_difference(const struct esp_pair *a, const struct esp_pair *b, bool encap);

#endif
