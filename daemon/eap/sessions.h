/* The sessions that there are: by the number that net has given each, and by what keys is asked for
 * it. Bounded in count and time: net ends each, and one that it forgets ends by itself. */
#ifndef EAP_SESSIONS_H
#define EAP_SESSIONS_H

#include "base/list.h"
#include "eap/session.h"

#define SESSIONS_MAX 4096                  /* handshakes that are in EAP at once */
#define SESSIONS_AGE (330 * SHRIKE_SECOND) /* an IKE_AUTH with EAP ends after 300 s */

#define EAP_CONN_SIZE 64

struct eap_place {
    struct list all;    /* the one that began first in front */
    struct list bucket; /* by number */
    struct list asked;  /* by the reference of what keys was asked; else in no list */
    u32 number;
    shrike_time began;
    enum eap_step asked_for;              /* what others were asked last */
    struct shrike_token token;            /* of the op that waits for an answer */
    char conn[EAP_CONN_SIZE];             /* cut, if it is longer */
    struct shrike_endpoint local, remote; /* of its IKE SA */
    struct eap_session session;
};

struct sessions {
    struct list all;
    struct list *numbers, *references;
    u32 count, reference;
};

bool sessions_init(struct sessions *s) must_use; /* false: no memory */
void sessions_free(struct sessions *s);          /* wipes them */

struct eap_place *sessions_find(const struct sessions *s, u32 number);
/* A new one. NULL: there are too many, or there is no memory. */
struct eap_place *sessions_add(struct sessions *s, u32 number, shrike_time now);
void sessions_drop(struct sessions *s, struct eap_place *p);
void sessions_clear(struct sessions *s);

/* keys is asked for it: by this reference. The one of such a reference, which is asked no more. */
u32 sessions_ask(struct sessions *s, struct eap_place *p);
struct eap_place *sessions_told(struct sessions *s, u32 reference);

#endif
