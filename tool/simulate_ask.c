/* The options of `shrike simulate`: see simulate_ask.h. */
#include "tool/simulate_ask.h"
#include "tool/show.h"

enum {
    LATENCY_US = 20000,
    LATENCY_MAX_US = 60000000,
    MTU_MIN = 200, /* below it nothing of IKE passes */
    PORT_MAX = 65535,
};

struct tool_play simulate_default(void)
{
    return (struct tool_play){.seed = 1, .latency_us = LATENCY_US};
}

bool simulate_has(int option)
{
    return option == 'c' || (option >= OPTION_LATENCY && option <= OPTION_DAY);
}

static bool number(const char *text, u64 most, u64 *out)
{
    return show_number(bytes_of(text, strlen(text)), out) && *out <= most;
}

/* 20ms, 1s, 500us; without a unit milliseconds. */
static bool latency(const char *text, unsigned *us)
{
    static const struct {
        const char *word;
        u64 us;
    } units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {"", 1000}};
    const size_t digits = strspn(text, "0123456789");
    u64 value;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(text + digits, units[i].word) != 0 ||
            !show_number(bytes_of(text, digits), &value) || value > LATENCY_MAX_US / units[i].us)
            continue;
        *us = (unsigned)(value * units[i].us);
        return true;
    }
    return false;
}

static bool side(const char *text, char end, u8 *out)
{
    *out = text[0] == 'b';
    return (text[0] == 'a' || text[0] == 'b') && text[1] == end;
}

static bool block(struct tool_play *p, const char *text)
{
    struct tool_block one;
    u64 port;
    if (p->block_count == TOOL_BLOCKS_MAX || !side(text, ':', &one.side) ||
        !number(text + 2, PORT_MAX, &port) || !port)
        return false;
    one.port = (u16)port;
    p->blocks[p->block_count++] = one;
    return true;
}

const char *simulate_take(struct tool_play *p, int option, const char *value)
{
    u64 n = 0;
    u8 which = 0;
    switch (option) {
    case 'c':
        p->conn = value;
        return NULL;
    case OPTION_LATENCY:
        return latency(value, &p->latency_us) ? NULL : "--latency is a time up to 60s, not ";
    case OPTION_LOSS:
        p->loss = number(value, 100, &n) ? (unsigned)n : 101;
        return p->loss <= 100 ? NULL : "--loss is a number from 0 to 100, not ";
    case OPTION_MTU:
        p->mtu = number(value, PORT_MAX, &n) ? (unsigned)n : 0;
        return p->mtu >= MTU_MIN ? NULL : "--mtu is a number from 200 to 65535, not ";
    case OPTION_NAT:
        if (!side(value, '\0', &which))
            return "--nat is a or b, not ";
        p->nat[which] = true;
        return NULL;
    case OPTION_BLOCK:
        return block(p, value) ? NULL : "--block is like b:4500, at most 8 of them, not ";
    case OPTION_SEED:
        return number(value, UINT64_MAX, &p->seed) ? NULL : "--seed is a number, not ";
    default:
        p->day = true;
        return NULL;
    }
}
