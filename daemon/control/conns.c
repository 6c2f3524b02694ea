/* Commands about connections: see conns.h. */
#include "control/conns.h"
#include "control/control.h"
#include "control/render.h"
#include "control/sas.h"
#include "wire/print.h"
#include <stdio.h>

/* ---- loading ---- */

static void put_refusal(struct vici_writer *w, const struct config_report *report)
{
    char why[REPORT_FILE + REPORT_TEXT + 64];
    const struct config_line *first = NULL;
    for (u32 i = 0; i < report->count && !first; i++)
        if (report->lines[i].error)
            first = &report->lines[i];
    snprintf(why, sizeof why, "%s: %s", first ? first->file : "?", first ? first->text : "?");
    if (report->errors > 1) {
        size_t len = strlen(why);
        snprintf(why + len, sizeof why - len, " (and %u more; the log has all)",
                 report->errors - 1);
    }
    (void)vici_refuse(w, why);
}

enum vici_reply conns_load_kind(struct control *c, enum model_kind kind,
                                const struct vici_request *r, struct vici_writer *answer)
{
    struct vici_reader reader = vici_reader_of(r->message);
    struct vici_item section;
    bool any = false;
    while (vici_read_whole(&reader, &section) != VICI_END) {
        if (section.type != VICI_SECTION_START)
            continue;
        any = true;
        bool loaded = model_load(&c->model, kind, &section, &c->report);
        control_say_report(c, &c->report, true);
        if (loaded)
            publish_soon(c);
        if (!loaded) {
            put_refusal(answer, &c->report);
            return VICI_REPLY_NOW;
        }
    }
    vici_put_text(answer, "success", any ? "yes" : "no");
    if (!any)
        vici_put_text(answer, "errmsg",
                      kind == MODEL_CONN ? "the message holds no connection"
                                         : "the message holds no pool");
    return VICI_REPLY_NOW;
}

enum vici_reply conns_load(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return conns_load_kind(ctx, MODEL_CONN, r, answer);
}

enum vici_reply conns_unload_kind(struct control *c, enum model_kind kind,
                                  const struct vici_request *r, struct vici_writer *answer)
{
    bool there = model_unload(&c->model, kind, vici_value(r->message, "name"));
    vici_put_text(answer, "success", there ? "yes" : "no");
    if (there)
        publish_soon(c);
    else
        vici_put_text(answer, "errmsg",
                      "nothing of this name was loaded over this socket; what is in files is "
                      "changed there");
    return VICI_REPLY_NOW;
}

enum vici_reply conns_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return conns_unload_kind(ctx, MODEL_CONN, r, answer);
}

enum vici_reply conns_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    const struct control *c = ctx;
    (void)r;
    vici_list_begin(answer, "conns");
    for (u32 i = 0; i < c->model.loaded_count; i++)
        if (c->model.loaded[i].kind == MODEL_CONN)
            vici_list_put(answer,
                          bytes_of(c->model.loaded[i].name, strlen(c->model.loaded[i].name)));
    vici_list_end(answer);
    return VICI_REPLY_NOW;
}

/* ---- listing ---- */

static void put_item(struct vici_writer *w, const char *text)
{
    vici_list_put(w, bytes_of(text, strlen(text)));
}

static void put_net(struct vici_writer *w, const struct shrike_net *n)
{
    char at[64];
    struct text t = text_of(at, sizeof at);
    u8 all = n->addr.family == 4 ? 32 : 128;
    if (!n->addr.family || n->prefix_bits == 0) {
        put_item(w, n->addr.family ? n->addr.family == 4 ? "%any4" : "%any6" : "%any");
        return;
    }
    text_addr(&t, n->addr.octets, n->addr.family);
    if (n->prefix_bits != all) {
        text_char(&t, '/');
        text_u64(&t, n->prefix_bits);
    }
    put_item(w, at);
}

/* Names as they are written, then addresses, those of names too. */
static void put_addrs(struct vici_writer *w, const struct shrike_conn *conn,
                      const struct config_conn *beside, bool local)
{
    static const u8 zero[16];
    const struct shrike_net *nets = local ? conn->local_addrs : conn->remote_addrs;
    u16 count = local ? conn->local_addr_count : conn->remote_addr_count;
    const char *const *names = local ? beside->local_names : beside->remote_names;
    u16 name_count = local ? beside->local_name_count : beside->remote_name_count;
    vici_list_begin(w, local ? "local_addrs" : "remote_addrs");
    for (u16 i = 0; i < name_count; i++)
        put_item(w, names[i]);
    for (u16 i = 0; i < count; i++)
        if (nets[i].prefix_bits != 32 || memcmp(nets[i].addr.octets, zero, sizeof zero) != 0)
            put_net(w, &nets[i]);
    if (!count)
        put_item(w, "%any");
    vici_list_end(w);
}

static const char *class_of(enum shrike_auth_kind kind)
{
    switch (kind) {
    case SHRIKE_AUTH_PUBKEY:
        return "public key";
    case SHRIKE_AUTH_EAP:
        return "EAP";
    case SHRIKE_AUTH_NULL:
        return "NULL";
    case SHRIKE_AUTH_NONE:
    case SHRIKE_AUTH_PSK:
        break;
    }
    return "pre-shared key";
}

static void put_policies(struct vici_writer *w, const struct config_demands *d)
{
    vici_list_begin(w, "cert_policy");
    for (u16 i = 0; d && i < d->policy_count; i++)
        vici_list_put(w, bytes_of(d->policies[i], strlen(d->policies[i])));
    vici_list_end(w);
}

/* demands: NULL, of our own side. */
static void put_auth(struct vici_writer *w, const char *side, unsigned round,
                     const struct shrike_auth *a, const struct config_demands *demands)
{
    char section[16];
    char at[4 * SHRIKE_ID_MAX + 1];
    struct text t = text_of(at, sizeof at);
    static const char *const empty[] = {"groups", "certs", "cacerts"};
    snprintf(section, sizeof(section), "%s-%u", side, round + 1);
    vici_begin(w, section);
    if (a->id.type) {
        print_ident(&t, a->id.type, a->id.data);
        vici_put_text(w, "id", at);
    }
    vici_put_text(w, "class", class_of(a->kind));
    for (size_t i = 0; i < ARRAY_LEN(empty);
         i++) { /* groups are not built; what certificates say is list-certs' */
        vici_list_begin(w, empty[i]);
        vici_list_end(w);
    }
    put_policies(w, demands);
    vici_end(w);
}

static const char *action_name(enum shrike_start action)
{
    switch (action) {
    case SHRIKE_START_NONE:
        break;
    case SHRIKE_START_TRAP:
        return "trap";
    case SHRIKE_START_NOW:
        return "start";
    case SHRIKE_START_BOTH:
        return "trap|start";
    }
    return "none";
}

static const char *unique_name(enum shrike_unique unique)
{
    switch (unique) {
    case SHRIKE_UNIQUE_NO:
        break;
    case SHRIKE_UNIQUE_NEVER:
        return "UNIQUE_NEVER";
    case SHRIKE_UNIQUE_REPLACE:
        return "UNIQUE_REPLACE";
    case SHRIKE_UNIQUE_KEEP:
        return "UNIQUE_KEEP";
    }
    return "UNIQUE_NO";
}

static void put_ppk_id(struct vici_writer *w, struct bytes id)
{
    char text[4 * SHRIKE_ID_MAX + 1];
    struct text t = text_of(text, sizeof text);
    text_safe(&t, id);
    vici_put_text(w, "ppk_id", text);
}

static void put_child(struct vici_writer *w, const struct shrike_child_conf *k)
{
    vici_begin(w, k->name);
    vici_put_text(w, "mode", sas_mode_name(k->mode));
    if (k->mode >= SHRIKE_PASS && k->start & SHRIKE_START_TRAP)
        vici_put_text(w, "state", sas_mode_name(k->mode)); /* installed */
    vici_put_u64(w, "rekey_time", k->rekey_time / SHRIKE_SECOND);
    vici_put_u64(w, "rekey_bytes", k->life.bytes_soft);
    vici_put_u64(w, "rekey_packets", k->life.packets_soft);
    vici_put_text(w, "dpd_action", action_name(k->dpd_action));
    vici_put_text(w, "close_action", action_name(k->close_action));
    sas_put_selectors(w, "local-ts", k->local_ts, k->local_ts_count);
    sas_put_selectors(w, "remote-ts", k->remote_ts, k->remote_ts_count);
    vici_end(w);
}

void conns_put(struct vici_writer *w, const struct shrike_conn *conn,
               const struct config_conn *beside)
{
    vici_begin(w, conn->name);
    put_addrs(w, conn, beside, true);
    put_addrs(w, conn, beside, false);
    vici_put_text(w, "version", "IKEv2");
    vici_put_u64(w, "reauth_time", conn->reauth_time / SHRIKE_SECOND);
    vici_put_u64(w, "rekey_time", conn->rekey_time / SHRIKE_SECOND);
    vici_put_text(w, "unique", unique_name(conn->unique));
    if (conn->dpd_delay)
        vici_put_u64(w, "dpd_delay", conn->dpd_delay / SHRIKE_SECOND);
    if (conn->ppk_id.len)
        put_ppk_id(w, conn->ppk_id);
    if (conn->ppk_required)
        vici_put_text(w, "ppk_required", "yes");
    if (conn->local.kind)
        put_auth(w, "local", 0, &conn->local, NULL);
    if (conn->remote.kind)
        put_auth(w, "remote", 0, &conn->remote, beside ? &beside->demands : NULL);
    for (unsigned i = 0; i < conn->local_round_count; i++)
        put_auth(w, "local", i + 1, &conn->local_rounds[i], NULL);
    for (unsigned i = 0; i < conn->remote_round_count; i++)
        put_auth(w, "remote", i + 1, &conn->remote_rounds[i],
                 beside ? &beside->rounds[i].demands : NULL);
    vici_begin(w, "children");
    for (u32 i = 0; i < (u32)conn->child_count + conn->shunt_count; i++)
        put_child(w, &conn->children[i]);
    vici_end(w);
    vici_end(w);
}
