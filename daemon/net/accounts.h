/* What those whom a server of RADIUS has let in carry, for eap, which tells that server. An account
 * goes with an IKE SA that has a grant (ops/grant.h), from the first of its line to the last; its
 * Child SAs are counted by esp. All is kept until eap has it, also while there is none. */
#ifndef NET_ACCOUNTS_H
#define NET_ACCOUNTS_H

#include "base/list.h"
#include "ops/account.h"
#include "ops/mail.h"
#include "proc/seat.h"
#include "shrike/shrike.h"

#define ACCOUNTS_MAX  65536               /* IKE SAs; beyond, they are not accounted for */
#define ACCOUNTS_LAST (2 * SHRIKE_SECOND) /* for esp to count what has ended */

struct accounts {
    struct seat *seat;
    bool imported;                        /* what there is from before is known */
    struct account **by_ike, **by_number; /* tables; NULL: nobody has an account yet */
    struct part **by_child;
    struct list unsaid; /* accounts with something that eap is to hear */
    struct list all;
    u32 count;
    u32 ending; /* that wait for esp */
    bool ready; /* eap wants to hear of them */
    bool told;  /* it knows all that there are */
    struct alarm alarm;
    u64 lost; /* IKE SAs without an account, for want of room */
};

void accounts_open(struct accounts *a, struct seat *seat);
void accounts_close(struct accounts *a);

/* All that the engine has, when it has read its records. */
void accounts_import(struct accounts *a, const struct shrike *engine);
/* An event of the engine, in the drain that brings it. */
void accounts_event(struct accounts *a, const struct shrike *engine, const struct shrike_event *e);
/* COUNTED of esp. false: it makes no sense. */
bool accounts_counted(struct accounts *a, const struct mail *m) must_use;
/* ACCOUNT_ASK of eap. *out: the serial of an IKE SA that is to be closed; 0: none. false: it makes
 * no sense. */
bool accounts_asked(struct accounts *a, const struct mail *m, u32 *out) must_use;
/* eap or esp is there, or gone. */
void accounts_peer(struct accounts *a, enum role who, bool there);
/* Once a turn: tell eap what it has not heard. */
void accounts_settle(struct accounts *a);
/* Is all said? At the end, it is worth while to wait for it. */
bool accounts_said(const struct accounts *a);

#endif
