/* What the engine tells: events with typed fields, and the reasons of refusals.
 *
 * Rendered outside of the library; the engine never formats text. */
#ifndef SHRIKE_EVENT_H
#define SHRIKE_EVENT_H

#include "shrike/conf.h"
#include "shrike/types.h"
#include "shrike/view.h"

/* Why something was refused or failed. The list is reason.def; each row has a sentence and a
 * remedy for people. */
enum shrike_reason_code {
#define REASON(name, text, remedy) SHRIKE_REASON_##name,
#include "shrike/reason.def"
#undef REASON
    SHRIKE_REASON_COUNT
};

/* A typed reason. Slices are valid until the drain that delivers it is over. */
struct shrike_reason {
    enum shrike_reason_code code;
    uint16_t notify;             /* the notify type on the wire, sent or received; 0 none */
    uint16_t detail;             /* the transform type, payload type or KE group concerned; TIMEOUT:
                                  * octets of the largest datagram that was not answered;
                                  * HALF_OPEN_TIMEOUT: of the largest fragment that came */
    bool theirs;                 /* the peer refused us; else we refused */
    uint8_t exchange;            /* enum exchange_type in which it was decided; 0 none */
    uint8_t method;              /* AUTH_METHOD: enum auth_method of the peer; 0 none */
    uint8_t parts, parts_all;    /* TIMEOUT, HALF_OPEN_TIMEOUT: how many fragments came of what was
                                  * waited for, and of how many; 0: none */
    uint8_t again;               /* HALF_OPEN_TIMEOUT: how often the peer's first request came
                                  * once more, after it was answered */
    struct shrike_bytes offered; /* body of the peer's SA, TSr or ID payload, as on the wire */
    struct shrike_bytes beside;  /* of its TSi payload, where `offered` is TSr; AUTH_MAC: what the
                                  * secret is called that was tried */
    const struct shrike_proposal *allowed; /* what our configuration allows, or NULL */
    uint16_t allowed_count;
    struct shrike_origin origin; /* the rule that decides; file NULL when none does */
};

const char *shrike_reason_name(enum shrike_reason_code code);   /* "AUTH_MAC"; static */
const char *shrike_reason_text(enum shrike_reason_code code);   /* one sentence; static */
const char *shrike_reason_remedy(enum shrike_reason_code code); /* what would mend it; static */

enum shrike_level { SHRIKE_ERROR, SHRIKE_WARNING, SHRIKE_NOTICE, SHRIKE_INFO, SHRIKE_DEBUG };

/* One row an event in event.def: name, level, text. */
enum shrike_event_id {
#define EVENT(name, level, text) SHRIKE_EVENT_##name,
#include "shrike/event.def"
#undef EVENT
    SHRIKE_EVENT_COUNT
};

/* How SAs stood when something became of them; a serial of 0: there is none of these. `was` is what
 * the other has taken the place of. */
struct shrike_seen {
    struct shrike_ike_view ike, ike_was;
    struct shrike_child_view child, child_was;
};

/* One event. Fields that an event does not have are zero. Pointers are valid until the drain that
 * delivers it is over. Events that a stranger can cause are bounded by the engine: at most
 * SHRIKE_STRANGER_EVENTS a second of handshakes that begin, as many of messages that are refused,
 * and as many of what fails; the rest is only counted. */
#define SHRIKE_STRANGER_EVENTS 10
struct shrike_event {
    enum shrike_event_id id;
    uint32_t ike;   /* serial of the IKE SA, 0 none */
    uint32_t child; /* serial of the Child SA, 0 none */
    const char *conn;
    const char *child_conf;
    uint64_t spi_i, spi_r;
    uint32_t esp_in, esp_out; /* ESP SPIs of the child */
    struct shrike_endpoint local, remote;
    uint8_t exchange;           /* RETRANSMIT: enum exchange_type */
    bool stranger;              /* the peer has begun it, and has not proved who it is */
    struct shrike_addr address; /* ADDRESS_GIVEN, ADDRESS_TAKEN */
    uint32_t message_id;
    uint32_t number;  /* of the event: a count, a try, a size; REKEYED: serial of what it was */
    uint32_t command; /* reference of the command that caused it, 0 none */
    struct shrike_reason reason;
    /* Of IKE_UP, _DOWN, _REKEYED and _MOVED, CHILD_UP, _DOWN and _REKEYED; NULL: of others, or so
     * much has become of SAs at once that there was no room for it. */
    const struct shrike_seen *seen;
};

const char *shrike_event_name(enum shrike_event_id id); /* "IKE_UP"; static */
enum shrike_level shrike_event_level(enum shrike_event_id id);
const char *shrike_event_text(enum shrike_event_id id); /* a sentence; static */

#endif
