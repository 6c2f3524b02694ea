/* The log of a host, searched. */
#include "host_log.h"
#include "wire/header.h"

unsigned host_count(const struct host *h, enum shrike_event_id id)
{
    unsigned n = 0;
    for (size_t i = 0; i < h->log_count; i++)
        n += h->log[i].id == id;
    return n;
}

unsigned host_count_reason(const struct host *h, enum shrike_event_id id,
                           enum shrike_reason_code reason)
{
    unsigned n = 0;
    for (size_t i = 0; i < h->log_count; i++)
        n += h->log[i].id == id && h->log[i].reason == reason;
    return n;
}

const struct host_event *host_last(const struct host *h, enum shrike_event_id id)
{
    for (size_t i = h->log_count; i-- > 0;)
        if (h->log[i].id == id)
            return &h->log[i];
    return NULL;
}

unsigned host_count_sent(const struct host *h, u8 exchange, bool response)
{
    unsigned n = 0;
    for (size_t i = 0; i < h->sent_count; i++)
        n += h->sent[i].exchange == exchange && !!(h->sent[i].flags & FLAG_RESPONSE) == response;
    return n;
}

unsigned host_ikes_up(const struct host *h)
{
    unsigned n = 0;
    for (size_t i = 0; i < h->ike_count; i++)
        n += h->ikes[i].up;
    return n;
}

struct host_ike *host_ike(struct host *h, u64 spi_i, u64 spi_r)
{
    for (size_t i = 0; i < h->ike_count; i++)
        if (h->ikes[i].spi_i == spi_i && h->ikes[i].spi_r == spi_r)
            return &h->ikes[i];
    return NULL;
}
