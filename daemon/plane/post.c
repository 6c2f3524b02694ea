/* Letters of the data plane. */
#include "plane/post.h"
#include "ops/seam.h"

#define ROUTE_MAX   8192 /* octets of one body */
#define ANSWER_MAX  256
#define KERNEL_MAX  256
#define STATS_MAX   4096
#define COUNTED_MAX 16384

static bool post(struct seat *s, enum role to, u16 kind, const struct writer *w)
{
    ensure(!w->full);
    return seat_send(s, to, kind, written_bytes(w));
}

void post_route(struct seat *s, u32 number, const struct mail_route *m)
{
    u8 body[ROUTE_MAX];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, number);
    route_write(&w, m);
    if (!post(s, ROLE_PARENT, MAIL_ROUTE, &w))
        seat_log(s, SHRIKE_ERROR,
                 "a route for reqid %u could not be %s: the parent does not listen", m->reqid,
                 m->add ? "asked for" : "taken back");
}

void post_numbers(struct seat *s, u32 number, const struct mail_numbers *m)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, number);
    numbers_write(&w, m);
    (void)post(s, ROLE_PARENT, MAIL_NUMBERS, &w);
}

bool post_answer(struct seat *s, struct shrike_token token, bool ok)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_answer a = {.ok = ok, .reason = ok ? SHRIKE_REASON_NONE : SHRIKE_REASON_KERNEL};
    answer_write(&w, token, &a);
    return post(s, ROLE_NET, MAIL_ANSWER, &w);
}

bool post_kernel(struct seat *s, const struct shrike_kernel_event *k)
{
    u8 body[KERNEL_MAX];
    struct writer w = writer_of(body, sizeof(body));
    kernel_write(&w, k);
    return post(s, ROLE_NET, MAIL_KERNEL, &w);
}

bool post_stray(struct seat *s, const struct mail_stray *m)
{
    u8 body[MAIL_BODY_MAX];
    struct writer w = writer_of(body, sizeof(body));
    stray_write(&w, m);
    return !w.full && post(s, ROLE_NET, MAIL_STRAY, &w);
}

void post_stats(struct seat *s, u32 reference, const struct mail_stats *m)
{
    u8 body[STATS_MAX];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, reference);
    stats_write(&w, m);
    post(s, ROLE_CONTROL, MAIL_STATS_ARE, &w);
}

void post_counts(struct seat *s, enum role to, u32 reference, const struct mail_count *counts,
                 u16 count)
{
    u8 body[COUNTED_MAX];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, reference);
    write_u16(&w, count);
    for (u16 i = 0; i < count; i++)
        count_write(&w, &counts[i]);
    post(s, to, MAIL_COUNTED, &w);
}
