/* Messages and rekeys counted: see counters.h. */
#include "control/counters.h"
#include "control/control.h"
#include "ops/mail.h"

static enum vici_reply begin(struct control *c, const struct vici_request *r,
                             struct vici_writer *answer, bool reset)
{
    struct bytes name = vici_value(r->message, "name");
    struct mail_tally q = {.reset = reset, .all = vici_value_is(r->message, "all", "yes")};
    u8 body[128];
    struct writer w = writer_of(body, sizeof body);
    if (name.len >= SHRIKE_COUNTED_NAME || (name.len && memchr(name.at, 0, name.len)))
        return vici_refuse(answer, "nothing is counted of a connection of this name");
    struct ask *a = ask_new(c, r, REFERENCE_COUNTERS, "name", answer);
    if (!a)
        return VICI_REPLY_NOW;
    a->counters.reset = reset;
    a->counters.all = q.all;
    if (!reset)
        vici_begin(&a->w, "counters");
    if (name.len && !q.all)
        memcpy(q.conn, name.at, name.len);
    write_u32(&w, a->reference);
    tally_write(&w, &q);
    return ask_net(a, MAIL_TALLY, written_bytes(&w), answer);
}

enum vici_reply counters_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return begin(ctx, r, answer, false);
}

enum vici_reply counters_reset(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    return begin(ctx, r, answer, true);
}

/* ---- what comes ---- */

static void put(struct ask *a, const struct shrike_counts *one)
{
    if (a->counters.all ? one->conn[0] == 0 : strcmp(one->conn, a->name) != 0)
        return;
    a->counters.found = true;
    if (a->counters.reset)
        return;
    vici_begin(&a->w, one->conn);
    for (unsigned i = 0; i < SHRIKE_COUNT_COUNT; i++)
        vici_put_u64(&a->w, shrike_count_name((enum shrike_count)i), one->of[i]);
    vici_end(&a->w);
}

static void end(struct ask *a)
{
    if (!a->counters.found && !a->counters.all) {
        ask_fail(a, "nothing was counted yet of a connection of this name");
        return;
    }
    if (!a->counters.reset)
        vici_end(&a->w);
    vici_put_text(&a->w, "success", "yes");
    ask_answer(a,
               "there are more counters than a message holds: ask for one connection by its name");
}

bool counters_got(struct control *c, const struct mail *m)
{
    static struct mail_tallies all; /* used by one call at a time */
    struct reader r = reader_of(m->body);
    struct ask *a = ask_of(c, read_u32(&r), REFERENCE_COUNTERS);
    if (!tallies_read(&r, &all))
        return false;
    for (u16 i = 0; a && i < all.count; i++)
        put(a, &all.all[i]);
    if (a && all.last)
        end(a);
    return true;
}
