/* How long the kernel's IPsec waits for an SA that it has asked for: see larval.h. */
#include "parent/larval.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLACE    "/proc/sys/net/core/xfrm_acq_expires"
#define KERNEL_S 30 /* as a kernel has it by itself */

static u32 value(void)
{
    unsigned is = 0;
    FILE *f = fopen(PLACE, "re");
    if (!f)
        return 0;
    if (fscanf(f, "%u", &is) != 1)
        is = 0;
    fclose(f);
    return is;
}

static bool set(u32 to)
{
    FILE *f = fopen(PLACE, "we");
    if (!f)
        return false;
    bool written = fprintf(f, "%u\n", to) > 0;
    return (fclose(f) == 0) && written;
}

/* When a request of this connection is given up; 0: nothing is said of that. */
static shrike_time patience(const struct shrike_conn *c)
{
    shrike_time all = c->give_up_after, wait = c->retransmit_first;
    for (unsigned n = 0; n < c->retransmit_tries && all < LARVAL_S * SHRIKE_SECOND; n++) {
        all += MIN(wait, c->retransmit_max);
        wait *= 2;
    }
    return all;
}

/* In whole seconds, and not none at all. */
static u32 wanted(const struct shrike_conf *conf)
{
    shrike_time least = LARVAL_S * SHRIKE_SECOND;
    for (u32 i = 0; i < conf->conn_count; i++) {
        shrike_time one = patience(&conf->conns[i]);
        if (one > 0)
            least = MIN(least, one);
    }
    return (u32)MAX(least / SHRIKE_SECOND, 1);
}

void larval_open(struct larval *l, const struct shrike_conf *conf, const struct tell *t)
{
    u32 was = value(), to = wanted(conf);
    *l = (struct larval){.is = to};
    if (was > to && set(to))
        l->before = was == LARVAL_S ? KERNEL_S : was;
    else if (was > to)
        tell(t, SHRIKE_WARNING, "%s stays %u: %s: a trap asks no sooner for another Child SA",
             PLACE, was, strerror(errno));
    else if (was == to) /* of one that has handed on, or ended by force: what was, is lost */
        l->before = KERNEL_S;
}

void larval_change(struct larval *l, const struct shrike_conf *conf)
{
    u32 to = wanted(conf);
    if (l->before && to != l->is && value() == l->is && set(to))
        l->is = to;
}

void larval_close(struct larval *l)
{
    if (l->before && value() == l->is && !fault(244))
        (void)set(l->before);
    l->before = 0;
}
