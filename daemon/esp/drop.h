/* Why a packet did not go on, and how many there were of each kind. */
#ifndef ESP_DROP_H
#define ESP_DROP_H

#include "base/bytes.h"
#include <stdatomic.h>

enum esp_drop {
#define DROP(name, word, text) name,
#include "esp/drop.def"
#undef DROP
    ESP_DROP_COUNT
};

/* Written by one worker, read by anybody. */
struct esp_counters {
    _Atomic u64 packets[ESP_DROP_COUNT];
};

const char *esp_drop_text(enum esp_drop why);
/* One word, as metrics want it: "no_sa". */
const char *esp_drop_word(enum esp_drop why);
void esp_count(struct esp_counters *c, enum esp_drop why);
u64 esp_counted(struct esp_counters *c, enum esp_drop why);

#endif
