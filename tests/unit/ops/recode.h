/* Reads octets as one kind of body and writes what it read: the same octets must come out, for a
 * value has one encoding. For the tests and the fuzz target. */
#ifndef UNIT_OPS_RECODE_H
#define UNIT_OPS_RECODE_H

#include "ops/account.h"
#include "ops/ladder.h"
#include "ops/mail.h"
#include "ops/password.h"
#include "ops/seam.h"
#include "ops/snapshot.h"

enum recode {
    RECODE_SOCKET,
    RECODE_ROUTE,
    RECODE_STATS,
    RECODE_COUNT,
    RECODE_SECRET,
    RECODE_STRAY,
    RECODE_HEIR,
    RECODE_OP,
    RECODE_ANSWER,
    RECODE_KERNEL,
    RECODE_COMMAND,
    RECODE_EVENT,
    RECODE_IKE_VIEW,
    RECODE_CHILD_VIEW,
    RECODE_SNAPSHOT,
    RECODE_POOL, /* of mail, too */
    RECODE_LEASE,
    RECODE_TALLY,
    RECODE_TALLIES,
    RECODE_LADDER,
    RECODE_TRACE,
    RECODE_DATAGRAM,
    RECODE_PRIVATE,
    RECODE_PRIVATE_IS,
    RECODE_PASSWORD,
    RECODE_PASSWORD_IS,
    RECODE_PRIVATES_ARE,
    RECODE_GRANT,
    RECODE_ACCOUNT,
    RECODE_ACCOUNT_ASK,
    RECODE_OBJECT_IS,
    RECODE_KINDS,
};

static inline bool recode_password(enum recode kind, struct reader *r, struct writer *w)
{
    static struct {
        struct mail_password password;
        struct mail_password_is password_is;
    } v;
    bool good = false;
    if (kind == RECODE_PASSWORD && (good = password_read(r, &v.password)))
        password_write(w, &v.password);
    if (kind == RECODE_PASSWORD_IS && (good = password_is_read(r, &v.password_is)))
        password_is_write(w, &v.password_is);
    return good;
}

static inline bool recode_account(enum recode kind, struct reader *r, struct writer *w)
{
    static struct {
        struct mail_grant grant;
        struct mail_account account;
        struct mail_account_ask ask;
    } v;
    bool good = false;
    if (kind == RECODE_GRANT && (good = grant_read(read_rest(r), &v.grant)))
        grant_write(w, &v.grant);
    if (kind == RECODE_ACCOUNT && (good = account_read(r, &v.account)))
        account_write(w, &v.account);
    if (kind == RECODE_ACCOUNT_ASK && (good = account_ask_read(r, &v.ask)))
        account_ask_write(w, &v.ask);
    return good;
}

static inline bool recode_keys(enum recode kind, struct reader *r, struct writer *w)
{
    static struct {
        struct mail_private private;
        struct mail_private_is private_is;
        struct mail_privates_are privates_are;
        struct mail_object_is object_is;
    } v;
    bool good = false;
    if (kind == RECODE_PRIVATE && (good = private_mail_read(r, &v.private)))
        private_mail_write(w, &v.private);
    if (kind == RECODE_PRIVATE_IS && (good = private_is_read(r, &v.private_is)))
        private_is_write(w, &v.private_is);
    if (kind == RECODE_PRIVATES_ARE && (good = privates_are_read(r, &v.privates_are)))
        privates_are_write(w, &v.privates_are);
    if (kind == RECODE_OBJECT_IS && (good = object_is_read(r, &v.object_is)))
        object_is_write(w, &v.object_is);
    return good && read_ended(r);
}

static inline bool recode_mail(enum recode kind, struct reader *r, struct writer *w)
{
    static struct {
        struct mail_socket socket;
        struct mail_route route;
        struct mail_stats stats;
        struct mail_count count;
        struct mail_heir heir;
        struct mail_secret secret;
        struct mail_stray stray;
        struct mail_pool pool;
        struct mail_lease lease;
        struct mail_tally tally;
        struct mail_tallies tallies;
        struct mail_ladder ladder;
        struct mail_trace trace;
        struct mail_datagram datagram;
    } v;
    bool good = false;
    if (kind == RECODE_SOCKET && (good = socket_read(r, &v.socket)))
        socket_write(w, &v.socket);
    if (kind == RECODE_ROUTE && (good = route_read(r, &v.route)))
        route_write(w, &v.route);
    if (kind == RECODE_STATS && (good = stats_read(r, &v.stats)))
        stats_write(w, &v.stats);
    if (kind == RECODE_COUNT && (good = count_read(r, &v.count)))
        count_write(w, &v.count);
    if (kind == RECODE_HEIR && (good = heir_read(r, &v.heir)))
        heir_write(w, &v.heir);
    if (kind == RECODE_SECRET && (good = secret_read(r, &v.secret)))
        secret_write(w, &v.secret);
    if (kind == RECODE_STRAY && (good = stray_read(r, &v.stray)))
        stray_write(w, &v.stray);
    if (kind == RECODE_POOL && (good = pool_view_read(r, &v.pool)))
        pool_view_write(w, &v.pool);
    if (kind == RECODE_LEASE && (good = lease_view_read(r, &v.lease)))
        lease_view_write(w, &v.lease);
    if (kind == RECODE_TALLY && (good = tally_read(r, &v.tally)))
        tally_write(w, &v.tally);
    if (kind == RECODE_TALLIES && (good = tallies_read(r, &v.tallies)))
        tallies_write(w, &v.tallies);
    if (kind == RECODE_LADDER && (good = ladder_read(r, &v.ladder)))
        ladder_write(w, &v.ladder);
    if (kind == RECODE_TRACE && (good = trace_read(r, &v.trace)))
        trace_write(w, &v.trace);
    if (kind == RECODE_DATAGRAM && (good = datagram_read(r, &v.datagram)))
        datagram_write(w, &v.datagram);
    return good && read_ended(r);
}

static inline bool recode_seam(enum recode kind, struct reader *r, struct writer *w)
{
    static struct seam_box box;
    static struct {
        struct shrike_op op;
        struct shrike_token token;
        struct shrike_answer answer;
        struct shrike_kernel_event kernel;
        struct shrike_command command;
        struct shrike_event event;
        struct shrike_ike_view ike;
        struct shrike_child_view child;
    } v;
    bool good = false;
    if (kind == RECODE_OP && (good = op_read(r, &v.op, &box)))
        op_write(w, &v.op);
    if (kind == RECODE_ANSWER && (good = answer_read(r, &v.token, &v.answer)))
        answer_write(w, v.token, &v.answer);
    if (kind == RECODE_KERNEL && (good = kernel_read(r, &v.kernel, &box)))
        kernel_write(w, &v.kernel);
    if (kind == RECODE_COMMAND && (good = command_read(r, &v.command, &box)))
        command_write(w, &v.command);
    if (kind == RECODE_EVENT && (good = event_read(r, &v.event, &box)))
        event_write(w, &v.event);
    if (kind == RECODE_IKE_VIEW && (good = ike_view_read(r, &v.ike, &box)))
        ike_view_write(w, &v.ike);
    if (kind == RECODE_CHILD_VIEW && (good = child_view_read(r, &v.child, &box)))
        child_view_write(w, &v.child);
    return good;
}

/* false: refused. Room for as many octets as came in is enough. */
static inline bool recode(enum recode kind, struct bytes in, struct writer *w)
{
    struct reader r = reader_of(in);
    if (kind == RECODE_PASSWORD || kind == RECODE_PASSWORD_IS)
        return recode_password(kind, &r, w);
    if (kind >= RECODE_GRANT && kind <= RECODE_ACCOUNT_ASK)
        return recode_account(kind, &r, w);
    if (kind == RECODE_PRIVATE || kind == RECODE_PRIVATE_IS || kind == RECODE_PRIVATES_ARE ||
        kind == RECODE_OBJECT_IS)
        return recode_keys(kind, &r, w);
    if (kind < RECODE_OP || kind > RECODE_SNAPSHOT)
        return recode_mail(kind, &r, w);
    if (kind < RECODE_SNAPSHOT)
        return recode_seam(kind, &r, w);
    struct snapshot_copy *s = snapshot_read(in);
    if (s)
        snapshot_write(w, &s->conf, &s->settings);
    snapshot_free(s);
    return s != NULL;
}

#endif
