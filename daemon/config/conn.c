#include "config/conn.h"

#include "config/auth.h"
#include "config/diff.h"
#include "config/eap.h"
#include "config/life.h"
#include "config/mode.h"
#include "config/plane.h"
#include "config/pools.h"
#include "config/proposal.h"
#include "config/value.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define ADDRS_MAX 1024 /* blocks of one side of one connection */
#define NAMES_MAX 16   /* of the DNS, likewise */

/* One side's addresses while they are gathered. */
struct side {
    struct shrike_net nets[ADDRS_MAX];
    const char *names[NAMES_MAX];
    uint16_t net_count, name_count;
    struct shrike_endpoint first; /* the first single one: what an initiator takes */
};

static void add_address(struct compile *c, const struct value *v, const char *text,
                        struct side *out)
{
    struct shrike_net nets[VALUE_NETS];
    struct shrike_addr single;
    uint32_t count;
    if (!value_nets(text, nets, &count)) {
        if (!value_is_host_name(text)) {
            report_error(c->report, v->origin,
                         "%s in %s: an address, a subnet, a range or a name is wanted", text,
                         v->key);
            return;
        }
        if (out->name_count == NAMES_MAX) {
            report_error(c->report, v->origin, "more than %d names in %s", NAMES_MAX, v->key);
            return;
        }
        out->names[out->name_count++] = compile_text(c, text);
        nets[0] = (struct shrike_net){{{0}, 4}, 32}; /* fits nobody until the name is resolved */
        count = 1;
    } else if (value_addr(text, &single) && !out->first.family && !out->name_count) {
        memcpy(out->first.octets, single.octets, sizeof(single.octets));
        out->first.family = single.family;
    }
    if (out->net_count + count > ADDRS_MAX) {
        report_error(c->report, v->origin, "more than %d address blocks in %s", ADDRS_MAX, v->key);
        return;
    }
    memcpy(out->nets + out->net_count, nets, count * sizeof(nets[0]));
    out->net_count = (uint16_t)(out->net_count + count);
}

static void read_side(struct compile *c, const struct section *s, const char *key, struct side *out)
{
    const struct value *v = value_find(s, key);
    const char *rest = v ? v->text : NULL;
    memset(out, 0, sizeof(*out));
    for (const char *one; (one = list_next(c->scratch, &rest));)
        add_address(c, v, one, out);
}

static void *keep(struct compile *c, const void *from, size_t size)
{
    void *copy = pool_take(c->pool, size);
    memcpy(copy, from, size);
    return copy;
}

static void compile_addresses(struct compile *c, const struct section *s, struct shrike_conn *out,
                              struct config_conn *beside)
{
    struct side side;
    uint64_t port = 500;
    read_side(c, s, "local_addrs", &side);
    compile_number(c, s, "local_port", 65535, &port);
    out->local_port = side.first.port = (uint16_t)port;
    out->local_addrs = keep(c, side.nets, side.net_count * sizeof(side.nets[0]));
    out->local_addr_count = side.net_count;
    out->local_endpoint = side.first;
    beside->local_names = keep(c, side.names, side.name_count * sizeof(side.names[0]));
    beside->local_name_count = side.name_count;

    port = 500;
    read_side(c, s, "remote_addrs", &side);
    compile_number(c, s, "remote_port", 65535, &port);
    out->remote_port = side.first.port = (uint16_t)port;
    out->remote_addrs = keep(c, side.nets, side.net_count * sizeof(side.nets[0]));
    out->remote_addr_count = side.net_count;
    out->remote_endpoint = side.first;
    beside->remote_names = keep(c, side.names, side.name_count * sizeof(side.names[0]));
    beside->remote_name_count = side.name_count;
}

static const struct shrike_proposal *compile_proposals(struct compile *c, const struct section *s,
                                                       const char *key, uint8_t protocol,
                                                       uint16_t *count)
{
    struct proposal_list list = {.count = 0};
    const char *text = section_text(s, key);
    struct shrike_proposal like = {.protocol = protocol, .origin = compile_place(c, s, key)};
    uint32_t before = c->report->errors;
    proposals_read(c->pool, &like, text ? text : "default", &list, c->report);
    if (text && !*text)
        report_error(c->report, like.origin, "%s is empty: name proposals, or default", key);
    else if (list.count == 0 && c->report->errors == before)
        compile_leave(c, like.origin, "none of its %s can be used", key);
    *count = list.count;
    return keep(c, list.at, list.count * sizeof(list.at[0]));
}

/* RFC 7296 3.13.1: protocol 0 has no ports. */
static bool ports_without_protocol(const struct shrike_ts *ts)
{
    return ts->protocol == 0 && (ts->port_from != 0 || ts->port_to != UINT16_MAX);
}

static const struct shrike_ts *compile_ts(struct compile *c, const struct section *s,
                                          const char *key, uint16_t *count)
{
    struct shrike_ts ts[SHRIKE_TS_MAX];
    struct shrike_origin place = compile_place(c, s, key);
    const char *text = section_text(s, key), *rest = text ? text : "dynamic";
    *count = 0;
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        if (*count == SHRIKE_TS_MAX) {
            report_error(c->report, place, "more than %d selectors in %s", SHRIKE_TS_MAX, key);
            break;
        }
        if (!value_ts(one, &ts[*count]))
            report_error(c->report, place,
                         "%s in %s: write 10.0.0.0/24, 10.0.0.0/24[tcp/443], a range or dynamic",
                         one, key);
        else if (ports_without_protocol(&ts[*count]))
            compile_leave(c, place, "%s in %s: ports need a protocol: write [tcp/443]", one, key);
        else
            ++*count;
    }
    if (text && strspn(text, " ,") == strlen(text))
        report_error(c->report, place, "%s is empty: name selectors, or dynamic", key);
    return keep(c, ts, *count * sizeof(ts[0]));
}

/* Modes of ESP alone, without compression, that only the kernel has. */
static bool of_kernel(enum shrike_mode mode)
{
    return mode == SHRIKE_BEET || mode == SHRIKE_IPTFS;
}

static void compile_mode(struct compile *c, const struct section *s, struct shrike_child_conf *out)
{
    const char *mode = section_text(s, "mode");
    out->mode_origin = compile_place(c, s, "mode");
    if (mode && strcmp(mode, "transport_proxy") == 0)
        compile_leave(c, out->mode_origin, "mode = %s is not built", mode);
    else if (mode && !mode_named(mode, &out->mode))
        report_error(c->report, out->mode_origin,
                     "mode = %s: tunnel, transport, beet, iptfs, pass or drop is wanted", mode);
    if (of_kernel(out->mode) && !(c->config->settings.plane & PLANE_KERNEL))
        compile_leave(c, out->mode_origin,
                      "mode = %s: the data plane in user space does not have it: write mode = "
                      "tunnel",
                      mode_name(out->mode));
    else if (out->mode == SHRIKE_IPTFS && !(c->config->settings.plane & PLANE_IPTFS))
        compile_leave(c, out->mode_origin,
                      "mode = iptfs: this kernel does not have it (Linux 6.14 may, by its "
                      "CONFIG_XFRM_IPTFS): write mode = tunnel");
}

static void compile_start(struct compile *c, const struct section *s, struct shrike_child_conf *out)
{
    const char *start = section_text(s, "start_action");
    struct shrike_origin place = compile_place(c, s, "start_action");
    if (!start || strcmp(start, "none") == 0)
        out->start = SHRIKE_START_NONE;
    else if (strcmp(start, "trap") == 0)
        out->start = SHRIKE_START_TRAP;
    else if (strcmp(start, "start") == 0)
        out->start = SHRIKE_START_NOW;
    else if (strcmp(start, "trap|start") == 0 || strcmp(start, "start|trap") == 0)
        out->start = SHRIKE_START_BOTH;
    else
        report_error(c->report, place,
                     "start_action = %s: none, trap, start or trap|start is wanted", start);
}

/* What becomes of a child that was lost. */
static enum shrike_start compile_action(struct compile *c, const struct section *s, const char *key)
{
    const char *text = section_text(s, key);
    struct shrike_origin place = compile_place(c, s, key);
    if (!text || strcmp(text, "none") == 0 || strcmp(text, "clear") == 0)
        return SHRIKE_START_NONE;
    if (strcmp(text, "start") == 0 || strcmp(text, "restart") == 0)
        return SHRIKE_START_NOW;
    if (strcmp(text, "trap") != 0)
        report_error(c->report, place, "%s = %s: none, trap or start is wanted", key, text);
    return SHRIKE_START_TRAP;
}

/* It may be left out without harm: it is then as with a peer that does not compress. */
static void compile_ipcomp(struct compile *c, const struct section *s,
                           struct shrike_child_conf *out)
{
    compile_bool(c, s, "ipcomp", &out->ipcomp);
    bool has = c->config->settings.plane & PLANE_IPCOMP;
    if (!out->ipcomp || (has && !of_kernel(out->mode)))
        return;
    report_warning(c->report, compile_place(c, s, "ipcomp"),
                   "ipcomp = yes: %s: it is not offered, and not taken from the peer",
                   has ? "in this mode the kernel does not compress"
                       : "the data plane in user space does not compress");
    out->ipcomp = false;
}

/* RFC 4303 2.7: a size, or as large as the path takes. */
static void compile_tfc(struct compile *c, const struct section *s, struct shrike_child_conf *out)
{
    const char *text = section_text(s, "tfc_padding");
    uint64_t octets = 0;
    if (text && strcmp(text, "mtu") == 0)
        octets = UINT16_MAX;
    else
        compile_number(c, s, "tfc_padding", UINT16_MAX - 1, &octets);
    out->tfc_padding = (uint16_t)octets;
    if (octets && out->mode != SHRIKE_TUNNEL)
        report_warning(c->report, compile_place(c, s, "tfc_padding"),
                       "tfc_padding does nothing with mode = %s", mode_name(out->mode));
}

/* The least is always there: replay protection is not to be had without. */
static void compile_replay(struct compile *c, const struct section *s,
                           struct shrike_child_conf *out)
{
    const struct value *v = value_find(s, "replay_window");
    uint64_t packets = 0, now;
    if (!v || !v->text)
        return;
    compile_number(c, s, "replay_window", UINT32_MAX, &packets);
    now = packets < REPLAY_MIN ? REPLAY_MIN : packets > REPLAY_MAX ? REPLAY_MAX : packets;
    if (now != packets)
        report_warning(c->report, v->origin,
                       "replay_window = %s is taken as %u: it may be %u to %u", v->text,
                       (unsigned)now, REPLAY_MIN, REPLAY_MAX);
    out->replay_window = (uint16_t)now;
}

/* ESP, or AH instead of it: RFC 7296 knows no bundle of both, and one child is of one protocol. */
static void compile_protocol(struct compile *c, const struct section *s,
                             struct shrike_child_conf *out)
{
    bool ah = value_find(s, "ah_proposals") != NULL;
    const char *key = ah ? "ah_proposals" : "esp_proposals";
    out->proposals_origin = compile_place(c, s, key);
    if (ah && value_find(s, "esp_proposals"))
        compile_leave(c, out->proposals_origin,
                      "ah_proposals and esp_proposals in one child: leave one out, or make two");
    if (ah && of_kernel(out->mode))
        compile_leave(c, out->proposals_origin, "ah_proposals: mode = %s is of ESP alone",
                      mode_name(out->mode));
    if (ah && !(c->config->settings.plane & PLANE_AH))
        compile_leave(c, out->proposals_origin,
                      "ah_proposals: the data plane in user space has no AH: write esp_proposals = "
                      "null-sha256 for integrity without encryption");
    out->proposals =
        compile_proposals(c, s, key, ah ? PROTOCOL_AH : PROTOCOL_ESP, &out->proposal_count);
}

/* What the rules of the system cannot tell apart. */
static void check_shunt_ts(struct compile *c, const struct shrike_child_conf *shunt,
                           const struct shrike_ts *ts, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        const bool ports = ts[i].port_from != 0 || ts[i].port_to != UINT16_MAX;
        if (!ports)
            continue;
        if (ts[i].protocol == IPPROTO_ICMP || ts[i].protocol == IPPROTO_ICMPV6)
            compile_leave(c, shunt->ts_origin,
                          "a shunt is for ICMP of all types: leave the type out");
        else if (ts[i].port_to < ts[i].port_from || ts[i].port_to == 0)
            compile_leave(c, shunt->ts_origin, "a shunt takes ports by their numbers only");
        else if (ts[i].port_to == UINT16_MAX)
            compile_leave(c, shunt->ts_origin,
                          "a shunt's range of ports may end at 65534, for so may that of a rule of "
                          "the system");
    }
}

/* RFC 4301 4.4.1: BYPASS and DISCARD. No SA, and nobody to be asked. */
static void compile_shunt(struct compile *c, const struct section *s, struct shrike_child_conf *out)
{
    if (out->start & SHRIKE_START_NOW) {
        report_warning(c->report, compile_place(c, s, "start_action"),
                       "start_action of a shunt is none or trap; taken as trap");
        out->start = SHRIKE_START_TRAP;
    }
    if (!c->config->settings.install_routes)
        compile_leave(c, out->mode_origin,
                      "shunts are rules beside the one that leads to the tunnels, which "
                      "install_routes = no leaves to you");
    check_shunt_ts(c, out, out->local_ts, out->local_ts_count);
    check_shunt_ts(c, out, out->remote_ts, out->remote_ts_count);
}

static void compile_updown(struct compile *c, const struct section *s,
                           struct shrike_child_conf *out)
{
    const char *text = section_text(s, "updown");
    compile_bool(c, s, "hostaccess", &out->hostaccess);
    if (!text || !*text)
        return;
    if (strlen(text) > SHRIKE_UPDOWN_MAX)
        report_error(c->report, compile_place(c, s, "updown"),
                     "updown is longer than %d characters: put them into a script",
                     SHRIKE_UPDOWN_MAX);
    else
        out->updown = compile_text(c, text);
}

static void check_name(struct compile *c, const struct section *s)
{
    if (strlen(s->name) > NAME_MAX_LEN)
        report_error(c->report, s->origin, "a name is longer than %d octets: %.20s...",
                     NAME_MAX_LEN, s->name);
}

static void compile_child_keys(struct compile *c, const struct section *s,
                               struct shrike_child_conf *out)
{
    uint64_t reqid = 0;
    compile_keys(c, s, KEY_CHILD);
    for (const struct section *sub = s->sections; sub; sub = sub->next)
        report_error(c->report, sub->origin, "a child has no section %s", sub->name);
    out->name = compile_text(c, s->name);
    out->origin = compile_origin(c, s->origin);
    out->local_ts = compile_ts(c, s, "local_ts", &out->local_ts_count);
    out->remote_ts = compile_ts(c, s, "remote_ts", &out->remote_ts_count);
    out->ts_origin = compile_place(c, s, value_find(s, "local_ts") ? "local_ts" : "remote_ts");
    compile_mode(c, s, out);
    compile_start(c, s, out);
    check_name(c, s);
    if (out->mode >= SHRIKE_PASS) {
        compile_shunt(c, s, out);
        compile_handling(c, c->conn, s, out);
        return;
    }
    compile_protocol(c, s, out);
    compile_ipcomp(c, s, out);
    compile_tfc(c, s, out);
    compile_replay(c, s, out);
    compile_updown(c, s, out);
    out->dpd_action = compile_action(c, s, "dpd_action");
    out->close_action = compile_action(c, s, "close_action");
    compile_number(c, s, "reqid", REQID_FIXED_MAX, &reqid);
    out->reqid = (uint32_t)reqid;
    compile_life(c, s, &out->life);
    compile_child_times(c, s, out);
    compile_handling(c, c->conn, s, out);
}

/* false: it cannot be used, and its connection goes on without it. */
static bool compile_child(struct compile *c, const struct section *s, struct shrike_child_conf *out)
{
    const char *kind = c->kind, *name = c->name;
    bool before = c->left_out;
    c->kind = "child";
    c->name = s->name;
    c->left_out = false;
    compile_child_keys(c, s, out);
    bool usable = !c->left_out;
    c->kind = kind;
    c->name = name;
    c->left_out = before;
    return usable;
}

static void compile_children(struct compile *c, const struct section *all, struct shrike_conn *out)
{
    struct shrike_child_conf *children, *shunts;
    const struct section *s;
    for (s = all->sections; s && out->child_count < CHILDREN_MAX; s = s->next)
        out->child_count++;
    if (s)
        report_error(c->report, s->origin, "more than %d children", CHILDREN_MAX);
    for (const struct value *v = all->values; v; v = v->next)
        report_error(c->report, v->origin, "%s stands between children: put it into one", v->key);
    out->children = children = pool_take(c->pool, (out->child_count + 1u) * sizeof(*children));
    shunts = pool_take(c->scratch, (out->child_count + 1u) * sizeof(*shunts));
    uint16_t made = 0, count = out->child_count;
    s = all->sections;
    for (uint16_t i = 0; i < count; i++, s = s->next) {
        memset(&children[made], 0, sizeof(children[made]));
        if (!compile_child(c, s, &children[made]))
            continue;
        if (children[made].mode >= SHRIKE_PASS) {
            shunts[out->shunt_count++] = children[made];
            continue;
        }
        for (uint16_t k = 0; k < made; k++)
            if (children[k].reqid && children[k].reqid == children[made].reqid)
                report_error(c->report, s->origin, "reqid %u is the one of child %s too",
                             children[made].reqid, children[k].name);
        made++;
    }
    memcpy(&children[made], shunts, out->shunt_count * sizeof(*shunts));
    out->child_count = made;
    if (count && !made && !out->shunt_count)
        compile_leave(c, all->origin, "none of its children can be used");
}

/* The number of the name that stands there, of a list that NULL ends; else what it is already. */
static unsigned compile_name(struct compile *c, const struct section *s, const char *key,
                             const char *const *names, unsigned otherwise)
{
    char all[128] = "";
    const char *text = section_text(s, key);
    if (!text)
        return otherwise;
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
        size_t len = strlen(all);
        snprintf(all + len, sizeof(all) - len, "%s%s",
                 i == 0         ? ""
                 : names[i + 1] ? ", "
                                : " or ",
                 names[i]);
    }
    report_error(c->report, compile_place(c, s, key), "%s = %s: %s is wanted", key, text, all);
    return otherwise;
}

static void compile_names(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    static const char *const unique[] = {[SHRIKE_UNIQUE_NO] = "no",
                                         [SHRIKE_UNIQUE_NEVER] = "never",
                                         [SHRIKE_UNIQUE_REPLACE] = "replace",
                                         [SHRIKE_UNIQUE_KEEP] = "keep",
                                         NULL};
    static const char *const childless[] = {[SHRIKE_CHILDLESS_ALLOW] = "allow",
                                            [SHRIKE_CHILDLESS_PREFER] = "prefer",
                                            [SHRIKE_CHILDLESS_FORCE] = "force",
                                            [SHRIKE_CHILDLESS_NEVER] = "never",
                                            NULL};
    out->unique = (enum shrike_unique)compile_name(c, s, "unique", unique, out->unique);
    out->childless =
        (enum shrike_childless)compile_name(c, s, "childless", childless, out->childless);
}

/* RFC 5685: where clients are led, and when. */
static void compile_redirect(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    static const char *const when[] = {"init", "auth", NULL};
    const char *to = section_text(s, "redirect_to");
    bool at_once = compile_name(c, s, "redirect_at", when, 1) == 0;
    struct shrike_addr at;
    struct shrike_id id;
    if (!to)
        return;
    if (!value_gateway(to, &at, &id)) {
        report_error(c->report, compile_place(c, s, "redirect_to"),
                     "redirect_to = %s: an address or a name is wanted", to);
        return;
    }
    out->redirect = at_once ? SHRIKE_REDIRECT_INIT : SHRIKE_REDIRECT_AUTH;
    out->redirect_to = (struct shrike_id){id.type, {keep(c, id.data.at, id.data.len), id.data.len}};
}

/* RFC 8784: the name is what a secret of the kind ppk lists as its id. */
static void compile_ppk(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    const char *text = section_text(s, "ppk_id");
    struct shrike_id id;
    compile_bool(c, s, "ppk_required", &out->ppk_required);
    out->ppk_origin = compile_place(c, s, text ? "ppk_id" : "ppk_required");
    if (!text)
        return;
    if (value_id(c->scratch, text, &id) != VALUE_GOOD || id.data.len == 0 ||
        id.data.len > SHRIKE_ID_MAX) {
        report_error(c->report, out->ppk_origin, "ppk_id = %s: a name is wanted", text);
        return;
    }
    out->ppk_id = (struct shrike_bytes){keep(c, id.data.at, id.data.len), id.data.len};
    if (id_is_pattern(&id))
        report_error(c->report, out->ppk_origin, "ppk_id = %s: it cannot stand for many", text);
}

static void compile_options(struct compile *c, const struct section *s, struct shrike_conn *out,
                            struct config_conn *beside)
{
    const char *fragmentation = section_text(s, "fragmentation");
    uint64_t version = 0, tries = 1, window = 1;
    compile_number(c, s, "version", 2, &version);
    if (version == 1)
        compile_leave(c, compile_place(c, s, "version"),
                      "version = 1: IKEv1 is not spoken; write version = 2");
    compile_number(c, s, "keyingtries", UINT32_MAX, &tries);
    beside->keyingtries = out->keyingtries = (uint32_t)tries;
    compile_names(c, s, out);
    compile_number(c, s, "window", SHRIKE_WINDOW_MAX, &window);
    if (window == 0)
        report_error(c->report, compile_place(c, s, "window"),
                     "window = 0: nothing could be asked; write 1 to %d", SHRIKE_WINDOW_MAX);
    out->window = (uint8_t)window;
    compile_bool(c, s, "encap", &out->force_encap);
    compile_bool(c, s, "mobike", &out->mobike);
    compile_time(c, s, "dpd_delay", &out->dpd_delay);
    compile_conn_times(c, s, out);
    if (fragmentation &&
        (strcmp(fragmentation, "accept") == 0 || strcmp(fragmentation, "force") == 0))
        report_warning(c->report, compile_place(c, s, "fragmentation"),
                       "fragmentation = %s is taken as yes", fragmentation);
    else
        compile_bool(c, s, "fragmentation", &out->fragmentation);
}

/* It has no peer: nobody is called or answered by it. */
static void only_shunts(struct compile *c, struct shrike_conn *out, struct config_conn *beside)
{
    static const struct shrike_net nobody = {{{0}, 4}, 32};
    out->local_addrs = out->remote_addrs = keep(c, &nobody, sizeof(nobody));
    out->local_addr_count = out->remote_addr_count = 1;
    memset(&out->local_endpoint, 0, sizeof(out->local_endpoint));
    memset(&out->remote_endpoint, 0, sizeof(out->remote_endpoint));
    beside->local_name_count = beside->remote_name_count = 0;
}

void compile_conn(struct compile *c, const struct section *s, struct shrike_conn *out,
                  struct config_conn *beside)
{
    *out = c->config->base;
    c->kind = "connection";
    c->name = s->name;
    c->conn = s;
    c->left_out = false;
    *beside = (struct config_conn){0};
    out->name = compile_text(c, s->name);
    out->origin = compile_origin(c, s->origin);
    out->hash = compile_hash(c->config->base_hash, s);
    check_name(c, s);
    compile_keys(c, s, KEY_CONN);
    compile_addresses(c, s, out, beside);
    compile_options(c, s, out, beside);
    compile_sending(c, s, out, beside);
    compile_virtual(c, s, out);
    compile_redirect(c, s, out);
    compile_ppk(c, s, out);
    out->proposals = compile_proposals(c, s, "proposals", PROTOCOL_IKE, &out->proposal_count);
    out->proposals_origin = compile_place(c, s, "proposals");
    compile_sides(c, s, out, beside);
    for (const struct section *sub = s->sections; sub; sub = sub->next) {
        if (strcmp(sub->name, "children") == 0)
            compile_children(c, sub, out);
        else if (strncmp(sub->name, "local", 5) != 0 && strncmp(sub->name, "remote", 6) != 0)
            report_error(c->report, sub->origin,
                         "there is no section %s in a connection: local, remote or children",
                         sub->name);
    }
    if (out->shunt_count && !out->child_count && !out->local.origin.file &&
        !out->remote.origin.file)
        only_shunts(c, out, beside);
    else if (!out->local.origin.file || !out->remote.origin.file)
        compile_leave(c, s->origin,
                      "it needs a section local and a section remote, each with auth");
    else
        compile_local_id(c, s, out, beside);
    compile_null(c, out);
    out->hash = eap_hash(out->hash, out);
    check_eap(c, out);
    check_rounds(c, out);
    marks_take(c, s, beside);
}
