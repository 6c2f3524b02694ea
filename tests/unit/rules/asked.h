/* A connection with one child, and a Child SA of it as net asks for it: each test bends one of
 * both. */
#ifndef UNIT_RULES_ASKED_H
#define UNIT_RULES_ASKED_H

#include "rules/allowed.h"
#include "test.h"
#include "wire/codes.h"

#define ASKED_REQID 0x4001

struct asked {
    struct shrike_conn conn;
    struct shrike_child_conf child;
    struct shrike_proposal proposals[2];
    struct shrike_transform gcm[3], cbc[3];
    struct shrike_ts local_conf[2], remote_conf[2];
    struct shrike_net local_net, remote_net;
    struct shrike_install_op op;
    struct shrike_ts local[2], remote[2];
    u8 key[64];
};

static inline struct shrike_ts ts4(u32 from, u32 to)
{
    struct shrike_ts ts = {.family = 4, .port_to = UINT16_MAX};
    for (int i = 0; i < 4; i++) {
        ts.from[i] = (u8)(from >> (24 - 8 * i));
        ts.to[i] = (u8)(to >> (24 - 8 * i));
    }
    return ts;
}

static inline struct shrike_ts ts_dynamic_conf(void)
{
    return (struct shrike_ts){.port_to = UINT16_MAX};
}

static inline struct shrike_endpoint end4(u32 address, u16 port)
{
    struct shrike_endpoint e = {.family = 4, .port = port};
    for (int i = 0; i < 4; i++)
        e.octets[i] = (u8)(address >> (24 - 8 * i));
    return e;
}

static inline struct shrike_net net4(u32 address, u8 bits)
{
    struct shrike_net n = {.addr = {.family = 4}, .prefix_bits = bits};
    struct shrike_endpoint e = end4(address, 0);
    memcpy(n.addr.octets, e.octets, sizeof(n.addr.octets));
    return n;
}

static inline void asked_proposals(struct asked *a)
{
    a->gcm[0] = (struct shrike_transform){TRANSFORM_ENCR, ENCR_AES_GCM_16, 128};
    a->gcm[1] = (struct shrike_transform){TRANSFORM_SN, SN_64, 0};
    a->gcm[2] = (struct shrike_transform){TRANSFORM_KE, KE_CURVE25519, 0};
    a->cbc[0] = (struct shrike_transform){TRANSFORM_ENCR, ENCR_AES_CBC, 256};
    a->cbc[1] = (struct shrike_transform){TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128, 0};
    a->cbc[2] = (struct shrike_transform){TRANSFORM_SN, SN_32, 0};
    a->proposals[0] = (struct shrike_proposal){
        .protocol = PROTOCOL_ESP, .transform_count = 3, .transforms = a->gcm};
    a->proposals[1] = (struct shrike_proposal){
        .protocol = PROTOCOL_ESP, .transform_count = 3, .transforms = a->cbc};
}

/* 10.1.0.0/16 here, 10.2.0.0/16 there; 192.0.2.1 to 198.51.100.1; AES-GCM with 64-bit sequence
 * numbers, or AES-CBC with SHA-256. */
static inline void asked_make(struct asked *a)
{
    memset(a, 0, sizeof(*a));
    asked_proposals(a);
    a->local_conf[0] = ts4(0x0a010000, 0x0a01ffff);
    a->remote_conf[0] = ts4(0x0a020000, 0x0a02ffff);
    a->local_net = net4(0xc0000201, 32);
    a->remote_net = net4(0xc6336400, 24);
    a->child = (struct shrike_child_conf){.name = "lan",
                                          .proposals = a->proposals,
                                          .proposal_count = 2,
                                          .local_ts = a->local_conf,
                                          .remote_ts = a->remote_conf,
                                          .local_ts_count = 1,
                                          .remote_ts_count = 1,
                                          .tfc_padding = 500,
                                          .replay_window = 64,
                                          .reqid = ASKED_REQID,
                                          .life = {.bytes_soft = 1000, .bytes_hard = 2000}};
    a->conn = (struct shrike_conn){.name = "office",
                                   .hash = 77,
                                   .local_addrs = &a->local_net,
                                   .remote_addrs = &a->remote_net,
                                   .local_addr_count = 1,
                                   .remote_addr_count = 1,
                                   .proposals = a->proposals,
                                   .proposal_count = 1,
                                   .children = &a->child,
                                   .child_count = 1};
    a->local[0] = ts4(0x0a010100, 0x0a0101ff);
    a->remote[0] = ts4(0x0a020000, 0x0a02ffff);
    a->op = (struct shrike_install_op){.conn = "office",
                                       .child = "lan",
                                       .child_serial = 1,
                                       .reqid = ASKED_REQID,
                                       .esn = true,
                                       .encap = true,
                                       .protocol = PROTOCOL_ESP,
                                       .encr = ENCR_AES_GCM_16,
                                       .encr_key_bits = 128,
                                       .tfc_padding = 500,
                                       .replay_window = 64,
                                       .local = end4(0xc0000201, 4500),
                                       .remote = end4(0xc6336401, 4500),
                                       .in = {.spi = 0x1001, .encr_key = {a->key, 20}},
                                       .out = {.spi = 0x2001, .encr_key = {a->key, 20}},
                                       .local_ts = a->local,
                                       .remote_ts = a->remote,
                                       .local_ts_count = 1,
                                       .remote_ts_count = 1,
                                       .life = {.bytes_soft = 1000, .bytes_hard = 2000}};
}

#endif
