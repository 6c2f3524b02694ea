/* Random messages for the tests of the control protocol, from a seed. */
#ifndef UNIT_VICI_RANDOM_H
#define UNIT_VICI_RANDOM_H

#include "vici/message.h"

static inline u32 draw(u64 *seed, u32 below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (u32)(*seed >> 33) % below;
}

static inline struct bytes draw_bytes(u64 *seed, u8 *at, u32 most)
{
    u32 len = draw(seed, most + 1);
    for (u32 i = 0; i < len; i++)
        at[i] = (u8)(1 + draw(seed, 255));
    return bytes_of(at, len);
}

/* A sound message of about that many elements. */
static inline void draw_message(u64 *seed, struct vici_writer *v, unsigned count)
{
    u8 name[12], value[40];
    for (unsigned i = 0; i < count; i++) {
        struct bytes n = draw_bytes(seed, name, sizeof(name));
        switch (draw(seed, 4)) {
        case 0:
            if (v->depth < VICI_DEPTH_MAX)
                vici_begin_named(v, n);
            break;
        case 1:
            if (v->depth > 0)
                vici_end(v);
            break;
        case 2:
            if (v->depth == VICI_DEPTH_MAX)
                break;
            vici_list_begin_named(v, n);
            for (u32 k = draw(seed, 4); k > 0; k--)
                vici_list_put(v, draw_bytes(seed, value, sizeof(value)));
            vici_list_end(v);
            break;
        default:
            vici_put_named(v, n, draw_bytes(seed, value, sizeof(value)));
        }
    }
    while (v->depth > 0)
        vici_end(v);
}

#endif
