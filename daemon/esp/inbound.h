/* The way in: from the network through an SA to the TUN device. */
#ifndef ESP_INBOUND_H
#define ESP_INBOUND_H

#include "esp/plane.h"

/* Carry what this socket has, up to a turn's worth. */
void inbound_turn(struct plane *p, struct esp_socket *u);
/* Carry a datagram of UDP that another process took. It is decrypted where it stands. */
void inbound_stray(struct plane *p, const struct arrival *a);

#endif
