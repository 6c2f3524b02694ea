#include "config/life.h"

#include "config/value.h"
#include <sys/random.h>

static void read_bytes(struct compile *c, const struct section *s, const char *key, uint64_t *out)
{
    const struct value *v = value_find(s, key);
    if (v && v->text && !value_bytes(v->text, out))
        report_error(c->report, v->origin,
                     "%s = %s: octets such as 1000, 500k, 20m or 4g are "
                     "wanted",
                     key, v->text);
}

/* From 0 to max. Not secret: without an answer of the system it is the middle. */
static uint64_t some_of(uint64_t max)
{
    uint64_t draw;
    if (max == UINT64_MAX || getrandom(&draw, sizeof(draw), GRND_NONBLOCK) != sizeof(draw))
        return max / 2;
    return draw % (max + 1);
}

struct limits {
    uint64_t rekey, life, rand;
    bool life_given, rand_given;
};

/* Soft and hard limit of one kind; *key names it for a complaint. */
static void settle(struct compile *c, const struct section *s, const char *const keys[3],
                   struct limits *l)
{
    if (l->rekey && !section_text(s, keys[1])) /* tenths, without running over */
        l->life = l->rekey > UINT64_MAX / 11 * 10 ? UINT64_MAX : l->rekey + l->rekey / 10;
    if (l->rekey && l->life && l->life < l->rekey)
        report_warning(c->report, compile_place(c, s, keys[1]),
                       "%s is below %s: the SA is closed before it is made anew", keys[1], keys[0]);
    if (!section_text(s, keys[2]))
        l->rand = l->life > l->rekey ? l->life - l->rekey : 0;
    if (l->rekey) /* something is left: 0 is no limit */
        l->rekey -= some_of(l->rand < l->rekey ? l->rand : l->rekey - 1);
}

void compile_life(struct compile *c, const struct section *s, struct shrike_life *out)
{
    static const char *const octets[] = {"rekey_bytes", "life_bytes", "rand_bytes"};
    static const char *const packets[] = {"rekey_packets", "life_packets", "rand_packets"};
    struct limits b = {0}, p = {0};
    read_bytes(c, s, octets[0], &b.rekey);
    read_bytes(c, s, octets[1], &b.life);
    read_bytes(c, s, octets[2], &b.rand);
    compile_number(c, s, packets[0], UINT64_MAX, &p.rekey);
    compile_number(c, s, packets[1], UINT64_MAX, &p.life);
    compile_number(c, s, packets[2], UINT64_MAX, &p.rand);
    settle(c, s, octets, &b);
    settle(c, s, packets, &p);
    *out = (struct shrike_life){b.rekey, b.life, p.rekey, p.life, 0};
    compile_time(c, s, "inactivity", &out->idle);
}

void compile_child_times(struct compile *c, const struct section *s, struct shrike_child_conf *out)
{
    const bool life = section_text(s, "life_time"), rekey = section_text(s, "rekey_time");
    shrike_time hour = 3600 * SHRIKE_SECOND;
    compile_time(c, s, "life_time", &out->life_time);
    out->rekey_time = life && !rekey ? out->life_time / 11 * 10 : hour;
    compile_time(c, s, "rekey_time", &out->rekey_time);
    if (!life)
        out->life_time = out->rekey_time + out->rekey_time / 10;
    if (out->life_time && out->rekey_time > out->life_time)
        report_warning(c->report, compile_place(c, s, "life_time"),
                       "life_time is below rekey_time: the SA is closed before it is made anew");
    out->rand_time = out->life_time > out->rekey_time ? out->life_time - out->rekey_time : 0;
    compile_time(c, s, "rand_time", &out->rand_time);
}

void compile_conn_times(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    shrike_time hours = 4 * 3600 * SHRIKE_SECOND;
    compile_time(c, s, "reauth_time", &out->reauth_time);
    out->rekey_time = out->reauth_time ? 0 : hours;
    compile_time(c, s, "rekey_time", &out->rekey_time);
    shrike_time longer = out->rekey_time > out->reauth_time ? out->rekey_time : out->reauth_time;
    out->over_time = longer / 10;
    compile_time(c, s, "over_time", &out->over_time);
    out->rand_time = out->over_time;
    compile_time(c, s, "rand_time", &out->rand_time);
}
