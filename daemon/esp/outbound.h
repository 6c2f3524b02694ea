/* The way out: from the TUN device through an SA to the network. */
#ifndef ESP_OUTBOUND_H
#define ESP_OUTBOUND_H

#include "esp/plane.h"

#define OUTBOUND_READS  64     /* packets or super-segments of one turn */
#define OUTBOUND_OCTETS 524288 /* ... and their octets, about */

/* Carry what the TUN device has, up to a turn's worth. false: a socket is full; come again when
 * outbound_waits_for() can be written to. */
bool outbound_turn(struct plane *p);
/* Send what is sealed already. false: a socket is full. */
bool outbound_flush(struct plane *p);
/* The socket that is full; NULL: nothing waits. */
struct esp_socket *outbound_waits_for(struct plane *p);

#endif
