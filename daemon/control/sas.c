/* SAs in the words of the control protocol: see sas.h. */
#include "control/sas.h"
#include "base/text.h"
#include "config/value.h"
#include "shrike/conf.h"
#include "wire/codes.h"
#include "wire/print.h"
#include <stdio.h>

/* ---- which ---- */

static const char *read_id(struct bytes message, const char *key, u32 *out)
{
    struct bytes text = vici_value(message, key);
    u64 id = 0;
    if (!text.at)
        return NULL;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || id > UINT32_MAX / 10)
            return "a number of an SA is wanted; shrike list shows them";
        id = id * 10 + (text.at[i] - '0');
    }
    *out = (u32)id;
    return id == 0 || id > UINT32_MAX ? "a number of an SA is wanted; shrike list shows them"
                                      : NULL;
}

static const char *read_name(struct bytes message, const char *key, char out[VICI_NAME_MAX + 1])
{
    struct bytes text = vici_value(message, key);
    if (text.len > VICI_NAME_MAX || (text.len && memchr(text.at, 0, text.len)))
        return "a name has at most 255 characters, none of them zero";
    if (text.len)
        memcpy(out, text.at, text.len);
    return NULL;
}

const char *sas_filter_read(struct sas_filter *f, struct bytes message)
{
    memset(f, 0, sizeof *f);
    const char *why = read_name(message, "ike", f->ike);
    why = why ? why : read_name(message, "child", f->child);
    why = why ? why : read_id(message, "ike-id", &f->ike_id);
    why = why ? why : read_id(message, "child-id", &f->child_id);
    /* Older clients write them so. */
    why = why || f->ike_id ? why : read_id(message, "ike_id", &f->ike_id);
    return why || f->child_id ? why : read_id(message, "child_id", &f->child_id);
}

const char *sas_filter_read_peer(struct sas_filter *f, struct bytes message)
{
    struct shrike_net nets[VALUE_NETS];
    uint32_t count;
    const char *why = read_name(message, "peer-ip", f->peer_ip);
    why = why ? why : read_name(message, "peer-id", f->peer_id);
    if (!why && f->peer_ip[0] && !value_nets(f->peer_ip, nets, &count))
        return "peer-ip is an address, a subnet or a range";
    return why;
}

/* Does it lie in this block? */
static bool lies_in(const struct shrike_endpoint *e, const struct shrike_net *net)
{
    unsigned whole = net->prefix_bits / 8, rest = net->prefix_bits % 8;
    if (net->addr.family == 0)
        return true;
    if (net->addr.family != e->family || memcmp(e->octets, net->addr.octets, whole) != 0)
        return false;
    return rest == 0 || (e->octets[whole] ^ net->addr.octets[whole]) >> (8 - rest) == 0;
}

static bool is_at(const struct shrike_endpoint *e, const char *where)
{
    struct shrike_net nets[VALUE_NETS];
    uint32_t count;
    if (!where[0])
        return true;
    if (!value_nets(where, nets, &count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (lies_in(e, &nets[i]))
            return true;
    return false;
}

/* `*` stands for any characters: on a mismatch the last one takes one character more. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == 0;
}

static bool is_called(const struct shrike_id *id, const char *pattern)
{
    char at[4 * SHRIKE_ID_MAX + 1];
    struct text t = text_of(at, sizeof at);
    if (!pattern[0])
        return true;
    if (id->type)
        print_ident(&t, id->type, id->data);
    return id->type && fits(pattern, at);
}

bool sas_filter_names_child(const struct sas_filter *f)
{
    return f->child[0] || f->child_id;
}

bool sas_filter_ike(const struct sas_filter *f, const struct shrike_ike_view *v)
{
    return (!f->up || v->state == SHRIKE_IKE_ESTABLISHED) &&
           (!f->ike_id || f->ike_id == v->serial) && is_at(&v->remote, f->peer_ip) &&
           is_called(&v->remote_id, f->peer_id) &&
           (!f->ike[0] || (v->conn && strcmp(f->ike, v->conn) == 0));
}

bool sas_filter_child(const struct sas_filter *f, const struct shrike_child_view *v)
{
    return (!f->up || v->state == SHRIKE_CHILD_INSTALLED) &&
           (!f->child_id || f->child_id == v->serial) &&
           (!f->child[0] || (v->child && strcmp(f->child, v->child) == 0));
}

/* ---- words ---- */

static const char *ike_state(enum shrike_ike_state s)
{
    switch (s) {
    case SHRIKE_IKE_CONNECTING:
        return "CONNECTING";
    case SHRIKE_IKE_ESTABLISHED:
        return "ESTABLISHED";
    case SHRIKE_IKE_DELETING:
        return "DELETING";
    }
    return "?";
}

static const char *child_state(enum shrike_child_state s)
{
    switch (s) {
    case SHRIKE_CHILD_CREATING:
        return "CREATED";
    case SHRIKE_CHILD_INSTALLED:
        return "INSTALLED";
    case SHRIKE_CHILD_DELETING:
        return "DELETING";
    }
    return "?";
}

/* The registry's name with a line between a word and its number, as VICI has it. */
const char *sas_group_name(u16 ke, char at[32])
{
    static const char *const words[] = {"MODP", "ECP", "CURVE"};
    const char *name = code_name(CODE_KE, ke);
    for (size_t i = 0; name && i < ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i]);
        if (strncmp(name, words[i], len) != 0 || name[len] < '0' || name[len] > '9')
            continue;
        snprintf(at, 32, "%s_%s", words[i], name + len);
        return at;
    }
    return name;
}

/* ---- keys ---- */

static void put_yes(struct vici_writer *w, const char *key, bool yes)
{
    if (yes)
        vici_put_text(w, key, "yes");
}

static void put_hex(struct vici_writer *w, const char *key, u64 v, unsigned digits)
{
    char at[17];
    struct text t = text_of(at, sizeof at);
    text_hex(&t, v, digits);
    vici_put_text(w, key, at);
}

static void put_since(struct vici_writer *w, const char *key, shrike_time then, shrike_time now)
{
    if (then)
        vici_put_u64(w, key, now > then ? (now - then) / SHRIKE_SECOND : 0);
}

static void put_end(struct vici_writer *w, bool local, const struct shrike_endpoint *e)
{
    char at[64];
    struct text t = text_of(at, sizeof at);
    if (!e->family) {
        vici_put_text(w, local ? "local-host" : "remote-host", "%any");
        return;
    }
    text_addr(&t, e->octets, e->family);
    vici_put_text(w, local ? "local-host" : "remote-host", at);
    vici_put_u64(w, local ? "local-port" : "remote-port", e->port);
}

static void put_id(struct vici_writer *w, const char *key, const struct shrike_id *id)
{
    char at[4 * SHRIKE_ID_MAX + 1];
    struct text t = text_of(at, sizeof at);
    if (id->type)
        print_ident(&t, id->type, id->data);
    vici_put_text(w, key, id->type ? at : "%any");
}

static void put_cipher(struct vici_writer *w, u16 encr, u16 key_bits, u16 integ)
{
    const char *name = encr ? code_name(CODE_ENCR, encr) : NULL;
    if (name)
        vici_put_text(w, "encr-alg", name);
    if (name && key_bits)
        vici_put_u64(w, "encr-keysize", key_bits);
    name = integ ? code_name(CODE_INTEG, integ) : NULL;
    if (name)
        vici_put_text(w, "integ-alg", name);
}

static void put_group(struct vici_writer *w, u16 ke)
{
    char at[32];
    const char *name = ke ? sas_group_name(ke, at) : NULL;
    if (name)
        vici_put_text(w, "dh-group", name);
}

void sas_put_selectors(struct vici_writer *w, const char *key, const struct shrike_ts *ts, u16 n)
{
    vici_list_begin(w, key);
    for (u16 i = 0; i < n; i++) {
        char at[160];
        struct text t = text_of(at, sizeof at);
        if (ts[i].family)
            print_ts(&t, &ts[i]);
        else
            text_str(&t, "dynamic");
        vici_list_put(w, bytes_of(at, t.len));
    }
    vici_list_end(w);
}

static void begin_named(struct vici_writer *w, const char *name)
{
    vici_begin(w, name && *name ? name : "(unnamed)");
}

static void put_addresses(struct vici_writer *w, const char *key, const struct shrike_addr *list,
                          u16 count)
{
    if (count == 0)
        return;
    vici_list_begin(w, key);
    for (u16 i = 0; i < count; i++) {
        char at[64];
        struct text t = text_of(at, sizeof at);
        text_addr(&t, list[i].octets, list[i].family);
        vici_list_put(w, bytes_of(at, t.len));
    }
    vici_list_end(w);
}

static void put_until(struct vici_writer *w, const char *key, shrike_time then, shrike_time now)
{
    if (then)
        vici_put_u64(w, key, then > now ? (then - now) / SHRIKE_SECOND : 0);
}

static void put_ike(struct vici_writer *w, const struct shrike_ike_view *v, const char *state,
                    shrike_time now)
{
    const char *prf = v->prf ? code_name(CODE_PRF, v->prf) : NULL;
    vici_put_u64(w, "uniqueid", v->serial);
    vici_put_text(w, "version", "2");
    vici_put_text(w, "state", state);
    put_end(w, true, &v->local);
    put_id(w, "local-id", &v->local_id);
    put_end(w, false, &v->remote);
    put_id(w, "remote-id", &v->remote_id);
    put_yes(w, "initiator", v->initiator);
    put_hex(w, "initiator-spi", v->spi_i, 16);
    put_hex(w, "responder-spi", v->spi_r, 16);
    put_yes(w, "nat-local", v->nat_here);
    put_yes(w, "nat-remote", v->nat_there);
    put_yes(w, "nat-fake", v->encap_forced && !v->initiator);
    put_yes(w, "ppk", v->ppk);
    put_yes(w, "nat-any", v->nat_here || v->nat_there || v->encap_forced);
    put_cipher(w, v->encr, v->encr_key_bits, v->integ);
    if (prf)
        vici_put_text(w, "prf-alg", prf);
    put_group(w, v->ke);
    if (v->state == SHRIKE_IKE_ESTABLISHED) {
        put_since(w, "established", v->established, now);
        put_until(w, "rekey-time", v->rekey_at, now);
        put_until(w, "reauth-time", v->reauth_at, now);
    }
    put_addresses(w, "local-vips", v->local_vips, v->local_vip_count);
    put_addresses(w, "remote-vips", v->remote_vips, v->remote_vip_count);
}

void sas_begin_ike(struct vici_writer *w, const struct shrike_ike_view *v, shrike_time now)
{
    begin_named(w, v->conn);
    put_ike(w, v, ike_state(v->state), now);
}

static void put_counts(struct vici_writer *w, const struct mail_count *n, shrike_time now)
{
    vici_put_u64(w, "bytes-in", n->bytes_in);
    vici_put_u64(w, "packets-in", n->packets_in);
    put_since(w, "use-in", n->used_in, now);
    vici_put_u64(w, "bytes-out", n->bytes_out);
    vici_put_u64(w, "packets-out", n->packets_out);
    put_since(w, "use-out", n->used_out, now);
}

static void put_child_name(struct vici_writer *w, const char *child, u32 serial)
{
    vici_put_text(w, "name", child ? child : "");
    vici_put_u64(w, "uniqueid", serial);
}

/* "net-12": names alone are not unique. */
static void begin_child(struct vici_writer *w, const char *child, u32 serial)
{
    char at[VICI_NAME_MAX + 1];
    snprintf(at, sizeof at, "%.240s-%u", child ? child : "", serial);
    vici_begin(w, at);
}

static void put_child(struct vici_writer *w, const struct shrike_child_view *v, const char *state,
                      const struct mail_count *counts, shrike_time now)
{
    const char *protocol = code_name(CODE_PROTOCOL, v->protocol);
    put_child_name(w, v->child, v->serial);
    vici_put_u64(w, "reqid", v->reqid);
    vici_put_text(w, "state", state);
    vici_put_text(w, "mode", sas_mode_name((enum shrike_mode)v->mode));
    vici_put_text(w, "protocol", protocol ? protocol : "ESP");
    put_yes(w, "encap", v->encap);
    if (v->spi_in)
        put_hex(w, "spi-in", v->spi_in, 8);
    if (v->spi_out)
        put_hex(w, "spi-out", v->spi_out, 8);
    if (v->cpi_out) {
        put_hex(w, "cpi-in", v->cpi_in, 4);
        put_hex(w, "cpi-out", v->cpi_out, 4);
    }
    put_cipher(w, v->encr, v->encr_key_bits, v->integ);
    put_group(w, v->ke);
    if (v->esn)
        vici_put_text(w, "esn", "1");
    if (counts && strcmp(state, child_state(SHRIKE_CHILD_CREATING)) != 0)
        put_counts(w, counts, now);
    put_until(w, "rekey-time", v->rekey_at, now);
    put_until(w, "life-time", v->dies_at, now);
    put_since(w, "install-time", v->installed, now);
    sas_put_selectors(w, "local-ts", v->local_ts, v->local_ts_count);
    sas_put_selectors(w, "remote-ts", v->remote_ts, v->remote_ts_count);
}

const char *sas_mode_name(enum shrike_mode mode)
{
    static const char *const names[] = {
        [SHRIKE_TUNNEL] = "TUNNEL", [SHRIKE_TRANSPORT] = "TRANSPORT", [SHRIKE_BEET] = "BEET",
        [SHRIKE_IPTFS] = "IPTFS",   [SHRIKE_PASS] = "PASS",           [SHRIKE_DROP] = "DROP"};
    return mode < ARRAY_LEN(names) ? names[mode] : "TUNNEL";
}

void sas_put_child(struct vici_writer *w, const struct shrike_child_view *v,
                   const struct mail_count *counts, shrike_time now)
{
    begin_child(w, v->child, v->serial);
    put_child(w, v, child_state(v->state), counts, now);
    vici_end(w);
}

/* ---- events ---- */

/* What an event shows of its SAs; where it shows nothing, what it says itself. */
static struct shrike_seen seen_of(const struct shrike_event *e)
{
    const struct shrike_seen said = {
        .ike = {.serial = e->ike,
                .conn = e->conn,
                .spi_i = e->spi_i,
                .spi_r = e->spi_r,
                .local = e->local,
                .remote = e->remote},
        .ike_was = {.serial = e->child ? 0 : e->number,
                    .conn = e->conn,
                    .state = SHRIKE_IKE_DELETING},
        .child = {.serial = e->child,
                  .child = e->child_conf,
                  .protocol = PROTOCOL_ESP,
                  .spi_in = e->esp_in,
                  .spi_out = e->esp_out},
        .child_was = {.serial = e->child ? e->number : 0, .child = e->child_conf},
    };
    struct shrike_seen seen = e->seen ? *e->seen : said;
    if (e->id == SHRIKE_EVENT_IKE_DOWN)
        seen.ike.state = SHRIKE_IKE_DELETING;
    else if (!e->seen)
        seen.ike.state = SHRIKE_IKE_ESTABLISHED;
    return seen;
}

static const struct mail_count nothing_yet;

void sas_put_event(struct vici_writer *w, const struct shrike_event *e,
                   const struct mail_count *counts, shrike_time now)
{
    const struct shrike_seen seen = seen_of(e);
    bool down = e->id == SHRIKE_EVENT_CHILD_DOWN;
    sas_begin_ike(w, &seen.ike, now);
    if (e->child) {
        vici_begin(w, "child-sas");
        begin_child(w, seen.child.child, seen.child.serial);
        put_child(w, &seen.child, down ? "DELETED" : "INSTALLED", down ? counts : &nothing_yet,
                  now);
        vici_end(w);
        vici_end(w);
    }
    vici_end(w);
}

void sas_put_update(struct vici_writer *w, const struct shrike_event *e, shrike_time now)
{
    put_end(w, true, &e->local);
    put_end(w, false, &e->remote);
    sas_put_event(w, e, NULL, now);
}

static void put_rekeyed_child(struct vici_writer *w, const struct shrike_seen *seen,
                              const struct mail_count *counts, shrike_time now)
{
    vici_begin(w, "child-sas");
    begin_named(w, seen->child.child);
    vici_begin(w, "old");
    put_child(w, &seen->child_was, "REKEYED", counts, now);
    vici_end(w);
    vici_begin(w, "new");
    put_child(w, &seen->child, "INSTALLED", &nothing_yet, now);
    vici_end(w);
    vici_end(w);
    vici_end(w);
}

void sas_put_rekey(struct vici_writer *w, const struct shrike_event *e,
                   const struct mail_count *counts, shrike_time now)
{
    const struct shrike_seen seen = seen_of(e);
    begin_named(w, e->conn);
    if (e->child) {
        put_ike(w, &seen.ike, ike_state(seen.ike.state), now);
        put_rekeyed_child(w, &seen, counts, now);
    } else {
        vici_begin(w, "old");
        put_ike(w, &seen.ike_was, "REKEYED", now);
        vici_end(w);
        vici_begin(w, "new");
        put_ike(w, &seen.ike, ike_state(seen.ike.state), now);
        vici_end(w);
    }
    vici_end(w);
}
