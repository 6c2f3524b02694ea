/* The protected side of a client's IKE SA: its keys, and messages that are sealed and opened. */
#ifndef CLIENTS_CHANNEL_H
#define CLIENTS_CHANNEL_H

#include "crypto/keymat.h"
#include "shrike/types.h"
#include "wire/header.h"

#define CHANNEL_PARTS_MAX 32

struct channel;

struct channel_setup {
    const struct shrike_provider *provider;
    struct ike_suite suite;
    u64 spi_i, spi_r;
    bool initiator; /* we have begun it */
};

/* NULL: no memory. */
struct channel *channel_new(const struct channel_setup *setup,
                            const struct ike_keys *keys) must_use;
void channel_free(struct channel *c); /* NULL is fine */
struct bytes channel_sk_d(const struct channel *c);

/* What is to go out: in one datagram, or in several when there is more than fits `size` octets of
 * IP (RFC 7383); size 0: always in one. */
struct channel_message {
    struct header header; /* without its length */
    u8 first;
    struct bytes inner;
    unsigned size;
};

/* Datagrams, to be freed by the caller; their count, 0: it cannot be done. */
struct channel_part {
    u8 *data;
    size_t len;
};
unsigned channel_seal(struct channel *c, const struct channel_message *m,
                      struct channel_part out[CHANNEL_PARTS_MAX]);

enum channel_verdict { CHANNEL_OPEN, CHANNEL_MORE, CHANNEL_BAD };
/* The inside of a datagram, in place; of the last fragment the whole message, for now. */
enum channel_verdict channel_open(struct channel *c, struct bytes datagram, struct bytes *inner,
                                  u8 *first);

#endif
