/* What accounting tells: see accounting.h. */
#include "radius/accounting.h"

/* RFC 2866 5.3, RFC 2869 5.1: 64 bits in two numbers; what is never more than 32 goes without. */
static void put_u64(struct writer *w, u8 type, u8 gigawords, u64 value)
{
    radius_put_u32(w, type, (u32)value);
    if (value >> 32)
        radius_put_u32(w, gigawords, (u32)(value >> 32));
}

static void put_usage(struct writer *w, const struct radius_session *s,
                      const struct radius_record *r)
{
    const struct radius_usage *u = &r->usage;
    put_u64(w, RADIUS_ACCT_INPUT_OCTETS, RADIUS_ACCT_INPUT_GIGAWORDS, u->in_octets);
    put_u64(w, RADIUS_ACCT_OUTPUT_OCTETS, RADIUS_ACCT_OUTPUT_GIGAWORDS, u->out_octets);
    radius_put_u32(w, RADIUS_ACCT_INPUT_PACKETS, (u32)u->in_packets);
    radius_put_u32(w, RADIUS_ACCT_OUTPUT_PACKETS, (u32)u->out_packets);
    radius_put_u32(w, RADIUS_ACCT_SESSION_TIME, (u32)((r->now - s->began) / SHRIKE_SECOND));
}

static void put_granted(struct writer *w, const struct radius_session *s, bool without_class)
{
    const struct radius_packet p = {.attributes = s->granted};
    struct radius_walk walk = {0};
    struct radius_attribute a;
    while (radius_next(&p, &walk, &a))
        if (a.type != RADIUS_CLASS || !without_class)
            radius_put(w, a.type, a.value);
}

void radius_accounting_put(struct writer *w, const struct radius_session *s,
                           const struct radius_record *r)
{
    radius_put_u32(w, RADIUS_ACCT_STATUS_TYPE, r->status);
    write_bytes(w, s->attributes);
    put_granted(w, s, r->without_class);
    radius_put_u32(w, RADIUS_ACCT_AUTHENTIC, RADIUS_AUTHENTIC_RADIUS);
    radius_put_u32(w, RADIUS_EVENT_TIMESTAMP, r->time_of_day);
    if (r->status != RADIUS_START)
        put_usage(w, s, r);
    if (r->status == RADIUS_STOP)
        radius_put_u32(w, RADIUS_ACCT_TERMINATE_CAUSE, r->cause);
}
