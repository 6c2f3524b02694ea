/* The ladder of messages: what was sent and received for IKE SAs, by kinds and sizes alone. */
#ifndef SHRIKE_RUNG_H
#define SHRIKE_RUNG_H

#include "shrike/types.h"

#define SHRIKE_RUNG_PAYLOADS 20  /* of one message; further ones are only counted */
#define SHRIKE_RUNGS_MAX     128 /* that wait to be taken; then the oldest are lost */

struct shrike_rung_payload {
    uint8_t type;    /* enum payload type, IANA number */
    uint16_t notify; /* of a Notify payload: its type */
    uint16_t octets; /* with its header */
};

/* One message as it was sent, or received and found authentic. Of one that is sent or comes once
 * more the payloads are not told again. */
struct shrike_rung {
    shrike_time when;
    uint64_t spi_i, spi_r;
    uint32_t ike; /* serial of the IKE SA */
    uint32_t message_id;
    uint32_t octets;    /* without UDP: of ours all datagrams, of the peer's the last one */
    uint16_t datagrams; /* of ours, fragments; of the peer's it is not known: 0 */
    uint8_t exchange;   /* IANA number */
    uint8_t payloads;   /* how many there were; the first of them in `of` */
    bool sent, again, response, stranger;
    const char *conn; /* NULL: not known yet; valid until the next input */
    struct shrike_endpoint local, remote;
    struct shrike_rung_payload of[SHRIKE_RUNG_PAYLOADS];
};

struct shrike;

/* The next message that was not taken yet, the oldest first; false: there is none. */
bool shrike_rung(struct shrike *e, struct shrike_rung *out);

#endif
