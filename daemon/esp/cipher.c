/* Which library does the work for an SA, and what every library may rely on. */
#include "esp/cipher.h"
#include <limits.h>

#define BLOCK_MAX 16

static enum cipher_preference preference;

void cipher_prefer(enum cipher_preference p)
{
    preference = p;
}

struct cipher *cipher_new(const struct cipher_spec *spec)
{
    struct cipher *c = preference == CIPHER_FASTEST ? cipher_new_ipsecmb(spec) : NULL;
    return c ? c : cipher_new_openssl(spec);
}

const char *cipher_library(const struct cipher *c)
{
    return c->ops->library;
}

/* Lengths that a library takes as int, and whole blocks. */
static bool job_fits(const struct cipher *c, const struct cipher_job *j)
{
    return j->text_len < INT_MAX - BLOCK_MAX && j->text_len % c->block == 0;
}

bool cipher_seal(struct cipher *c, const struct cipher_job *j)
{
    return job_fits(c, j) && c->ops->seal(c, j);
}

bool cipher_open(struct cipher *c, const struct cipher_job *j)
{
    return job_fits(c, j) && c->ops->open(c, j);
}

void cipher_free(struct cipher *c)
{
    if (c)
        c->ops->free(c);
}
