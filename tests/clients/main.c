/* Clients and gateways as they are seen in the field, each by its script against an engine with the
 * configuration that is meant for it; and with others, that must refuse it for the right reason. */
#include "client.h"
#include "pki.h"
#include "serve.h"
#include "sim/link.h"
#include "sim/nat.h"
#include "sim/peer.h"
#include "vici/message.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_LEN = 512 };

_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}

struct game {
    const struct script *script;
    struct world world;
    struct shrike_provider *openssl;
    struct shrike_provider provider; /* the same with our dice */
    struct serve serve;
    struct peer server;
    struct client client;
    struct nat nat;
    struct link link[2]; /* to the server, to the client */
    bool built;
};

/* The provider's functions have one context, OpenSSL's: the dice stand beside it. */
static struct prng dice;

static bool from_the_dice(void *ctx, u8 *out, size_t len)
{
    (void)ctx;
    prng_fill(&dice, out, len);
    return true;
}

/* ---- the game ---- */

static void build(struct game *g)
{
    struct client *c = &g->client;
    struct node *to_client = g->script->nat ? &g->nat.outside : &c->node;
    link_init(&g->link[0], &g->world, "to the server", &g->server.node);
    link_init(&g->link[1], &g->world, "to the client", to_client);
    g->link[0].faults.delay = g->link[1].faults.delay = 10 * SHRIKE_MS;
    c->provider = &g->provider;
    c->server = &g->server.kernel;
    c->there = endpoint_v4(198, 51, 100, 1, 500);
    c->here = endpoint_v4(192, 0, 2, 7, 500);
    c->out = &g->link[0].node;
    g->server.out = &g->link[1].node;
    if (!g->script->nat)
        return;
    c->here = endpoint_v4(10, 9, 0, 7, 500);
    c->out = &g->nat.inside;
    nat_init(&g->nat, &g->world, &g->link[0].node, &c->node);
    g->nat.address = endpoint_v4(192, 0, 2, 7, 0);
    g->nat.expiry = 1000000 * SHRIKE_SECOND;
}

static struct game *begin(const struct script *s, const char *folder, const struct refusal *r)
{
    struct game *g = calloc(1, sizeof *g);
    ensure(g != NULL);
    g->script = s;
    world_init(&g->world, 1, false);
    dice = prng_fork(&g->world.prng);
    g->openssl = provider_openssl_new();
    ensure(g->openssl != NULL);
    g->provider = *g->openssl;
    g->provider.random = from_the_dice;
    client_init(&g->client, &g->world, s);
    g->built = serve_load(&g->serve, folder, r);
    if (!g->built) {
        client_fail(&g->client, NULL, "its server.conf cannot be used");
        return g;
    }
    const struct peer_setup setup = {.name = "server",
                                     .config = g->serve.config,
                                     .provider = &g->provider,
                                     .busy = true,
                                     .outside = {&g->serve, serve_answer}};
    ensure(peer_init(&g->server, &g->world, &setup));
    build(g);
    return g;
}

static void end(struct game *g)
{
    client_free(&g->client);
    if (g->built) {
        peer_free(&g->server);
        link_free(&g->link[0]);
        link_free(&g->link[1]);
    }
    serve_free(&g->serve);
    provider_openssl_free(g->openssl);
    free(g);
}

/* ---- its steps ---- */

/* Has the server kept a failure of this reason? */
static bool has_reason(const struct game *g, const char *name)
{
    bool found = false;
    for (unsigned i = 0; i < g->server.failure_count; i++) {
        const struct peer_failure *f = &g->server.failures[i];
        struct bytes reason = vici_value(bytes_of(f->message, f->len), "reason");
        found |= bytes_equal(reason, bytes_of(name, strlen(name)));
    }
    return found;
}

/* state IKES CHILDREN: as many are up at the server. */
static void check_state(struct game *g, const struct line *l)
{
    struct shrike_ike_view v;
    unsigned ikes = 0, children = 0;
    client_wait(&g->client, SHRIKE_SECOND);
    for (u32 at = 0; shrike_view_ike(g->server.engine, &at, &v);) {
        ikes += v.state == SHRIKE_IKE_ESTABLISHED;
        children += v.state == SHRIKE_IKE_ESTABLISHED ? v.children : 0;
    }
    if (l->count != 3 || strtoul(l->tokens[1].name, NULL, 10) != ikes ||
        strtoul(l->tokens[2].name, NULL, 10) != children || g->server.kernel.installed != children)
        client_fail(&g->client, l,
                    "the server has %u IKE SAs and %u Child SAs, %u of them installed", ikes,
                    children, g->server.kernel.installed);
}

/* leased ADDRESS: this one was given, and the Child SA carries it. */
static void check_lease(struct game *g, const struct line *l)
{
    char text[64];
    struct text t = text_of(text, sizeof text);
    const struct esp_pair *pair = kernel_by_spi_in(&g->server.kernel, g->client.child.there);
    const struct shrike_addr *a = &g->client.leased[0];
    text_addr(&t, a->octets, a->family);
    if (g->client.leased_count == 0 || strcmp(text, l->rest) != 0 || !pair ||
        pair->remote_ts[0].family != a->family ||
        memcmp(pair->remote_ts[0].from, a->octets, a->family == 4 ? 4 : 16) != 0)
        client_fail(&g->client, l, "it has %s, or the Child SA has not", text);
}

/* encapsulated: ESP goes in UDP. */
static void check_encapsulation(struct game *g, const struct line *l)
{
    const struct esp_pair *pair = kernel_by_spi_in(&g->server.kernel, g->client.child.there);
    if (!pair || !pair->encap)
        client_fail(&g->client, l, "the server does not encapsulate");
}

/* reason NAME: the server keeps this one. */
static void check_reason(struct game *g, const struct line *l)
{
    if (!has_reason(g, l->rest))
        client_fail(&g->client, l, "the server has not kept %s", l->rest);
}

/* server rekey CHILD, server rekey, server down. */
static void command(struct game *g, const struct line *l)
{
    const bool rekeys = l->count > 1 && strcmp(l->tokens[1].name, "rekey") == 0;
    peer_command(&g->server,
                 (struct shrike_command){.kind = rekeys ? SHRIKE_REKEY : SHRIKE_DOWN,
                                         .conn = g->serve.config->conf.conns[0].name,
                                         .child = l->count > 2 ? l->tokens[2].name : NULL});
}

static void step(struct game *g, const struct line *l)
{
    const char *what = l->tokens[0].name;
    struct client *c = &g->client;
    if (strcmp(what, ">") == 0)
        client_say(c, l);
    else if (strcmp(what, "<") == 0)
        client_hear(c, l);
    else if (strcmp(what, "wait") == 0)
        client_wait(c, strtoul(l->rest, NULL, 10) * SHRIKE_SECOND);
    else if (strcmp(what, "sleep") == 0)
        client_sleep(c, strtoul(l->rest, NULL, 10) * SHRIKE_SECOND);
    else if (strcmp(what, "state") == 0)
        check_state(g, l);
    else if (strcmp(what, "leased") == 0)
        check_lease(g, l);
    else if (strcmp(what, "encapsulated") == 0)
        check_encapsulation(g, l);
    else if (strcmp(what, "rebind") == 0)
        nat_rebind(&g->nat);
    else if (strcmp(what, "reason") == 0)
        check_reason(g, l);
    else if (strcmp(what, "server") == 0)
        command(g, l);
    else if (strcmp(what, "again") == 0)
        client_forget(c);
}

static void play(struct game *g)
{
    const struct script *s = g->script;
    for (unsigned i = 0; i < s->count && !g->client.failed_at && !g->world.failed; i++)
        step(g, &s->lines[i]);
    if (g->world.failed)
        client_fail(&g->client, NULL, "%s", g->world.failure);
}

/* ---- what came of it ---- */

static bool tell(const char *name, const char *variant, bool good)
{
    printf("%s client-%s%s%s\n", good ? "ok" : "not ok", name, variant ? "-" : "",
           variant ? variant : "");
    return good;
}

static void tell_why(const struct game *g)
{
    for (unsigned i = 0; i < g->server.failure_count; i++) {
        const struct peer_failure *f = &g->server.failures[i];
        struct bytes reason = vici_value(bytes_of(f->message, f->len), "reason");
        printf("#   the server: %.*s\n", (int)reason.len, (const char *)reason.at);
    }
}

static bool play_whole(const struct script *s, const char *folder)
{
    struct game *g = begin(s, folder, NULL);
    if (!g->client.failed_at)
        play(g);
    const bool good = !g->client.failed_at;
    if (!good) {
        printf("# %s/client:%u: %s\n", folder, g->client.failed_at, g->client.why);
        tell_why(g);
    }
    end(g);
    return tell(folder, NULL, good);
}

/* refused REASON NOTIFY KEY = VALUE: the script does not go through to its end; what the server
 * keeps of it, and what it tells. */
static bool play_refused(const struct script *s, const char *folder, const struct line *l)
{
    struct refusal r = {0};
    const char *at = l->rest;
    char key[WORD_MAX];
    bool good = next_word(&at, key) && snprintf(r.reason, sizeof r.reason, "%s", key) > 0 &&
                next_word(&at, key) && snprintf(r.notify, sizeof r.notify, "%s", key) > 0;
    r.line = at + strspn(at, " ");
    good = good && next_word(&at, key);
    r.key = key;
    if (!good)
        return tell(folder, "refused", false);
    struct game *g = begin(s, folder, &r);
    good = !g->client.failed_at;
    if (good)
        play(g);
    good = good && g->client.failed_at && !g->world.failed && has_reason(g, r.reason) &&
           client_was_told(&g->client, r.notify);
    if (!good) {
        printf("# %s/client:%u: it went to line %u: %s\n", folder, l->number, g->client.failed_at,
               g->client.why);
        tell_why(g);
    }
    end(g);
    return tell(folder, r.reason, good);
}

static bool play_folder(const char *folder)
{
    char path[PATH_LEN], why[256];
    struct text t = text_of(why, sizeof why);
    struct script s;
    bool good;
    snprintf(path, sizeof path, "%s/%s/client", CLIENTS, folder);
    good = script_read(&s, path, &t);
    if (good && s.sources == 0) {
        good = false;
        text_str(&t, "it names no source");
    }
    if (!good) {
        printf("# %s: %s\n", path, why);
        script_free(&s);
        return tell(folder, NULL, false);
    }
    good = play_whole(&s, folder);
    for (unsigned i = 0; i < s.count; i++) {
        if (strcmp(s.lines[i].tokens[0].name, "refused") == 0)
            good &= play_refused(&s, folder, &s.lines[i]);
    }
    script_free(&s);
    return good;
}

static int is_folder(const struct dirent *d)
{
    char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/%s/client", CLIENTS, d->d_name);
    return d->d_name[0] != '.' && access(path, R_OK) == 0;
}

int main(int argc, char **argv)
{
    struct dirent **list = NULL;
    bool good = password_open(); /* a library without MD4 fails what needs it */
    const int count = argc > 1 ? 0 : scandir(CLIENTS, &list, is_folder, alphasort);
    for (int i = 1; i < argc; i++)
        good &= play_folder(argv[i]);
    for (int i = 0; i < count; i++) {
        good &= play_folder(list[i]->d_name);
        free(list[i]);
    }
    free(list);
    pki_free();
    return good && (argc > 1 || count > 0) ? 0 : 1;
}
