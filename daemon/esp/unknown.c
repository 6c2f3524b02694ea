/* ESP packets that belong to no SA. */
#include "esp/unknown.h"

#define SPI_RESERVED 255 /* RFC 4303 2.1 */

/* Our SPIs are drawn at random. */
static struct unknown_gone *place(struct unknown *u, u32 spi)
{
    return &u->gone[spi % UNKNOWN_GONE];
}

void unknown_gone(struct unknown *u, u32 spi, shrike_time now)
{
    *place(u, spi) = (struct unknown_gone){spi, now + UNKNOWN_QUIET};
}

/* One host is meant: not 224.0.0.0/4 and above, not ff00::/8. */
static bool one_host(const struct shrike_endpoint *to)
{
    return to->family == 4 ? to->octets[0] < 224 : to->family == 6 && to->octets[0] != 0xff;
}

bool unknown_tell(struct unknown *u, u32 spi, size_t len, const struct shrike_endpoint *to,
                  shrike_time now)
{
    const struct unknown_gone *gone = place(u, spi);
    bool went = gone->spi == spi && now < gone->until;
    if (went || spi <= SPI_RESERVED || len < UNKNOWN_LEN_MIN || !one_host(to))
        return false;
    if (now - u->since >= SHRIKE_SECOND) {
        u->since = now;
        u->told = 0;
    }
    if (u->told == UNKNOWN_EACH_SECOND)
        return false;
    u->told++;
    return true;
}
