/* Traps and shunts of the control socket: see policies.h. */
#include "control/policies.h"
#include "control/control.h"
#include "control/sas.h"
#include <stdio.h>
#include <stdlib.h>

static const char key_head[] = "trap:"; /* of a record in the vault; then both names with a NUL */
enum { HEAD_LEN = sizeof key_head - 1 };

/* ---- the list ---- */

static struct policy *find(const struct policies *p, const char *conn, const char *child)
{
    for (u32 i = 0; i < p->count; i++)
        if (strcmp(p->all[i].conn, conn) == 0 && strcmp(p->all[i].child, child) == 0)
            return &p->all[i];
    return NULL;
}

static void drop(struct policies *p, struct policy *one)
{
    free(one->conn);
    free(one->child);
    *one = p->all[--p->count];
}

static struct policy *add(struct policies *p, const char *conn, const char *child)
{
    if (p->count == POLICIES_MAX)
        return NULL;
    if (p->count == p->max) {
        u32 max = MAX(16u, 2 * p->max);
        struct policy *more = reallocarray(p->all, max, sizeof *more);
        if (!more)
            return NULL;
        p->all = more;
        p->max = max;
    }
    struct policy one = {.conn = strdup(conn), .child = strdup(child)};
    if (!one.conn || !one.child) {
        free(one.conn);
        free(one.child);
        return NULL;
    }
    p->all[p->count] = one;
    return &p->all[p->count++];
}

void policies_close(struct control *c)
{
    while (c->policies.count)
        drop(&c->policies, c->policies.all);
    free(c->policies.all);
    c->policies = (struct policies){0};
}

/* ---- in the vault ---- */

static struct bytes vault_key(char at[VAULT_KEY_MAX + 64], const char *conn, const char *child)
{
    int len = snprintf(at, VAULT_KEY_MAX + 64, "%s%s%c%s", key_head, conn, 0, child);
    return bytes_of(at, (size_t)len);
}

/* Keep what differs from the configuration; false: no room. */
static bool keep(struct control *c, const char *conn, const char *child, bool trap)
{
    struct policy *one = find(&c->policies, conn, child);
    char key[VAULT_KEY_MAX + 64];
    u8 value = trap;
    if (!one)
        one = add(&c->policies, conn, child);
    if (!one)
        return false;
    one->trap = trap;
    if (c->model.vault.fd >= 0)
        (void)vault_put(&c->model.vault, vault_key(key, conn, child), bytes_of(&value, 1));
    return true;
}

static void forget(struct control *c, struct policy *one)
{
    char key[VAULT_KEY_MAX + 64];
    vault_drop(&c->model.vault, vault_key(key, one->conn, one->child));
    drop(&c->policies, one);
}

void policies_restore(struct control *c, struct bytes key, struct bytes value)
{
    char text[VAULT_KEY_MAX + 1];
    if (key.len <= HEAD_LEN || key.len > VAULT_KEY_MAX || value.len != 1 ||
        memcmp(key.at, key_head, HEAD_LEN) != 0)
        return;
    size_t len = key.len - HEAD_LEN;
    memcpy(text, key.at + HEAD_LEN, len);
    text[len] = 0;
    size_t conn = strlen(text);
    struct policy *one = conn < len && strlen(text + conn + 1) == len - conn - 1
                             ? add(&c->policies, text, text + conn + 1)
                             : NULL;
    if (one)
        one->trap = value.at[0];
}

/* ---- commands ---- */

/* The child that is meant; NULL: w has the answer. */
static const struct shrike_child_conf *child_of(struct control *c, const struct vici_request *r,
                                                struct vici_writer *w,
                                                const struct shrike_conn **conn)
{
    struct sas_filter f;
    char why[TASK_WHY_MAX];
    u32 index;
    const char *wrong = sas_filter_read(&f, r->message);
    if (!wrong && !f.child[0])
        wrong = "no child is named";
    *conn = wrong ? NULL : tasks_find_conn(c, &f, &index, why);
    if (!*conn)
        (void)vici_refuse(w, wrong ? wrong : why);
    return *conn ? model_child(*conn, bytes_of(f.child, strlen(f.child))) : NULL;
}

static enum vici_reply changed(struct control *c, struct vici_writer *w)
{
    model_touch(&c->model);
    publish_soon(c);
    vici_put_text(w, "success", "yes");
    return VICI_REPLY_NOW;
}

enum vici_reply policies_install(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    const struct shrike_conn *conn;
    const struct shrike_child_conf *child = child_of(c, r, w, &conn);
    if (!child)
        return VICI_REPLY_NOW;
    if (child->start & SHRIKE_START_TRAP) {
        vici_put_text(w, "success", "yes"); /* it is there already */
        return VICI_REPLY_NOW;
    }
    struct policy *one = find(&c->policies, conn->name, child->name);
    if (one)
        forget(c, one); /* it was taken away */
    else if (!keep(c, conn->name, child->name, true))
        return vici_refuse(w, "there are too many traps, or there is no memory");
    return changed(c, w);
}

enum vici_reply policies_uninstall(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    const struct shrike_conn *conn;
    const struct shrike_child_conf *child = child_of(c, r, w, &conn);
    if (!child)
        return VICI_REPLY_NOW;
    if (!(child->start & SHRIKE_START_TRAP))
        return vici_refuse(w, child->mode >= SHRIKE_PASS ? "this shunt is not installed"
                                                         : "this child has no trap");
    struct policy *one = find(&c->policies, conn->name, child->name);
    if (one)
        forget(c, one);
    else if (!keep(c, conn->name, child->name, false))
        return vici_refuse(w, "there are too many changes to traps, or there is no memory");
    return changed(c, w);
}

void policies_heed(struct control *c, const struct shrike_event *e)
{
    const struct config *config = e->id == SHRIKE_EVENT_CHILD_DOWN ? control_config(c) : NULL;
    if (!config || !e->conn || !e->child_conf)
        return;
    const struct shrike_conn *conn =
        model_conn(&c->model, bytes_of(e->conn, strlen(e->conn)), NULL);
    const struct shrike_child_conf *child =
        model_child(conn, bytes_of(e->child_conf, strlen(e->child_conf)));
    bool wanted =
        child &&
        ((e->reason.code == SHRIKE_REASON_TIMEOUT && child->dpd_action == SHRIKE_START_TRAP) ||
         (e->reason.code == SHRIKE_REASON_PEER_DELETED &&
          child->close_action == SHRIKE_START_TRAP));
    if (!wanted || child->start & SHRIKE_START_TRAP || find(&c->policies, conn->name, child->name))
        return; /* it is there, or was taken away by a command */
    if (!keep(c, conn->name, child->name, true)) {
        control_say(c, SHRIKE_ERROR,
                    "%s/%s gets no trap: there are too many, or there is no memory", conn->name,
                    child->name);
        return;
    }
    model_touch(&c->model);
    publish_soon(c);
}

/* ---- use ---- */

void policies_use(const struct policies *p, struct config *config)
{
    for (u32 i = 0; p->count && i < config->conf.conn_count; i++) {
        const struct shrike_conn *conn = &config->conf.conns[i];
        /* Made for this configuration, never a constant. */
        struct shrike_child_conf *children = (struct shrike_child_conf *)(uintptr_t)conn->children;
        for (u32 k = 0; k < (u32)conn->child_count + conn->shunt_count; k++) {
            const struct policy *one = find(p, conn->name, children[k].name);
            if (one && one->trap)
                children[k].start |= SHRIKE_START_TRAP;
            else if (one)
                children[k].start &= SHRIKE_START_NOW;
        }
    }
}

void policies_put(struct vici_writer *w, const struct shrike_conn *conn,
                  const struct shrike_child_conf *child)
{
    char name[VICI_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.127s/%.127s", conn->name, child->name);
    vici_begin(w, name);
    vici_put_text(w, "child", child->name);
    vici_put_text(w, "ike", conn->name);
    vici_put_text(w, "mode", sas_mode_name(child->mode));
    sas_put_selectors(w, "local-ts", child->local_ts, child->local_ts_count);
    sas_put_selectors(w, "remote-ts", child->remote_ts, child->remote_ts_count);
    vici_end(w);
}
