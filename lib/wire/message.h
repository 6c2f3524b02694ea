/* A message as a list of payloads (RFC 7296 3.2): slices of the octets it was read from. */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include "base/cursor.h"
#include "wire/codes.h"
#include "wire/header.h"

#define PAYLOADS_MAX 64 /* payloads of one message; Vendor IDs beyond are passed over */

struct payload {
    u8 type;
    bool critical;
    struct span body; /* behind the generic header, from message.base */
};

struct message {
    const u8 *base; /* spans are offsets from here; move it when the octets move */
    struct header header;
    u8 inner; /* next-payload octet of SK or SKF: its first inner payload; 0 without */
    u8 count;
    struct payload payloads[PAYLOADS_MAX]; /* in the order of the wire */
};

enum message_verdict {
    MESSAGE_OK,
    MESSAGE_SYNTAX,   /* lengths do not fit, or octets are left over */
    MESSAGE_CRITICAL, /* a payload that is not known is marked critical; *payload names it */
    MESSAGE_TOO_MANY, /* more than PAYLOADS_MAX */
};

/* Walk the chain `octets` that begins with a payload of type `first`. Payloads of unknown types are
 * passed over unless critical. The chain ends at SK and SKF, which are the last payload and whose
 * next-payload octet names their first inner one. base must be at or before octets.at, and end and
 * base no more than MESSAGE_MAX apart. Fills all of *m but m->header; *payload names what decides,
 * 0 when nothing does. */
enum message_verdict message_read(struct message *m, const u8 *base, struct bytes octets, u8 first,
                                  u8 *payload) must_use;

/* A whole message in the clear once more, that was read or written before. */
void message_again(struct message *m, struct bytes datagram);

/* Where its last payload ends, from message.base. */
size_t message_end(const struct message *m);
/* The first payload of a type, or NULL; the next one after p. */
const struct payload *message_find(const struct message *m, u8 type);
const struct payload *message_find_after(const struct message *m, const struct payload *p);
/* The body of the first payload of a type; {NULL, 0} when there is none. */
struct bytes message_body(const struct message *m, u8 type);

/* Writes payloads one after the other, patching next-payload octets and lengths. A message that
 * does not fit leaves w->full. */
struct builder {
    struct writer *w;
    size_t header_at; /* where the message began; only with a header */
    size_t next_at;   /* offset of the next-payload octet to patch */
    u8 *first;        /* where the type of the first payload of a bare chain goes; else NULL */
};

/* A message with a header: writes it; builder_end() patches its length. */
struct builder builder_message(struct writer *w, const struct header *h);
/* A bare chain (the inside of SK); *first receives the type of its first payload, 0 while empty. */
struct builder builder_chain(struct writer *w, u8 *first);
/* Begin a payload; returns the mark for payload_end(), which patches the length. */
size_t payload_begin(struct builder *b, u8 type, bool critical);
void payload_end(struct builder *b, size_t mark);
void builder_end(struct builder *b);

/* Write m's payloads as they are; the inverse of message_read(). */
void message_write(struct builder *b, const struct message *m);

#endif
