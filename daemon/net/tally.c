/* Counters of connections for control: see tally.h. */
#include "net/tally.h"
#include "ops/mail.h"

static void send(struct seat *seat, const struct mail_tallies *m, u32 reference)
{
    static u8 body[MAIL_BODY_MAX]; /* used by one call at a time */
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    tallies_write(&w, m);
    if (!w.full)
        (void)seat_send(seat, ROLE_CONTROL, MAIL_TALLIES, written_bytes(&w));
}

static void send_all(struct seat *seat, const struct shrike *engine, u32 reference)
{
    static struct mail_tallies m; /* used by one call at a time */
    u32 at = 0;
    m.count = 0;
    m.last = false;
    while (shrike_counts(engine, &at, &m.all[m.count])) {
        if (++m.count < MAIL_TALLIES_MAX)
            continue;
        send(seat, &m, reference);
        m.count = 0;
    }
    m.last = true;
    send(seat, &m, reference);
}

bool tally_got(struct seat *seat, struct shrike *engine, const struct mail *m)
{
    struct mail_tally q;
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!tally_read(&r, &q))
        return false;
    if (q.reset)
        (void)shrike_counts_reset(engine, q.all ? NULL : q.conn);
    send_all(seat, engine, reference);
    return true;
}
