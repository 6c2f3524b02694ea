/* Packets of RADIUS (RFC 2865 3): what stands in them, and who has made them. */
#ifndef RADIUS_PACKET_H
#define RADIUS_PACKET_H

#include "base/cursor.h"
#include "radius/codes.h"
#include "radius/md5.h"

#define RADIUS_HEADER_LEN 20
#define RADIUS_MAX        4096 /* octets of a packet (RFC 2865 3) */
#define RADIUS_VALUE_MAX  253  /* octets of the value of an attribute */

/* What both ends know of each other. */
struct radius_secret {
    struct md5 *md5;
    struct bytes secret;
};

/* ---- reading ---- */

struct radius_packet {
    u8 code, id;
    const u8 *authenticator; /* MD5_LEN octets */
    struct bytes whole;      /* without padding behind it */
    struct bytes attributes;
};

/* false: a length does not fit, that of the packet or that of an attribute. What is read points
 * into the datagram. */
bool radius_packet_read(struct bytes datagram, struct radius_packet *p) must_use;

struct radius_attribute {
    u32 vendor; /* 0: none */
    u8 type;    /* of the vendor's, if there is one */
    struct bytes value;
};

/* Walk the attributes, those inside of Vendor-Specific ones for themselves (as RFC 2865 5.26
 * suggests; one that is written otherwise comes whole). Begin with a zeroed walk. false: no more.
 */
struct radius_walk {
    size_t at;           /* octets of the attributes that are done */
    u32 vendor;          /* inside of one of this vendor */
    struct bytes inside; /* what is left of it */
};
bool radius_next(const struct radius_packet *p, struct radius_walk *walk,
                 struct radius_attribute *a) must_use;
/* The first of this type; false: there is none. */
bool radius_find(const struct radius_packet *p, u8 type, struct bytes *value) must_use;
/* Its value if that is a number, else `otherwise`. */
u32 radius_find_u32(const struct radius_packet *p, u8 type, u32 otherwise);

/* All EAP-Message attributes joined (RFC 3579 3.1). */
struct bytes radius_eap(const struct radius_packet *p, u8 out[RADIUS_MAX]);

/* Is it an answer to the request with this authenticator, by who knows the secret? `demand`: only
 * with a Message-Authenticator (RFC 3579 3.2), without which MD5 may be talked into a lie. */
bool radius_is_answer(const struct radius_packet *p, const struct radius_secret *s,
                      const u8 request[MD5_LEN], bool demand) must_use;
/* Is it a request for accounting, or of RFC 5176, by who knows the secret? A Message-Authenticator
 * need not be there, and must hold if it is. */
bool radius_is_request(const struct radius_packet *p, const struct radius_secret *s) must_use;

/* ---- writing ---- */

/* Attributes. One that is too long does not fit: the writer is full. */
void radius_put(struct writer *w, u8 type, struct bytes value);
void radius_put_u32(struct writer *w, u8 type, u32 value);
void radius_put_text(struct writer *w, u8 type, const char *text);
/* Cut into as many attributes as it needs; none at all is the one empty attribute that asks a
 * server to begin (RFC 3579 2.1). */
void radius_put_eap(struct writer *w, struct bytes message);

/* A packet: its header; with room for a Message-Authenticator as its first attribute, if it is to
 * have one; then the attributes, put by the caller. */
void radius_begin(struct writer *w, u8 code, u8 id, bool authenticated);

/* Then its authenticators. false: it is too long, or the library fails. */
enum radius_kind {
    RADIUS_ACCESS, /* authenticator: drawn at random (RFC 2865 3) */
    RADIUS_ANSWER, /* authenticator: that of the request */
    RADIUS_PLAIN,  /* requests for accounting and of RFC 5176: they have their own; NULL */
};
bool radius_seal(struct writer *w, const struct radius_secret *s, enum radius_kind kind,
                 const u8 *authenticator) must_use;

#endif
