/* Child SAs that have ended: see ended.h. */
#include "control/ended.h"
#include "control/commands.h"
#include "control/control.h"
#include "ops/seam.h"
#include <stdlib.h>

/* The one that has ended; 0: this is no such event. */
static u32 serial_of(const struct shrike_event *e)
{
    if (e->id == SHRIKE_EVENT_CHILD_DOWN)
        return e->child;
    return e->id == SHRIKE_EVENT_CHILD_REKEYED ? e->number : 0;
}

static struct mail_count *place_of(struct ended *d, u32 serial)
{
    return &d->counts[serial & (ENDED_KEPT - 1)];
}

/* The first that waits goes, with numbers or without. */
static void tell(struct control *c, u32 at, const struct mail_count *counts)
{
    static struct seam_box box;
    struct ended *d = &c->ended;
    struct parked one = d->parked[at];
    struct shrike_event e;
    struct reader r = reader_of(bytes_of(one.octets, one.len));
    d->count--;
    memmove(&d->parked[at], &d->parked[at + 1], (d->count - at) * sizeof d->parked[0]);
    if (event_read(&r, &e, &box))
        commands_event(c, &e, counts);
    free(one.octets);
}

static void set_alarm(struct control *c)
{
    struct ended *d = &c->ended;
    if (d->count)
        loop_alarm(c->seat->loop, &d->alarm, d->parked[0].until);
    else
        loop_disarm(c->seat->loop, &d->alarm);
}

static void too_late(void *ctx)
{
    struct control *c = ctx;
    const shrike_time now = loop_now(c->seat->loop);
    while (c->ended.count && c->ended.parked[0].until <= now)
        tell(c, 0, NULL);
    set_alarm(c);
}

void ended_open(struct control *c)
{
    c->ended.alarm = (struct alarm){.ring = too_late, .ctx = c};
}

void ended_close(struct control *c)
{
    loop_disarm(c->seat->loop, &c->ended.alarm);
    while (c->ended.count)
        free(c->ended.parked[--c->ended.count].octets);
}

bool ended_waits(struct control *c, const struct shrike_event *e, struct bytes mail,
                 const struct mail_count **counts)
{
    struct ended *d = &c->ended;
    u32 serial = serial_of(e);
    *counts = NULL;
    if (!serial)
        return false;
    if (place_of(d, serial)->child_serial == serial) {
        d->taken = *place_of(d, serial);
        place_of(d, serial)->child_serial = 0;
        *counts = &d->taken;
        return false;
    }
    if (!commands_wants(c, e) || !seat_has(c->seat, ROLE_ESP) || d->count == ENDED_PARKED)
        return false;
    u8 *octets = malloc(mail.len);
    if (!octets)
        return false;
    memcpy(octets, mail.at, mail.len);
    d->parked[d->count++] = (struct parked){.octets = octets,
                                            .len = mail.len,
                                            .serial = serial,
                                            .until = loop_now(c->seat->loop) + ENDED_WAIT};
    set_alarm(c);
    return true;
}

void ended_forget(struct control *c)
{
    memset(c->ended.counts, 0, sizeof c->ended.counts);
}

void ended_got(struct control *c, const struct mail_count *count)
{
    struct ended *d = &c->ended;
    for (u32 i = 0; i < d->count; i++) {
        if (d->parked[i].serial != count->child_serial)
            continue;
        tell(c, i, count);
        set_alarm(c);
        return;
    }
    *place_of(d, count->child_serial) = *count;
}
