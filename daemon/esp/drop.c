/* Counters of dropped packets. */
#include "esp/drop.h"

const char *esp_drop_text(enum esp_drop why)
{
    static const char *const texts[] = {
#define DROP(name, word, text) text,
#include "esp/drop.def"
#undef DROP
    };
    return texts[why];
}

const char *esp_drop_word(enum esp_drop why)
{
    static const char *const words[] = {
#define DROP(name, word, text) word,
#include "esp/drop.def"
#undef DROP
    };
    return words[why];
}

void esp_count(struct esp_counters *c, enum esp_drop why)
{
    /* One writer: a load and a store, not the locked addition of many. */
    u64 now = atomic_load_explicit(&c->packets[why], memory_order_relaxed);
    atomic_store_explicit(&c->packets[why], now + 1, memory_order_relaxed);
}

u64 esp_counted(struct esp_counters *c, enum esp_drop why)
{
    return atomic_load_explicit(&c->packets[why], memory_order_relaxed);
}
