/* Sealed packets on their way out, gathered into runs that go with one call each. */
#ifndef ESP_BATCH_H
#define ESP_BATCH_H

#include "esp/socket.h"

#define BATCH_SIZE 262144 /* octets: two full super-segments and what sealing adds */
#define BATCH_FULL 131072 /* at so many they should go */

struct batch {
    u8 *octets;
    size_t used;
    struct run runs[UDP_RUNS_MAX];
    u16 count;
};

bool batch_open(struct batch *b) must_use; /* false: no memory */
void batch_close(struct batch *b);

/* Where the next packet may be built and how much room there is. */
u8 *batch_room(struct batch *b, size_t *size);
/* The packet that was built there: what of a run says where it goes, and its len. false: no run is
 * left, and the packet is not taken. */
bool batch_add(struct batch *b, const struct run *packet, u16 segments_max) must_use;
/* The first so many runs are gone. */
void batch_gone(struct batch *b, size_t count);
/* Octets of all runs. */
size_t batch_waiting(const struct batch *b);
/* Those that wait move to the front: there is more room behind them. */
void batch_close_up(struct batch *b);

#endif
