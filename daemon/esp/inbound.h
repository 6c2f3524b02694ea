/* The way in: from the network through an SA to the TUN device. */
#ifndef ESP_INBOUND_H
#define ESP_INBOUND_H

#include "esp/plane.h"

/* Carry what this socket has, up to a turn's worth. */
void inbound_turn(struct plane *p, struct esp_socket *u);
/* Carry these datagrams, which are decrypted where they stand; more may follow before
 * coalesce_flush(). raw: of protocol 50, else of UDP, where keepalives and IKE are among them. */
void inbound_arrival(struct plane *p, const struct arrival *a, bool raw);

#endif
