/* What came of a simulation, for scripts: see simulate.h. */
#include "control/failure.h"
#include "control/rungs.h"
#include "tool/check.h"
#include "tool/failure.h"
#include "tool/rungs.h"
#include "tool/simulate.h"
#include <stdlib.h>

static struct bytes text(const char *s)
{
    return bytes_of(s, s ? strlen(s) : 0);
}

static void put_ms(struct json *j, const char *key, shrike_time at)
{
    json_u64(j, key, at / SHRIKE_MS);
}

static void put_address(struct json *j, const char *key, const struct shrike_addr *a)
{
    char at[64];
    struct text t = text_of(at, sizeof at);
    text_addr(&t, a->octets, a->family);
    json_text(j, key, text(at));
}

/* Those of the negotiation. */
static void put_messages(struct json *j, const struct simulation *s, const struct peer *p)
{
    static u8 octets[256 * 1024];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct bytes message;
    vici_begin(&w, "messages");
    for (unsigned i = 0; i < p->rung_count; i++) {
        char name[16];
        if (s->day_began && p->rungs[i].when >= s->day_began)
            break;
        snprintf(name, sizeof name, "%u", i);
        vici_begin(&w, name);
        rungs_put(&w, &p->rungs[i], p->rungs[i].when - WORLD_START);
        vici_end(&w);
    }
    vici_end(&w);
    if (!vici_written(&w, &message))
        message = bytes_of(NULL, 0);
    rungs_json(j, message);
}

static void put_side(struct json *j, const struct simulation *s, unsigned side)
{
    const struct place *p = &s->play->place[side];
    const struct peer *peer = &s->play->peer[side];
    const struct shrike_conn *c = play_conn(s->play, side);
    json_begin(j, side ? "b" : "a", '{');
    json_text(j, "file", text(s->files[side]));
    json_text(j, "connection", text(c ? c->name : NULL));
    put_address(j, "address", &p->own);
    put_address(j, "outside", &p->outside);
    json_flag(j, "nat", p->nat);
    json_flag(j, "begins", side == s->play->first);
    json_flag(j, "waits", c && failure_waits(c));
    json_begin(j, "failures", '[');
    for (unsigned i = 0; i < peer->failure_count; i++)
        failure_json(j, bytes_of(peer->failures[i].message, peer->failures[i].len));
    json_end(j, ']');
    put_messages(j, s, peer);
    json_end(j, '}');
}

static void put_day(struct json *j, const struct simulation *s)
{
    unsigned count;
    struct simulate_row *rows = simulate_rows(s, &count);
    json_begin(j, "day", '[');
    for (unsigned i = 0; rows && i < count; i++) {
        const struct simulate_row *r = &rows[i];
        json_begin(j, NULL, '{');
        put_ms(j, "at_ms", r->at - WORLD_START);
        put_ms(j, "last_ms", r->last - WORLD_START);
        json_u64(j, "times", r->times);
        json_text(j, "what", text(r->what));
        json_text(j, "by", text(r->by[0] ? r->by : NULL));
        json_text(j, "connection", text(r->conn[0] ? r->conn : NULL));
        json_text(j, "child", text(r->child[0] ? r->child : NULL));
        json_text(j, "reason", text(r->reason[0] ? r->reason : NULL));
        json_u64(j, "resent", r->resent);
        json_flag(j, "bad", r->bad);
        put_ms(j, "lasted_ms", r->lasted == SHRIKE_NEVER ? s->play->world.now - r->at : r->lasted);
        json_end(j, '}');
    }
    json_end(j, ']');
    free(rows);
}

void simulate_json(struct simulation *s)
{
    static const char *const outcomes[] = {[SIMULATE_UP] = "established",
                                           [SIMULATE_PARTLY] = "partly",
                                           [SIMULATE_FAILED] = "failed",
                                           [SIMULATE_LATER] = "later"};
    const struct config_report *all[] = {&s->reports[0], &s->reports[1], &s->mates};
    struct json j = {.out = s->tool->out};
    json_begin(&j, NULL, '{');
    json_text(&j, "outcome", text(outcomes[s->outcome]));
    json_text(&j, "text", text(s->text));
    put_ms(&j, "took_ms", s->took);
    json_u64(&j, "child_sas", s->children);
    json_u64(&j, "seed", s->tool->play.seed);
    if (s->play) {
        put_side(&j, s, 0);
        put_side(&j, s, 1);
    }
    if (s->play && s->day_began)
        put_day(&j, s);
    json_begin(&j, "lines", '[');
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (u32 k = 0; k < all[i]->count; k++)
            check_line(s->tool, &j, &all[i]->lines[k]);
    json_end(&j, ']');
    json_end(&j, '}');
}
