/* Numbers in network order where they stand in a packet. */
#ifndef ESP_OCTETS_H
#define ESP_OCTETS_H

#include "base/bytes.h"

static inline u16 get_u16(const u8 *at)
{
    return (u16)(at[0] << 8 | at[1]);
}

static inline u32 get_u32(const u8 *at)
{
    return (u32)get_u16(at) << 16 | get_u16(at + 2);
}

static inline void put_u16(u8 *at, size_t v)
{
    at[0] = (u8)(v >> 8);
    at[1] = (u8)v;
}

static inline void put_u32(u8 *at, u32 v)
{
    put_u16(at, v >> 16);
    put_u16(at + 2, v);
}

static inline void put_u64(u8 *at, u64 v)
{
    put_u32(at, (u32)(v >> 32));
    put_u32(at + 4, (u32)v);
}

#endif
