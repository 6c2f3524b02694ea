/* An exchange is three verbs: ask builds our request, answer handles a request and builds the
 * reply, conclude handles the response. Each is a function of named steps; it may await the answer
 * of an op and is called again at its next step. */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "sa/shard.h"
#include "wire/notify.h"

enum verdict {
    DONE,   /* ask, answer: send what was built; conclude: the exchange is over */
    AWAIT,  /* an op is out; slot->step says where to go on */
    DROP,   /* as if the message had not come */
    REFUSE, /* answer: reply with the notify only; ask, conclude: the exchange has failed, the SA
               stays */
    FAIL,   /* the same, and the SA is closed */
};

/* One input's work on one exchange. */
struct turn {
    struct shard *shard;
    struct ike_sa *sa;
    struct slot *slot;
    const struct message *in;       /* answer, conclude: the message */
    struct bytes datagram;          /* that brought it; empty when an op's answer did */
    struct ring_path path;          /* that it took */
    const struct shrike_answer *op; /* the answer awaited; NULL at the first step */
    struct builder *out;            /* ask, answer: where payloads go */
    struct shrike_reason reason;    /* REFUSE, FAIL */
    struct bytes notify_data;       /* data of the notify in reason.notify */
    struct bytes notify_spi;        /* the Child SA that it is about */
    u8 notify_protocol;             /* and its protocol */
    u8 notify_octets[4];
    enum shrike_reason_code no_address; /* why selectors that need an internal address have none */
    bool malformed;                     /* the message is refused for the turn's reason */
    bool closes;                        /* answer: the SA is closed once the reply is sent */
    bool no_sa;                         /* answer: no SA comes of it */
};

typedef enum verdict exchange_verb(struct turn *t);

/* Each exchange's verbs. */
#define EXCHANGE(type, name) exchange_verb name##_ask, name##_answer, name##_conclude;
#include "exchange/exchange.def"
#undef EXCHANGE

/* Run the verb that is due on this slot and carry its verdict out: seal, remember and send the
 * reply or the request; keep what waits for an op; close the SA that failed. The turn has shard,
 * sa, slot, in, and op or datagram. */
void exchange_run(struct turn *t);
/* Begin an exchange of ours; there must be an idle slot (slot_idle()). */
void exchange_begin(struct shard *s, struct ike_sa *sa, u8 type, struct child_sa *child, u16 want);
/* The answer of an op: go on where the exchange waits. */
void exchange_resume(struct shard *s, struct ike_sa *sa, struct slot *slot,
                     const struct shrike_answer *op);
/* No response to the request in this slot will come, as its ID is void: ask once more. */
void exchange_anew(struct shard *s, struct ike_sa *sa, struct slot *slot);
/* The due time of the request in this slot has come: send it again, or give the SA up. */
void exchange_retransmit(struct shard *s, struct ike_sa *sa, struct slot *slot);

/* Ways to end a verb: fill in the reason and give the verdict. */
enum verdict turn_refuse(struct turn *t, enum shrike_reason_code code, u16 notify);
enum verdict turn_fail(struct turn *t, enum shrike_reason_code code, u16 notify);
/* Refuse what may go well another time: no Child SA now. Beside an IKE SA, whose peer would make
 * everything from scratch on NO_ADDITIONAL_SAS (RFC 7296 4), with TEMPORARY_FAILURE. */
enum verdict turn_refuse_now(struct turn *t, enum shrike_reason_code code);
/* The same with two octets of notify data (a key exchange group). */
enum verdict turn_refuse_group(struct turn *t, u16 group);

/* The reason that an error notify of the peer stands for. */
enum shrike_reason_code reason_of_notify(u16 notify, enum shrike_reason_code no_proposal);

/* What to tell a peer that is not let in for this reason. One that we could not judge is not
 * refused: it may try again. */
u16 notify_of_refusal(enum shrike_reason_code reason);

/* An exchange that was to make this child has failed, for the turn's reason. */
void turn_child_failed(struct turn *t, struct child_sa *child);

/* Close an SA: tell it, take its children down, keep what late retransmissions need. */
void ike_close(struct shard *s, struct ike_sa *sa, const struct shrike_reason *why);
/* The same of one that is not closed yet, but its children stay until child_sweep(). */
void ike_close_first(struct shard *s, struct ike_sa *sa, const struct shrike_reason *why);

#endif
