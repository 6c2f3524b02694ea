/* In front of a data plane: see guard.h. */
#include "rules/guard.h"
#include "base/text.h"

enum { NAME_SHOWN = 64, WHAT_MAX = 8 * NAME_SHOWN + 64 }; /* an octet takes up to four */

static struct bytes key_of_former(void)
{
    return bytes_of("former", 6);
}

void guard_open(struct guard *g, struct seat *seat)
{
    *g = (struct guard){.seat = seat, .vault = {.fd = -1}};
    rules_open(&g->rules);
}

void guard_close(struct guard *g)
{
    rules_close(&g->rules);
    vault_close(&g->vault);
}

/* ---- what outlives the process ---- */

struct restoring {
    struct guard *guard;
    shrike_time now;
};

static void restore(void *ctx, struct bytes key, struct bytes value)
{
    const struct restoring *r = ctx;
    if (bytes_equal(key, key_of_former()) && !rules_restore(&r->guard->rules, value, r->now))
        seat_log(r->guard->seat, SHRIKE_ERROR, "the rules of former configurations are lost");
}

void guard_vault(struct guard *g, int fd, shrike_time now)
{
    struct restoring r = {g, now};
    vault_close(&g->vault);
    if (!vault_open(&g->vault, fd, &(struct vault_reader){restore, &r}))
        seat_log(g->seat, SHRIKE_ERROR, "the vault cannot be used");
}

static void keep(struct guard *g)
{
    struct bytes former = rules_former(&g->rules);
    if (former.len == 0) {
        vault_drop(&g->vault, key_of_former());
    } else if (!vault_put(&g->vault, key_of_former(), former) && !g->warned) {
        seat_log(g->seat, SHRIKE_WARNING,
                 "rules of former configurations will not outlive this process: no room");
        g->warned = true;
    }
}

void guard_conf(struct guard *g, struct snapshot_copy *s, shrike_time now)
{
    if (rules_take(&g->rules, s, now)) {
        keep(g);
        return;
    }
    snapshot_free(s);
    seat_log(g->seat, SHRIKE_ERROR,
             "no memory for the rules of the new configuration: Child SAs "
             "are held against the one before");
}

void guard_yield(struct guard *g, shrike_time now)
{
    if (rules_take(&g->rules, NULL, now))
        keep(g);
}

bool guard_tick(struct guard *g, shrike_time now)
{
    if (rules_tick(&g->rules, now))
        keep(g);
    return rules_due(&g->rules) != SHRIKE_NEVER;
}

/* ---- what is refused ---- */

/* Whoever has broken into net shall not fill the log. */
static void forbid(struct guard *g, const char *what, const char *why, shrike_time now)
{
    g->forbidden++;
    if (g->lines == 0 || now - g->since >= GUARD_EACH) {
        g->since = now;
        g->lines = 0;
    }
    if (g->lines++ < GUARD_LINES || fault(206))
        seat_log(g->seat, SHRIKE_ERROR, "%s is refused: %s", what, why);
}

static void text_name(struct text *t, const char *name)
{
    text_safe(t, name ? bytes_of(name, MIN(strlen(name), NAME_SHOWN)) : bytes_of("?", 1));
}

struct rules_verdict guard_install(struct guard *g, const struct shrike_install_op *op,
                                   const struct allowed_before *before, u64 rule, shrike_time now)
{
    char what[WHAT_MAX];
    struct text t = text_of(what, sizeof(what));
    struct rules_verdict v = rules_judge(&g->rules, op, before, rule);
    if (v.why == REFUSAL_NONE)
        return v;
    text_str(&t, "child ");
    text_name(&t, op->child);
    text_str(&t, " of connection ");
    text_name(&t, op->conn);
    text_str(&t, ", as net asks for it,");
    forbid(g, what, refusal_words(v.why), now);
    return v;
}

bool guard_move(struct guard *g, u64 rule, const struct shrike_move_op *op, shrike_time now)
{
    enum refusal why = rules_judge_move(&g->rules, rule, op);
    if (why != REFUSAL_NONE)
        forbid(g, "a move of Child SAs, as net asks for it,", refusal_words(why), now);
    return why == REFUSAL_NONE;
}

void guard_nonsense(struct guard *g, shrike_time now)
{
    forbid(g, "a message of net", "none that net may write looks so", now);
}
