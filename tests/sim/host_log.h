/* Questions about what a host told and sent. */
#ifndef SIM_HOST_LOG_H
#define SIM_HOST_LOG_H

#include "host.h"

/* What was told: how often, and the last one (NULL for none). */
unsigned host_count(const struct host *h, enum shrike_event_id id);
unsigned host_count_reason(const struct host *h, enum shrike_event_id id,
                           enum shrike_reason_code reason);
const struct host_event *host_last(const struct host *h, enum shrike_event_id id);
/* Datagrams sent in an exchange, requests or responses. */
unsigned host_count_sent(const struct host *h, u8 exchange, bool response);
unsigned host_ikes_up(const struct host *h);
struct host_ike *host_ike(struct host *h, u64 spi_i, u64 spi_r);

#endif
