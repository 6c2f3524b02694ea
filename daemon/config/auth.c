/* Sections local and remote: see auth.h. */
#include "config/auth.h"
#include "config/credentials.h"
#include "config/eap.h"
#include "config/method.h"
#include "config/object.h"
#include "config/value.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CERTS_NAMED_MAX                                                                            \
    64 /* of one sort, of one side; a connection's rule has no room for more                       \
        */

#define POLICY_MAX 128 /* characters of a policy */

static void take_demands(const struct method *m, struct config_demands *out)
{
    *out = (struct config_demands){
        .schemes = m->chain ? m->schemes : 0, .rsa_bits = m->rsa_bits, .ec_bits = m->ec_bits};
}

/* eap-tls:ecdsa-384-sha384 */
static void compile_eap_demands(struct compile *c, const struct value *auth, enum key_scope scope,
                                struct config_demands *out)
{
    const char *text = eap_demands(auth->text);
    struct method m;
    if (!text)
        return;
    if (method_read(text, &m) != METHOD_GOOD || m.kind != SHRIKE_AUTH_PUBKEY)
        report_error(c->report, auth->origin,
                     "auth = %s: behind the colon strengths and hashes are wanted: "
                     "eap-tls:rsa-3072-sha256-ecdsa-384-sha384",
                     auth->text);
    else if (scope == KEY_REMOTE)
        take_demands(&m, out);
}

static void compile_method(struct compile *c, const struct section *s, enum key_scope scope,
                           struct shrike_auth *out, struct config_demands *demands)
{
    const struct value *auth = value_find(s, "auth");
    const char *text = auth && auth->text ? auth->text : "pubkey";
    struct shrike_origin place = auth ? auth->origin : s->origin;
    struct method m;
    if (eap_is_meant(text)) {
        compile_eap(c, s, scope, out);
        compile_eap_demands(c, auth, scope, demands);
        return;
    }
    switch (method_read(text, &m)) {
    case METHOD_GOOD:
        break;
    case METHOD_LATER:
        compile_leave(c, place, "auth = %s is not built yet; psk, pubkey and eap are", text);
        break;
    case METHOD_BAD:
        report_error(c->report, place,
                     "auth = %s: there is no such method; write psk, eap, or pubkey, rsa, "
                     "rsa/pss, ecdsa, ed25519 or ed448 with strengths and hashes behind it: "
                     "ike:rsa-3072-sha256-ecdsa-sha384",
                     text);
        break;
    }
    out->kind = m.kind;
    out->schemes = scope == KEY_LOCAL ? m.own_schemes : m.schemes;
    if (scope == KEY_REMOTE)
        take_demands(&m, demands);
}

/* ---- what a section names ---- */

/* Files of the folder, or elsewhere; what the control socket brought stands there itself. */
static void name_cert(struct compile *c, const struct value *v, const char *text,
                      const char *folder, struct config_cert *out)
{
    char path[PATH_MAX];
    out->origin = compile_origin(c, v->origin);
    if (strncmp(text, "0s", 2) == 0) {
        if (!value_secret(c->pool, text, &out->octets))
            report_error(c->report, v->origin, "%s holds something that is no file", v->key);
        return;
    }
    if (snprintf(path, sizeof(path), "%s%s%s", *text == '/' ? "" : c->config->folder,
                 *text == '/' ? "" : folder, text) >= (int)sizeof(path))
        report_error(c->report, v->origin, "the name of a file in %s is too long", v->key);
    else
        out->path = compile_text(c, path);
}

/* Can it be used? What it holds is read again later, with that of all others. */
static void look_at(struct compile *c, const struct config_cert *cert, enum x509_kind kind)
{
    struct x509_items items;
    const char *why = NULL;
    if (cert->object.handle.len) /* who knows is asked later */
        return;
    why = credentials_peek(c->scratch, cert, kind, &items);
    if (why)
        compile_leave(c, cert->origin, "%s %s", cert->path ? cert->path : "what was sent", why);
    else
        x509_free(&items);
}

static void add_cert(struct compile *c, struct config_certs *all, struct config_cert *one,
                     enum x509_kind kind)
{
    struct config_cert *at = (struct config_cert *)(uintptr_t)all->at;
    if (!one->path && !one->octets.len)
        return;
    if (all->count == CERTS_NAMED_MAX) {
        report_error(c->report, one->origin, "more than %d of them are named", CERTS_NAMED_MAX);
        return;
    }
    if (!at)
        all->at = at = pool_take(c->pool, CERTS_NAMED_MAX * sizeof(*at));
    at[all->count++] = *one;
    look_at(c, one, kind);
}

static void compile_list(struct compile *c, const struct section *s, const char *key,
                         const char *folder, struct config_certs *out)
{
    const struct value *v = value_find(s, key);
    const char *rest = v ? v->text : NULL;
    enum x509_kind kind = strcmp(key, "pubkeys") == 0 ? X509_PUBLIC_KEYS : X509_CERTIFICATES;
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        struct config_cert cert = {.path = NULL};
        name_cert(c, v, one, folder, &cert);
        add_cert(c, out, &cert, kind);
    }
}

/* One that lies on a token. false: it is none. */
static bool name_object(struct compile *c, const struct section *s, struct config_cert *out)
{
    char words[OBJECT_WORDS_MAX];
    out->origin = compile_place(c, s, "handle");
    if (!object_compile(c, c->pool, s, &out->object))
        return false;
    object_words(&out->object, words);
    out->path = compile_text(c, words);
    return true;
}

/* cert<suffix> and cacert<suffix>. */
static void compile_sections(struct compile *c, const struct section *s, enum key_scope scope,
                             struct config_certs *certs, struct config_certs *authorities)
{
    for (const struct section *sub = s->sections; sub; sub = sub->next) {
        bool authority = scope == KEY_REMOTE && strncmp(sub->name, "cacert", 6) == 0;
        const struct value *file = value_find(sub, "file");
        struct config_cert cert = {.path = NULL};
        if (!authority && strncmp(sub->name, "cert", 4) != 0) {
            report_error(c->report, sub->origin, "there is no section %s in %s", sub->name,
                         s->name);
            continue;
        }
        compile_keys(c, sub, KEY_CERT);
        bool in_file = file && file->text;
        if (!in_file && !name_object(c, sub, &cert)) {
            compile_leave(c, sub->origin, "%s needs a file, or its handle on a token", sub->name);
            continue;
        }
        if (in_file && *file->text != '/')
            report_error(c->report, file->origin, "file = %s: an absolute path is wanted",
                         file->text);
        if (in_file)
            name_cert(c, file, file->text, "", &cert);
        add_cert(c, authority ? authorities : certs, &cert, X509_CERTIFICATES);
    }
}

/* Is it of use there? Else a warning says why not. */
static bool is_place(struct compile *c, const struct value *v, enum config_place place,
                     const char *url)
{
    if (place == CONFIG_BASE && !credentials_is_base(url)) {
        report_warning(c->report, v->origin,
                       "cert_uri_base = %s is not used: http://host/path/ is wanted, of at most "
                       "%d characters",
                       url, CREDENTIALS_BASE_MAX);
        return false;
    }
    if (strncmp(url, "http://", 7) == 0)
        return true;
    report_warning(c->report, v->origin, "%s = %s is not asked: only http:// is built", v->key,
                   url);
    return false;
}

/* RFC 5280 4.2.1.13, 4.2.2.1 of what an authority signs, though it does not write it; and RFC 7296
 * 3.6. */
static void compile_wheres(struct compile *c, const struct section *s, enum config_place place,
                           const struct config_cert *authority)
{
    static const char *const keys[] = {[CONFIG_RESPONDER] = "ocsp_uris",
                                       [CONFIG_CRLS] = "crl_uris",
                                       [CONFIG_BASE] = "cert_uri_base"};
    const struct value *v = value_find(s, keys[place]);
    struct config_where *all = (struct config_where *)(uintptr_t)c->config->wheres; /* made by us */
    const char *rest = v ? v->text : NULL;
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        if (!is_place(c, v, place, one))
            continue;
        if (!all)
            c->config->wheres = all = pool_take(c->pool, CONFIG_WHERES_MAX * sizeof(*all));
        if (c->config->where_count == CONFIG_WHERES_MAX) {
            report_error(c->report, v->origin, "more than %d of them are named", CONFIG_WHERES_MAX);
            return;
        }
        all[c->config->where_count++] =
            (struct config_where){*authority, place, compile_text(c, one)};
    }
}

static void compile_authority(struct compile *c, const struct section *s)
{
    static const char *const keys[] = {"cacert", "file"};
    struct config_certs *all = &c->config->authorities;
    uint16_t before = all->count;
    compile_keys(c, s, KEY_AUTHORITY);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct value *v = value_find(s, keys[i]);
        struct config_cert cert = {.path = NULL};
        if (!v || !v->text)
            continue;
        name_cert(c, v, v->text, "x509ca/", &cert);
        add_cert(c, all, &cert, X509_CERTIFICATES);
    }
    struct config_cert object = {.path = NULL};
    if (name_object(c, s, &object))
        add_cert(c, all, &object, X509_CERTIFICATES);
    for (int place = CONFIG_RESPONDER; place <= CONFIG_BASE && all->count > before; place++)
        compile_wheres(c, s, (enum config_place)place, &all->at[before]);
    if (all->count == before)
        report_warning(c->report, s->origin, "authority %s names no certificate: write cacert",
                       s->name);
}

void compile_authorities(struct compile *c)
{
    const struct section *all = section_find(c->root, "authorities", 11);
    for (const struct value *v = all ? all->values : NULL; v; v = v->next)
        report_error(c->report, v->origin, "%s stands between authorities: put it into one",
                     v->key);
    c->kind = "authority";
    for (const struct section *s = all ? all->sections : NULL; s; s = s->next) {
        c->name = s->name;
        compile_authority(c, s);
    }
}

static void compile_revocation(struct compile *c, const struct section *s,
                               struct config_conn *beside)
{
    static const char *const words[] = {
        [CONFIG_RELAXED] = "relaxed", [CONFIG_IFURI] = "ifuri", [CONFIG_STRICT] = "strict"};
    const char *text = section_text(s, "revocation");
    for (unsigned i = 0; text && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0) {
            beside->revocation = (enum config_revocation)i;
            return;
        }
    if (text)
        report_error(c->report, compile_place(c, s, "revocation"),
                     "revocation = %s: relaxed, ifuri or strict is wanted", text);
}

/* An authority has names of its own, and none of them stands for many. */
static void compile_ca_id(struct compile *c, const struct section *s, struct shrike_id *out)
{
    const char *text = section_text(s, "ca_id");
    if (!text)
        return;
    if (value_id(c->pool, text, out) != VALUE_GOOD || !out->type || out->type == ID_KEY_ID ||
        id_is_pattern(out))
        report_error(
            c->report, compile_place(c, s, "ca_id"),
            "ca_id = %s: the subject of an authority is wanted, \"C=CH, O=Example, CN=Root\", "
            "or one of its other names, without *",
            text);
}

/* RFC 5280 4.2.1.4: an object identifier, in the one way to write it. */
static bool is_policy(const char *text)
{
    size_t arcs = 0;
    if (strlen(text) > POLICY_MAX || text[0] < '0' || text[0] > '2')
        return false;
    for (const char *at = text;; at++) {
        size_t len = strspn(at, "0123456789");
        if (len == 0 || (len > 1 && *at == '0'))
            return false;
        arcs++;
        at += len;
        if (*at != '.')
            return !*at && arcs > 1;
    }
}

static void compile_policies(struct compile *c, const struct section *s, struct config_demands *out)
{
    const struct value *v = value_find(s, "cert_policy");
    const char *rest = v ? v->text : NULL;
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        if (!is_policy(one))
            report_error(c->report, v->origin,
                         "cert_policy = %s: numbers with dots between are wanted: 1.3.6.1.4.1.99.1",
                         one);
        else if (out->policy_count == CONFIG_POLICIES_MAX)
            report_error(c->report, v->origin, "cert_policy names more than %d",
                         CONFIG_POLICIES_MAX);
        else
            out->policies[out->policy_count++] = compile_text(c, one);
    }
}

/* ---- who it is ---- */

static void compile_id(struct compile *c, const struct section *s, enum key_scope scope,
                       struct shrike_id *out)
{
    const struct value *id = value_find(s, "id");
    if (!id || !id->text)
        return;
    enum value_verdict verdict = value_id(c->pool, id->text, out);
    if (verdict == VALUE_LATER)
        compile_leave(c, id->origin, "id = %s: general names are not built", id->text);
    else if (verdict == VALUE_NO_EXPRESSION)
        report_error(
            c->report, id->origin,
            "id = %s: a regular expression (POSIX extended) stands behind its type, fqdn:, "
            "email: or asn1dn:, begins with ^ and ends with $; alternatives stand in "
            "parentheses, and back-references are not taken",
            id->text);
    else if (verdict == VALUE_EXPRESSION && scope == KEY_LOCAL)
        report_error(c->report, id->origin,
                     "id = %s stands for many: say who this host is, in one name", id->text);
    else if (verdict == VALUE_EXPRESSION)
        return;
    else if (verdict != VALUE_GOOD)
        report_error(c->report, id->origin,
                     "id = %s: an address, a name, user@name, keyid:text or a distinguished name "
                     "is wanted; a * stands in front: *.example.org, *@example.org",
                     id->text);
    else if (scope == KEY_LOCAL && out->type && id_is_pattern(out))
        report_error(c->report, id->origin,
                     "id = %s stands for many: say who this host is, in one name", id->text);
}

/* Where its id stands, for what is said when the certificate is not for it. */
static void note_id(struct compile *c, const struct section *s, const struct shrike_auth *out,
                    struct config_conn *beside)
{
    beside->local_id = out->id;
    beside->local_id_origin = compile_place(c, s, "id");
}

static void compile_auth(struct compile *c, const struct section *s, enum key_scope scope,
                         struct shrike_auth *out, struct config_conn *beside)
{
    compile_keys(c, s, scope);
    out->origin = compile_origin(c, s->origin);
    compile_method(c, s, scope, out, &beside->demands);
    compile_id(c, s, scope, &out->id);
    if (scope == KEY_LOCAL) {
        compile_list(c, s, "certs", "x509/", &beside->local_certs);
        compile_sections(c, s, scope, &beside->local_certs, NULL);
        compile_list(c, s, "pubkeys", "pubkey/", &beside->local_keys);
        note_id(c, s, out, beside);
        return;
    }
    compile_list(c, s, "certs", "x509/", &beside->remote_certs);
    compile_list(c, s, "cacerts", "x509ca/", &beside->remote_authorities);
    compile_sections(c, s, scope, &beside->remote_certs, &beside->remote_authorities);
    compile_list(c, s, "pubkeys", "pubkey/", &beside->remote_keys);
    compile_groups(c, s, out);
    compile_revocation(c, s, beside);
    compile_ca_id(c, s, &beside->demands.ca_id);
    compile_policies(c, s, &beside->demands);
}

/* ---- rounds ---- */

/* Sections of one side, in the order of their rounds. */
struct sides {
    const struct section *at[SHRIKE_ROUNDS_MAX];
    uint64_t numbers[SHRIKE_ROUNDS_MAX];
    uint8_t count;
};

/* Behind those with the same number: they stand in the order of the file. */
static void add_side(struct compile *c, struct sides *all, const struct section *s)
{
    uint64_t number = 0;
    compile_number(c, s, "round", UINT16_MAX, &number);
    if (all->count == SHRIKE_ROUNDS_MAX) {
        compile_leave(c, s->origin, "%s: more than %d rounds of authentication are not built",
                      s->name, SHRIKE_ROUNDS_MAX);
        return;
    }
    uint8_t at = all->count++;
    for (; at > 0 && all->numbers[at - 1] > number; at--) {
        all->at[at] = all->at[at - 1];
        all->numbers[at] = all->numbers[at - 1];
    }
    all->at[at] = s;
    all->numbers[at] = number;
}

/* Those who judge certificates know each round by a name of its own. */
static const char *name_round(struct compile *c, const char *conn, unsigned number)
{
    char name[2 * NAME_MAX_LEN];
    snprintf(name, sizeof(name), "%.*s, round %u", NAME_MAX_LEN, conn, number + 1);
    return compile_text(c, name);
}

static void compile_rounds(struct compile *c, const struct sides *all, enum key_scope scope,
                           struct shrike_conn *out, struct config_conn *beside)
{
    bool ours = scope == KEY_LOCAL;
    struct shrike_auth *first = ours ? &out->local : &out->remote;
    struct shrike_auth *more = pool_take(c->pool, SHRIKE_ROUNDS_MAX * sizeof(*more));
    struct config_conn *named = (struct config_conn *)(uintptr_t)beside->rounds; /* made by us */
    for (unsigned i = 0; i < all->count; i++) {
        struct shrike_auth *one = i ? &more[i - 1] : first;
        compile_auth(c, all->at[i], scope, one, i ? &named[i - 1] : beside);
        if (i && !ours && (one->kind == SHRIKE_AUTH_PUBKEY || eap_shows(one)))
            one->rule = name_round(c, out->name, i);
    }
    if (all->count < 2)
        return;
    uint8_t count = all->count - 1;
    *(ours ? &out->local_rounds : &out->remote_rounds) = more;
    *(ours ? &out->local_round_count : &out->remote_round_count) = count;
    if (beside->round_count < count)
        beside->round_count = count;
}

void compile_sides(struct compile *c, const struct section *s, struct shrike_conn *out,
                   struct config_conn *beside)
{
    struct sides local = {.count = 0}, remote = {.count = 0};
    for (const struct section *sub = s->sections; sub; sub = sub->next) {
        if (strncmp(sub->name, "local", 5) == 0)
            add_side(c, &local, sub);
        else if (strncmp(sub->name, "remote", 6) == 0)
            add_side(c, &remote, sub);
    }
    if (local.count > 1 || remote.count > 1)
        beside->rounds = pool_take(c->pool, SHRIKE_ROUNDS_MAX * sizeof(*beside->rounds));
    compile_rounds(c, &local, KEY_LOCAL, out, beside);
    compile_rounds(c, &remote, KEY_REMOTE, out, beside);
}

/* Of one side: the place of its first round by EAP, SHRIKE_ROUNDS_MAX: there is none; and has it
 * one that proves nothing? */
static unsigned first_eap(const struct shrike_auth *first, const struct shrike_auth *more,
                          unsigned count, bool *null)
{
    unsigned at = SHRIKE_ROUNDS_MAX;
    for (unsigned i = count + 1; i-- > 0;) {
        const struct shrike_auth *one = i ? &more[i - 1] : first;
        at = one->kind == SHRIKE_AUTH_EAP ? i : at;
        *null |= one->kind == SHRIKE_AUTH_NULL;
    }
    return at;
}

void check_rounds(struct compile *c, const struct shrike_conn *conn)
{
    bool null = false;
    unsigned here = first_eap(&conn->local, conn->local_rounds, conn->local_round_count, &null);
    unsigned there = first_eap(&conn->remote, conn->remote_rounds, conn->remote_round_count, &null);
    if (!conn->local_round_count && !conn->remote_round_count)
        return;
    if (null)
        compile_leave(c, conn->origin, "auth = null goes with one round of authentication only");
    else if (here < SHRIKE_ROUNDS_MAX && there < SHRIKE_ROUNDS_MAX)
        compile_leave(c, conn->origin, "EAP on both sides goes with one round of authentication");
    else if (conn->remote_round_count > here || conn->local_round_count > there)
        compile_leave(c, conn->origin,
                      "who is called has to be through with its rounds of authentication when "
                      "EAP begins: put EAP into a later round, or give it fewer");
}

void compile_null(struct compile *c, const struct shrike_conn *conn)
{
    bool here = conn->local.kind == SHRIKE_AUTH_NULL, there = conn->remote.kind == SHRIKE_AUTH_NULL;
    if (there && conn->remote.id.type)
        report_error(c->report, conn->remote.origin,
                     "auth = null: what the peer is called is not looked at: leave its id out");
    if (there && conn->pool_count)
        compile_leave(c, conn->pools_origin,
                      "pools: addresses for peers that nobody knows (auth = null) are not built");
    if ((here || there) && conn->ppk_id.len && !conn->ppk_required)
        compile_leave(c, conn->ppk_origin,
                      "auth = null: with a post-quantum preshared key, it must be used: write "
                      "ppk_required = yes");
}

/* In a further round we are who we were, where nothing else is said. */
static void compile_further_ids(struct shrike_conn *out, const struct config_conn *beside)
{
    struct shrike_auth *more = (struct shrike_auth *)(uintptr_t)out->local_rounds; /* ours */
    const struct shrike_id *before = &out->local.id;
    for (unsigned i = 0; i < out->local_round_count; i++) {
        if (!more[i].id.type && beside->rounds[i].local_certs.count)
            more[i].id = (struct shrike_id){ID_DER_ASN1_DN, {(const uint8_t *)"\x30\x00", 2}};
        else if (!more[i].id.type)
            more[i].id = *before;
        before = &more[i].id;
    }
}

static void compile_first_id(struct compile *c, const struct section *s, struct shrike_conn *out,
                             const struct config_conn *beside)
{
    const struct shrike_endpoint *end = &out->local_endpoint;
    if (out->local.id.type)
        return;
    if (out->local.kind == SHRIKE_AUTH_NULL) { /* RFC 7619 2.2 */
        out->local.id.type = ID_NULL;
        return;
    }
    if (beside->local_certs.count) { /* the subject of the first: credentials_fill() */
        out->local.id = (struct shrike_id){ID_DER_ASN1_DN, {(const uint8_t *)"\x30\x00", 2}};
        return;
    }
    if (!end->family) {
        compile_leave(c, s->origin,
                      "it says not who we are: give local an id, or local_addrs one address%s",
                      out->local.kind == SHRIKE_AUTH_PUBKEY ? ", or local certs" : "");
        return;
    }
    size_t len = end->family == 4 ? 4 : 16;
    uint8_t *octets = pool_take(c->pool, len);
    memcpy(octets, end->octets, len);
    out->local.id.type = end->family == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR;
    out->local.id.data = (struct shrike_bytes){octets, len};
}

void compile_local_id(struct compile *c, const struct section *s, struct shrike_conn *out,
                      const struct config_conn *beside)
{
    compile_first_id(c, s, out, beside);
    compile_further_ids(out, beside);
}

/* RFC 4806. What others want to hear about our own certificates, nobody tells yet. */
static void compile_ocsp(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    const char *text = section_text(s, "ocsp");
    bool replies = text && (strcmp(text, "reply") == 0 || strcmp(text, "both") == 0);
    out->asks_ocsp = text && (strcmp(text, "request") == 0 || strcmp(text, "both") == 0);
    if (replies)
        report_warning(c->report, compile_place(c, s, "ocsp"),
                       "ocsp = %s: that peers are told what responders say of our certificates is "
                       "not built",
                       text);
    else if (text && !out->asks_ocsp && strcmp(text, "never") != 0)
        report_error(c->report, compile_place(c, s, "ocsp"),
                     "ocsp = %s: request, reply, both or never is wanted", text);
}

void compile_sending(struct compile *c, const struct section *s, struct shrike_conn *out,
                     struct config_conn *beside)
{
    static const struct {
        const char *word;
        enum shrike_send_cert when;
    } words[] = {{"ifasked", SHRIKE_CERT_IFASKED},
                 {"always", SHRIKE_CERT_ALWAYS},
                 {"yes", SHRIKE_CERT_ALWAYS},
                 {"never", SHRIKE_CERT_NEVER},
                 {"no", SHRIKE_CERT_NEVER}};
    const char *text = section_text(s, "send_cert");
    bool found = !text;
    beside->asks = true;
    compile_bool(c, s, "send_certreq", &beside->asks);
    for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i].word) == 0) {
            out->send_cert = words[i].when;
            found = true;
        }
    if (!found)
        report_error(c->report, compile_place(c, s, "send_cert"),
                     "send_cert = %s: ifasked, always or never is wanted", text);
    compile_ocsp(c, s, out);
}
