/* Trust and checks: see judge.h. */
#include "certs/judge.h"
#include "certs/check.h"
#include "ops/seam.h"

#define ABOUT_MAX 256 /* characters of the subject of a certificate, for the log */

bool judge_open(struct judge *d)
{
    *d = (struct judge){.cache = certificates_new(), .serial = 1};
    known_open(&d->known);
    lookups_open(&d->lookups);
    d->trust = d->cache ? trust_new(d->cache, d->serial) : NULL;
    if (d->trust && trust_seal(d->trust))
        return true;
    judge_close(d);
    return false;
}

void judge_close(struct judge *d)
{
    trust_free(d->takes ? intake_end(&d->intake) : NULL);
    trust_free(d->trust);
    known_close(&d->known);
    lookups_close(&d->lookups);
    certificates_free(d->cache);
    *d = (struct judge){0};
}

const char *judge_begin(struct judge *d, int fd)
{
    trust_free(d->takes ? intake_end(&d->intake) : NULL); /* the newer one counts */
    const char *said = intake_begin(&d->intake, fd, d->cache, ++d->serial);
    d->takes = !said;
    return said;
}

bool judge_step(struct judge *d, struct intake_said *said)
{
    return d->takes && intake_step(&d->intake, said);
}

const char *judge_end(struct judge *d)
{
    struct trust *t = d->takes ? intake_end(&d->intake) : NULL;
    d->takes = false;
    if (!t)
        return "is broken: what was trusted before is trusted still";
    trust_free(d->trust);
    d->trust = t;
    return NULL;
}

bool judge_answer(struct judge *d, struct bytes octets, time_t now, struct writer *out,
                  struct judged *is)
{
    struct shrike_op op;
    struct seam_box box;
    char buffer[ABOUT_MAX];
    struct text about = text_of(buffer, sizeof(buffer));
    struct reader r = reader_of(octets);
    const struct check_others others = {.known =
                                            d->asks && trust_fetch(d->trust)->on ? &d->known : NULL,
                                        .lookups = d->asks ? &d->lookups : NULL,
                                        .waits = is->last ? NULL : &is->waits,
                                        .proved = is->proved};
    is->waits.count = 0;
    if (!op_read(&r, &op, &box) || !read_ended(&r) || op.kind != SHRIKE_CHECK)
        return false;
    struct shrike_answer a = check_with(d->trust, &op, now, &others, &about);
    is->reason = a.reason;
    if (a.ok && is->waits.count > 0)
        return true;
    is->waits.count = 0; /* what it has begun to ask is of no use to it */
    answer_write(out, op.token, &a);
    *(a.ok ? &d->checked : &d->refused) += 1;
    return !out->full;
}
