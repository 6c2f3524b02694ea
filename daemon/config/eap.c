/* EAP in sections local and remote: see eap.h. */
#include "config/eap.h"
#include "config/value.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include <string.h>

/* By what stands behind "eap-"; type 0: whatever there is. */
static const struct {
    const char *text;
    uint8_t type;
    bool built;
} methods[] = {
#define METHOD(name, type, text, named) {text, type, true},
#include "eap/methods.def"
#undef METHOD
    {"dynamic", 0, true},
    {"sim", EAP_TYPE_SIM, false},
    {"aka", EAP_TYPE_AKA, false},
    {"tnc", 0, false},
};

bool eap_is_meant(const char *auth)
{
    return strcmp(auth, "eap") == 0 || strncmp(auth, "eap-", 4) == 0;
}

static bool is_one_of(const struct shrike_auth *auth, const uint8_t *types, size_t count)
{
    return auth->kind == SHRIKE_AUTH_EAP && auth->eap.methods.len == 1 &&
           memchr(types, auth->eap.methods.at[0], count);
}

bool eap_shows(const struct shrike_auth *auth)
{
    static const uint8_t types[] = {EAP_TYPE_TLS, EAP_TYPE_TTLS, EAP_TYPE_PEAP};
    return is_one_of(auth, types, sizeof(types));
}

bool eap_has_to_show(const struct shrike_auth *auth)
{
    static const uint8_t types[] = {EAP_TYPE_TLS};
    return is_one_of(auth, types, sizeof(types));
}

/* Is a peer known by its certificate inside EAP? */
static bool judges(uint8_t type)
{
    return type == EAP_TYPE_TLS;
}

const char *eap_demands(const char *auth)
{
    const char *colon = strchr(auth, ':');
    return colon ? colon + 1 : NULL;
}

/* What goes on in the tunnel, where the settings name it. */
static void compile_inside(struct compile *c, uint8_t method, struct shrike_auth *out)
{
    const struct settings *set = &c->config->settings;
    uint8_t named = method == EAP_TYPE_TTLS   ? set->inside_ttls
                    : method == EAP_TYPE_PEAP ? set->inside_peap
                                              : 0;
    uint8_t *type = named ? pool_take(c->pool, 1) : NULL;
    if (!type)
        return;
    *type = named;
    out->eap.inside = (struct shrike_bytes){type, 1};
}

bool eap_inside_read(const char *text, bool as_it_is, uint8_t *type)
{
    static const uint8_t types[] = {EAP_TYPE_MSCHAPV2, EAP_TYPE_MD5, EAP_TYPE_GTC};
    *type = SHRIKE_EAP_PAP;
    if (as_it_is && strcmp(text, "pap") == 0)
        return true;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        *type = methods[i].type;
        if (strcmp(methods[i].text, text) == 0 && memchr(types, *type, sizeof(types)))
            return true;
    }
    return false;
}

static void compile_method(struct compile *c, const struct section *s, enum key_scope scope,
                           struct shrike_auth *out)
{
    const char *text = section_text(s, "auth");
    struct shrike_origin place = compile_place(c, s, "auth");
    const char *name = text[3] ? text + 4 : "dynamic";
    size_t len = strcspn(name, ":"); /* behind it stands what certificates have to be like */
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strlen(methods[i].text) != len || strncmp(name, methods[i].text, len) != 0)
            continue;
        if (!methods[i].built)
            compile_leave(c, place, "auth = %s is not built yet", text);
        if (name[len] && (scope == KEY_LOCAL || !judges(methods[i].type)))
            compile_leave(c, place,
                          "auth = %s: what certificates have to be like is said of a peer that "
                          "shows one, with eap-tls",
                          text);
        if (scope == KEY_LOCAL && methods[i].type == SHRIKE_EAP_RELAY)
            compile_leave(c, place, "auth = %s is how a gateway lets others judge its clients",
                          text);
        uint8_t *type = pool_take(c->pool, 1);
        *type = methods[i].type;
        out->eap.methods = (struct shrike_bytes){type, *type ? 1 : 0};
        compile_inside(c, *type, out);
        return;
    }
    report_error(c->report, place,
                 "auth = %s: there is no such method; write eap, eap-tls, eap-ttls, eap-peap, "
                 "eap-mschapv2, eap-md5, eap-gtc or eap-radius",
                 text);
}

void eap_name(struct pool *p, const char *text, struct shrike_id *out)
{
    size_t len = strlen(text);
    if (value_id(p, text, out) == VALUE_GOOD &&
        (out->type == 0 || out->type == ID_FQDN || out->type == ID_RFC822_ADDR))
        return;
    *out = (struct shrike_id){ID_KEY_ID, {(uint8_t *)pool_text(p, text, len), len}};
}

static void compile_name(struct compile *c, const struct section *s, enum key_scope scope,
                         struct shrike_auth *out)
{
    const char *text = section_text(s, "eap_id");
    struct shrike_id *id = &out->eap.id;
    if (!text)
        return;
    eap_name(c->pool, text, id);
    out->eap.asks = id->type == 0;
    if (id->data.len > SHRIKE_ID_MAX)
        report_error(c->report, compile_place(c, s, "eap_id"), "eap_id is too long");
    else if (scope == KEY_LOCAL && (out->eap.asks || id_is_pattern(id)))
        report_error(c->report, compile_place(c, s, "eap_id"),
                     "eap_id = %s stands for many: say who this host is, in one name", text);
}

/* Whom the server has to be in EAP, where that is not who it is in IKE. */
static void compile_server(struct compile *c, const struct section *s, struct shrike_auth *out)
{
    const char *text = section_text(s, "aaa_id");
    if (!text)
        return;
    if (value_id(c->pool, text, &out->eap.server) != VALUE_GOOD || out->eap.server.type == 0 ||
        out->eap.server.data.len > SHRIKE_ID_MAX)
        report_error(c->report, compile_place(c, s, "aaa_id"),
                     "aaa_id = %s: the identity of a server is wanted, as its certificate has it",
                     text);
}

void compile_eap(struct compile *c, const struct section *s, enum key_scope scope,
                 struct shrike_auth *out)
{
    out->kind = SHRIKE_AUTH_EAP;
    compile_method(c, s, scope, out);
    compile_name(c, s, scope, out);
    if (scope == KEY_LOCAL)
        compile_server(c, s, out);
}

/* Which a server of RADIUS names; nobody else could. */
void compile_groups(struct compile *c, const struct section *s, struct shrike_auth *out)
{
    const char *rest = section_text(s, "groups");
    struct shrike_origin place = compile_place(c, s, "groups");
    uint8_t *all = rest ? pool_take(c->pool, SHRIKE_GROUPS_MAX) : NULL;
    size_t len = 0;
    if (!rest)
        return;
    if (out->kind != SHRIKE_AUTH_EAP || out->eap.methods.len != 1 ||
        out->eap.methods.at[0] != SHRIKE_EAP_RELAY) {
        compile_leave(c, place,
                      "groups: of which groups a peer is, only servers of RADIUS know: write auth "
                      "= eap-radius, or leave it out");
        return;
    }
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        size_t n = strlen(one) + 1;
        if (n > SHRIKE_GROUPS_MAX - len) {
            report_error(c->report, place, "the names in groups have more than %d octets",
                         SHRIKE_GROUPS_MAX);
            return;
        }
        memcpy(all + len, one, n);
        len += n;
    }
    out->eap.groups = (struct shrike_bytes){all, len};
}

static uint64_t hash_inside(uint64_t hash, const struct shrike_auth *a)
{
    for (size_t i = 0; i < a->eap.inside.len; i++)
        hash = (hash ^ a->eap.inside.at[i]) * 0x100000001b3;
    return hash;
}

uint64_t eap_hash(uint64_t hash, const struct shrike_conn *conn)
{
    hash = hash_inside(hash_inside(hash, &conn->local), &conn->remote);
    for (uint8_t i = 0; i < conn->local_round_count; i++)
        hash = hash_inside(hash, &conn->local_rounds[i]);
    for (uint8_t i = 0; i < conn->remote_round_count; i++)
        hash = hash_inside(hash, &conn->remote_rounds[i]);
    return hash;
}

/* RFC 7296 2.16: the responder signs. RFC 5998: or a method proves both. */
void check_eap(struct compile *c, const struct shrike_conn *conn)
{
    bool here = conn->local.kind == SHRIKE_AUTH_EAP, there = conn->remote.kind == SHRIKE_AUTH_EAP;
    const struct shrike_auth *eap = here ? &conn->local : &conn->remote;
    const struct shrike_auth *other = here ? &conn->remote : &conn->local;
    if (here && there && !(eap_shows(&conn->local) && eap_shows(&conn->remote)))
        compile_leave(c, conn->local.origin,
                      "EAP on both sides needs a method that proves both: write auth = eap-tls, "
                      "eap-ttls or eap-peap for both, or auth = pubkey for the gateway");
    else if (here && there)
        return;
    else if ((here || there) && other->kind != SHRIKE_AUTH_PUBKEY)
        compile_leave(c, eap->origin,
                      "EAP goes with a gateway that signs: write auth = pubkey for the other side");
}
