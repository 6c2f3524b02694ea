/* What a method of EAP sees of its session, and does with it.
 *
 * Each has three functions, which session.c calls by the table methods.def:
 *
 *     NAME_begin(s, t)          server: the first request
 *     NAME_take(s, t, message)  a request, or a response, of its type
 *     NAME_told(s, t, answer)   what it has asked keys, or certs, is answered
 *
 * and those that have another session inside, a fourth one:
 *
 *     NAME_inside(s, t, in)     what has become of the session inside
 *
 * Each of them ends with one of method_say(), method_ask() and its like, method_go_inside(),
 * method_over() and method_fail(). */
#ifndef EAP_METHOD_H
#define EAP_METHOD_H

#include "eap/tunnel.h"
#include "ops/password.h"
#include "radius/pass.h"
#include "shrike/action.h"
#include "shrike/event.h"
#include "wire/codes.h"

enum {
    EAP_METHODS_MAX = 8, /* that one session may try */
    EAP_CHALLENGE = 16,
    EAP_DATA_MAX = SHRIKE_EAP_MAX - 5, /* octets behind the type */
};

struct mschapv2_state {
    u8 challenge[EAP_CHALLENGE], own[EAP_CHALLENGE];
    u8 identifier; /* of its own, beside that of EAP */
    u8 server[20]; /* what proves the server */
    u8 phase;
};

struct md5_state {
    u8 challenge[EAP_CHALLENGE];
};

struct tls_state {
    u8 phase;
    bool judged;   /* the other side's certificate is good */
    bool sending;  /* the rest of a message is to be sent, when what went is acknowledged */
    u16 rounds;    /* messages that came */
    u32 told, got; /* octets of the message that comes: how many there will be, 0 for not said */
    u8 verdict;    /* PEAP: how it has ended, as the other side was told; 0: it has not */
    enum shrike_reason_code reason; /* and why */
};

/* What an input leads to. */
enum eap_step {
    EAP_SAY,    /* octets are to be sent */
    EAP_ASK,    /* keys is to be asked about a password; the session goes on with the answer */
    EAP_SIGN,   /* so is keys, for a signature: tunnel_wanted() by the key of `own` */
    EAP_VOUCH,  /* so is certs, whether a certificate is good, and of `claimed` */
    EAP_PASS,   /* so is a server of RADIUS, with these octets; none: it is to begin */
    EAP_INSIDE, /* so is the session inside; seen by session.c alone */
    EAP_OVER,   /* it has succeeded */
    EAP_FAIL,   /* it has failed: reason */
};

struct eap_turn {
    enum eap_step step;
    enum shrike_reason_code reason;
    struct mail_password ask; /* its octets are those of the input, or of the session */
    struct shrike_id claimed; /* likewise */
    u16 cert_count;
    struct shrike_cert certs[SHRIKE_CERTS_MAX]; /* likewise */
    size_t len;
    u8 octets[SHRIKE_EAP_MAX];
};

struct eap_session {
    /* what it began with */
    bool server;
    bool only;  /* nothing else proves the server */
    bool asks;  /* server: the peer may say who it is, if that is who is wanted */
    bool opens; /* server: with the question who it is */
    u8 methods[EAP_METHODS_MAX], method_count;
    u8 inside[EAP_METHODS_MAX], inside_count; /* likewise, in a tunnel */
    struct {
        u8 type;
        u16 len;
        u8 octets[SHRIKE_ID_MAX];
    } wanted; /* server: who it has to be, or one of whom; type 0: whoever it is */
    u16 user_len;
    u8 user[SHRIKE_ID_MAX]; /* whose proof it is: the peer's, ours */
    struct {
        u8 type;
        u16 len;
        u8 octets[SHRIKE_ID_MAX];
    } other; /* who the other side is in IKE, or has to be in EAP */
    u16 groups_len, grant_len;
    u8 *groups;             /* of which it has to be in one, by a server of RADIUS */
    u8 *grant;              /* what such a server has granted */
    struct tunnel_own *own; /* what we show in TLS; NULL: nothing */
    /* where it is */
    u8 identifier; /* of the last request */
    u8 type;       /* of the method that runs; 0: none */
    u8 tried;      /* server: the place of that method in the list */
    bool named;    /* server: user is whom it said inside EAP */
    bool answered; /* the method has got a message */
    bool done;     /* peer: it has done all that it has to: Success is believed */
    bool failed;
    bool mutual; /* both sides have proved themselves, in a way that is fit to stand alone (RFC 5998
                  * 4) */
    u8 key_len;
    u8 key[SHRIKE_MSK_MAX];
    u32 awaited;               /* reference of what keys was asked; 0: nothing */
    enum eap_step asked;       /* what others were asked last, */
    bool within;               /* and that by the session inside */
    struct tunnel *tunnel;     /* of the method that runs; NULL: it has none */
    struct eap_session *inner; /* in that tunnel; NULL: likewise */
    union {
        struct md5_state md5;
        struct mschapv2_state mschapv2;
        struct tls_state tls;
        struct radius_pass relay;
    } of;
};

static inline struct bytes session_user(const struct eap_session *s)
{
    return bytes_of(s->user, s->user_len);
}

/* Is that one user, with or without a domain in front, in small or large letters? */
bool method_same_user(struct bytes a, struct bytes b);
bool method_random(u8 *out, size_t len) must_use;
void method_say(struct eap_session *s, struct eap_turn *t, u8 type, struct bytes data);
void method_ask(struct eap_session *s, struct eap_turn *t, const struct mail_password *ask);
/* The peer has done all that the method wants of it; behind this it says its last message. */
void method_done(struct eap_session *s);
/* The server: the peer has proved itself. */
void method_over(struct eap_session *s, struct eap_turn *t);
/* The MSK that comes of it. false: it is too long. */
bool method_key(struct eap_session *s, struct bytes key) must_use;
/* What goes with the peer as long as it is here. false: no memory. */
bool method_grant(struct eap_session *s, struct bytes grant) must_use;
void method_fail(struct eap_session *s, struct eap_turn *t, enum shrike_reason_code reason);
/* The server: this is whom the peer says that it is. false: that is not wanted. */
bool method_named(struct eap_session *s, struct bytes name) must_use;
/* In a tunnel: may that be by this method? A message for the session inside, which is made when it
 * is not there; none: it begins. false: it cannot be, and the turn says so. */
bool method_allows_inside(const struct eap_session *s, u8 type);
bool method_go_inside(struct eap_session *s, struct eap_turn *t, struct bytes message);

/* Of the one that is none (relay.c): a response of the peer; a request of the server. */
void relay_pass(struct eap_session *s, struct eap_turn *t, struct bytes message);
void relay_say(struct eap_session *s, struct eap_turn *t, struct bytes message);

#define METHOD(name, type, text, named)                                                            \
    void name##_begin(struct eap_session *s, struct eap_turn *t);                                  \
    void name##_take(struct eap_session *s, struct eap_turn *t, struct bytes data);                \
    void name##_told(struct eap_session *s, struct eap_turn *t, const struct mail_password_is *a);
#include "eap/methods.def"
#undef METHOD
void ttls_inside(struct eap_session *s, struct eap_turn *t, const struct eap_turn *in);
void peap_inside(struct eap_session *s, struct eap_turn *t, const struct eap_turn *in);

#endif
