/* Walks over the configuration: see walk.h. */
#include "control/walk.h"
#include "control/commands.h"
#include "control/control.h"

/* One event; false: it is to be tried again when there is room. *over: nobody listens. */
static bool send(struct control *c, const struct walk *k, const struct vici_writer *w, bool *over)
{
    struct bytes message;
    enum served event = k->certs      ? SERVED_LIST_CERT
                        : k->policies ? SERVED_LIST_POLICY
                                      : SERVED_LIST_CONN;
    if (!vici_written(w, &message))
        return true; /* longer than a message may be */
    switch (vici_server_stream(&c->clients.server, k->ticket, event, message)) {
    case VICI_STREAMED:
        return true;
    case VICI_STREAM_UNWANTED:
    case VICI_STREAM_VOID:
        *over = true;
        return true;
    case VICI_STREAM_FULL:
        break;
    }
    return false;
}

/* A bit of each kind of policy. */
enum { WALK_TRAP = 1, WALK_PASS = 2, WALK_DROP = 4 };

static bool is_policy(const struct walk *k, const struct shrike_child_conf *child)
{
    const u8 kind = child->mode == SHRIKE_PASS   ? WALK_PASS
                    : child->mode == SHRIKE_DROP ? WALK_DROP
                                                 : WALK_TRAP;
    return child->start & SHRIKE_START_TRAP && k->policies & kind;
}

static bool is_meant(const char *only, const char *name)
{
    return !only[0] || strcmp(only, name) == 0;
}

/* The next connection, or child, is put into the message; false: that was all. */
static bool put_next(const struct config *config, struct walk *k, struct vici_writer *w)
{
    for (; k->conn < config->conf.conn_count; k->conn++, k->child = 0) {
        const struct shrike_conn *conn = &config->conf.conns[k->conn];
        if (!is_meant(k->ike, conn->name))
            continue;
        if (!k->policies) {
            conns_put(w, conn, &config->beside[k->conn]);
            return true;
        }
        for (; k->child < (u32)conn->child_count + conn->shunt_count; k->child++) {
            const struct shrike_child_conf *child = &conn->children[k->child];
            if (is_policy(k, child) && is_meant(k->only, child->name)) {
                policies_put(w, conn, child);
                return true;
            }
        }
    }
    return false;
}

/* As many as there is room for; true: all have been streamed. */
static bool stream(struct control *c, struct walk *k)
{
    static u8 octets[VICI_SEGMENT_MAX - VICI_OVERHEAD_MAX];
    const struct config *config = control_config(c);
    bool over = !config;
    while (!over) {
        struct vici_writer w = vici_writer_of(octets, sizeof octets);
        if (!(k->certs ? certs_put_next(c, &k->filter, &k->conn, &k->child, &w)
                       : put_next(config, k, &w)))
            return true;
        if (!send(c, k, &w, &over))
            return false;
        if (k->policies || k->certs)
            k->child++;
        else
            k->conn++;
    }
    return true;
}

static void take_name(char out[VICI_NAME_MAX + 1], struct bytes name)
{
    if (name.len)
        memcpy(out, name.at, MIN(name.len, VICI_NAME_MAX));
}

static enum vici_reply begin(struct control *c, const struct vici_request *r, u8 policies,
                             bool certs)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct walk *k = &c->walks.at[i];
        if (k->ticket)
            continue;
        *k = (struct walk){.ticket = r->ticket, .policies = policies, .certs = certs};
        certs_filter_read(&k->filter, r->message);
        take_name(k->ike, vici_value(r->message, "ike"));
        take_name(k->only, vici_value(r->message, "child"));
        if (!stream(c, k))
            return VICI_REPLY_LATER;
        k->ticket = 0;
        break;
    }
    return VICI_REPLY_NOW;
}

enum vici_reply walk_conns(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)answer;
    return begin(ctx, r, 0, false);
}

enum vici_reply walk_certs(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)answer;
    return begin(ctx, r, 0, true);
}

enum vici_reply walk_policies(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)answer;
    u8 wanted = 0;
    wanted |= vici_value_is(r->message, "trap", "yes") ? WALK_TRAP : 0;
    wanted |= vici_value_is(r->message, "pass", "yes") ? WALK_PASS : 0;
    wanted |= vici_value_is(r->message, "drop", "yes") ? WALK_DROP : 0;
    return wanted ? begin(ctx, r, wanted, false) : VICI_REPLY_NOW;
}

static struct walk *by_ticket(struct control *c, vici_ticket ticket)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->walks.at[i].ticket == ticket)
            return &c->walks.at[i];
    return NULL;
}

void walk_goes_on(struct control *c, vici_ticket ticket)
{
    struct walk *k = by_ticket(c, ticket);
    if (!k || !stream(c, k))
        return;
    (void)vici_server_answer(&c->clients.server, ticket, bytes_of(NULL, 0));
    k->ticket = 0;
}

void walk_cancel(struct control *c, vici_ticket ticket)
{
    struct walk *k = by_ticket(c, ticket);
    if (k)
        k->ticket = 0;
}
