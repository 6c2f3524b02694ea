/* Why a packet did not go on, and how many there were of each kind. */
#ifndef ESP_DROP_H
#define ESP_DROP_H

#include "base/bytes.h"
#include <stdatomic.h>

#define ESP_DROPS(row)                                                                             \
    row(ESP_PASS, "passed") row(ESP_SHORT, "too short or of a wrong length")                       \
        row(ESP_NO_SA, "no SA of this SPI") row(ESP_REPLAYED, "number seen before")                \
            row(ESP_LATE, "number left of the replay window")                                      \
                row(ESP_FORGED, "integrity check failed") row(ESP_PADDING, "wrong padding")        \
                    row(ESP_DUMMY, "dummy packet")                                                 \
                        row(ESP_PROTOCOL, "neither IPv4 nor IPv6 inside")                          \
                            row(ESP_INNER, "malformed packet inside")                              \
                                row(ESP_SELECTOR, "outside of the SA's selectors")                 \
                                    row(ESP_ECN, "congestion mark that cannot be passed on")       \
                                        row(ESP_NO_POLICY, "no policy for it")                     \
                                            row(ESP_NO_ROOM, "no room in the buffer")              \
                                                row(ESP_EXHAUSTED, "sequence numbers used up")     \
                                                    row(ESP_EXPIRED, "lifetime of the SA used up") \
                                                        row(ESP_CIPHER, "the cipher failed")

enum esp_drop {
#define ROW(name, text) name,
    ESP_DROPS(ROW)
#undef ROW
        ESP_DROP_COUNT
};

/* Written by one worker, read by anybody. */
struct esp_counters {
    _Atomic u64 packets[ESP_DROP_COUNT];
};

const char *esp_drop_text(enum esp_drop why);
void esp_count(struct esp_counters *c, enum esp_drop why);
u64 esp_counted(struct esp_counters *c, enum esp_drop why);

#endif
