/* One value of each kind of body, every field with a number of its own; their octets. */
#ifndef UNIT_OPS_SAMPLES_H
#define UNIT_OPS_SAMPLES_H

#include "recode.h"
#include "wire/codes.h"

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

static const struct shrike_ts nets[] = {
    {{10, 1}, {10, 1, 255, 255}, 80, 443, 6, 4, {0}},
    {{0xfe, 0x80, 1}, {0xfe, 0x80, 1, [15] = 9}, UINT16_MAX, 0, 17, 6, {0}},
    {{0}, {0}, 0, UINT16_MAX, 1, 0, {0}},
};
static const struct shrike_token token = {0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f10};

static const struct mail_socket sample_socket = {SOCKET_NAT_T, 6, 4500};
static const struct mail_route sample_route = {
    true,
    0x11121314,
    1,
    2,
    {{{10}, {10, 9}, 1, 2, 3, 4, {0}}},
    {{{11}, {11, 9}, 4, 5, 6, 4, {0}}, {{12}, {12, 9}, 7, 8, 9, 6, {0}}},
    0};
static const struct mail_stats sample_stats = {
    2, {{"packets", 0x2122232425262728}, {"a name that has thirty-one char", 2}}};
static const struct mail_heir sample_heir = {true, 2, {0xf1, 0xf2}};
static const struct mail_count sample_count = {1, 0x2000000000000003, 4, 5, 6, 7, 8};
static const struct mail_secret sample_secret = {
    true,
    SECRET_PPK,
    {(const u8 *)"ike-1", 5},
    {(const u8 *)"\1\0\2", 3},
    2,
    {{ID_FQDN, {(const u8 *)"moon.example", 12}}, {ID_KEY_ID, {(const u8 *)"\0sun", 4}}}};
static const struct mail_password sample_password = {0xf1f2f3f4,
                                                     PASSWORD_MSCHAPV2,
                                                     true,
                                                     0xf5,
                                                     {(const u8 *)"HOME\\carol", 10},
                                                     {(const u8 *)"Carol", 5},
                                                     {(const u8 *)"challenge", 9},
                                                     {(const u8 *)"of the peer", 11},
                                                     {(const u8 *)"proof", 5}};
static const struct mail_password_is sample_password_is = {0xf6f7f8f9,
                                                           SHRIKE_REASON_AUTH_NO_SECRET,
                                                           {(const u8 *)"proof", 5},
                                                           {(const u8 *)"of the server", 13},
                                                           {(const u8 *)"key", 3}};
static const struct mail_grant sample_grant = {.account = 0x0102030405060708,
                                               .gift = {.address_count = 1,
                                                        .dns_count = 1,
                                                        .addresses = {{{10, 3, 0, 77}, 4}},
                                                        .netmask = {{255, 255}, 4},
                                                        .dns = {{{0xfd, 3, [15] = 1}, 6}}},
                                               .attributes = {(const u8 *)"\1\3a", 3}};
static const struct mail_account sample_account = {.what = ACCOUNT_HELD,
                                                   .number = 0xf1f2,
                                                   .age = 0xf3f4,
                                                   .conn = "home",
                                                   .local = {{192, 0, 2, 1}, 4500, 4, 0},
                                                   .remote = {{203, 0, 113, 9}, 1024, 4, 0},
                                                   .address_count = 1,
                                                   .addresses = {{{10, 3, 0, 77}, 4}},
                                                   .grant = {(const u8 *)"granted", 7}};
static const struct mail_account_ask sample_account_ask = {0xf5f6, ACCOUNT_OUT};
static const struct mail_pool sample_pool = {
    {(const u8 *)"people", 6}, {{10, 3, [3] = 1}, 4}, 254, 0xf1, 0xf2};
static const struct mail_lease sample_one_lease = {
    {{0xfd, 3, [15] = 1}, 6}, {ID_FQDN, {(const u8 *)"moon.example", 12}}, true};
static const struct mail_stray sample_stray = {
    {{192, 0, 2, 7}, 500, 4, 0}, {{192, 0, 2, 8}, 501, 4, 0}, 0xb8, {(const u8 *)"data", 4}};

static const struct shrike_cert sample_certs[] = {{CERT_X509_SIGNATURE, {(const u8 *)"leaf", 4}},
                                                  {CERT_CRL, {(const u8 *)"list", 4}}};
static const struct shrike_op sample_check = {.kind = SHRIKE_CHECK,
                                              .token = {1, 2, 3, 4},
                                              .auth = {SHRIKE_AUTH_PUBKEY,
                                                       AUTH_DIGITAL_SIGNATURE,
                                                       PRF_HMAC_SHA2_256,
                                                       0x1e,
                                                       0xf0f1f2f3,
                                                       0xf4f5f6f7,
                                                       {{1, [19] = 2}},
                                                       2,
                                                       sample_certs,
                                                       "home",
                                                       {ID_FQDN, {(const u8 *)"moon.example", 12}},
                                                       {ID_KEY_ID, {(const u8 *)"\0sun", 4}},
                                                       {(const u8 *)"what is signed", 14},
                                                       {(const u8 *)"proof", 5},
                                                       {"/etc/swanctl/swanctl.conf", 17}}};
static const struct shrike_op sample_install = {
    .kind = SHRIKE_CHILD_INSTALL,
    .token = {5, 6, 7, 0x80000008},
    .install = {"home",
                "lan",
                0x31,
                0x32,
                0x33,
                SHRIKE_TRANSPORT,
                true,
                true,
                true,
                true,
                true,
                true,
                PROTOCOL_ESP,
                ENCR_AES_GCM_16,
                256,
                INTEG_HMAC_SHA2_256_128,
                0x1033,
                0x1036,
                0x1034,
                0x1035,
                {{192, 0, 2, 7}, 4500, 4, 0},
                {{192, 0, 2, 9}, 4501, 4, 0},
                {0xc0000001, {(const u8 *)"in-key", 6}, {(const u8 *)"i", 1}},
                {0xc0000002, {(const u8 *)"out-key", 7}, {(const u8 *)"oo", 2}},
                nets,
                nets + 1,
                1,
                2,
                {0x4100000000000001, 2, 3, 4, 5},
                0x4200000000000001}};
static const struct shrike_op sample_remove = {
    .kind = SHRIKE_CHILD_REMOVE,
    .token = {9, 10, 11, 12},
    .remove = {0x51, 0x52, 0x53, {{192, 0, 2, 7}, 500, 4, 0}, {{192, 0, 2, 8}, 501, 4, 0}}};
static const struct shrike_op sample_switch = {
    .kind = SHRIKE_CHILD_SWITCH, .token = {13, 14, 15, 16}, .change = {0x54}};
static const struct shrike_op sample_move = {.kind = SHRIKE_CHILD_MOVE,
                                             .token = {33, 34, 35, 36},
                                             .move = {{{192, 0, 2, 7}, 4500, 4, 0},
                                                      {{0x20, 1, [15] = 9}, 4501, 6, 0},
                                                      true,
                                                      true,
                                                      2,
                                                      (const u32[]){0x55, 0x56}}};
static const struct shrike_addr vips[] = {
    {{10, 3, 0, 1}, 4}, {{0xfd, 3, [15] = 2}, 6}, {{0}, 4}, {{0}, 6}};
static const char *const pools[] = {"people", "machines"};
static const struct shrike_op sample_lease = {.kind = SHRIKE_LEASE,
                                              .token = {17, 18, 19, 20},
                                              .lease = {0x55,
                                                        true,
                                                        2,
                                                        2,
                                                        "home",
                                                        vips,
                                                        pools,
                                                        {ID_KEY_ID, {(const u8 *)"\0sun", 4}},
                                                        {(const u8 *)"granted", 7}}};
static const struct shrike_op sample_address = {
    .kind = SHRIKE_ADDRESS_ADD,
    .token = {21, 22, 23, 24},
    .address = {0x56, true, 2, 1, "home", vips, vips + 1, {{192, 0, 2, 7}, 4500, 4, 0}}};
static const struct shrike_op sample_resolve = {
    .kind = SHRIKE_RESOLVE,
    .token = {33, 34, 35, 36},
    .resolve = {"home", {(const u8 *)"gate.example", 12}}};
static const struct shrike_bytes shown_certs[] = {{(const u8 *)"mine", 4},
                                                  {(const u8 *)"who signed", 10}};
static const struct shrike_credential sample_shown = {
    .key = {{1, 2, 3}}, .encoding = 4, .cert_count = 2, .certs = shown_certs};
static const struct shrike_op sample_eap = {.kind = SHRIKE_EAP,
                                            .token = {37, 38, 39, 40},
                                            .eap = {0x59,
                                                    true,
                                                    true,
                                                    "home",
                                                    {{(const u8 *)"\25\4", 2},
                                                     {ID_FQDN, {(const u8 *)"*", 1}},
                                                     true,
                                                     {(const u8 *)"staff\0guests", 13},
                                                     {(const u8 *)"\4\375", 2},
                                                     {ID_FQDN, {(const u8 *)"aaa", 3}}},
                                                    &sample_shown,
                                                    {ID_FQDN, {(const u8 *)"moon.example", 12}},
                                                    {ID_KEY_ID, {(const u8 *)"\0sun", 4}},
                                                    {{192, 0, 2, 1}, 4500, 4, 0},
                                                    {{203, 0, 113, 9}, 1024, 4, 0},
                                                    {(const u8 *)"\2\1\0\6\1a", 6},
                                                    {"/etc/swanctl/swanctl.conf", 18}}};
static const struct shrike_op sample_eap_over = {
    .kind = SHRIKE_EAP_OVER, .token = {41, 42, 43, 44}, .session_over = 0x5a};
static const struct shrike_op sample_mix = {.kind = SHRIKE_MIX,
                                            .token = {45, 46, 47, 48},
                                            .mix = {PRF_HMAC_SHA2_256,
                                                    "home",
                                                    {(const u8 *)"tomorrow", 8},
                                                    {(const u8 *)"keys", 4},
                                                    {"/etc/swanctl/swanctl.conf", 19}}};
static const struct shrike_op sample_lease_free = {
    .kind = SHRIKE_LEASE_FREE, .token = {25, 26, 27, 28}, .lease_over = 0x57};
static const struct shrike_op sample_address_remove = {
    .kind = SHRIKE_ADDRESS_REMOVE, .token = {29, 30, 31, 32}, .lease_over = 0x58};
static const struct shrike_answer sample_answer = {true,
                                                   SHRIKE_REASON_AUTH_NO_SECRET,
                                                   AUTH_ECDSA_256,
                                                   {(const u8 *)"value", 5},
                                                   true,
                                                   {(const u8 *)"master session key", 18},
                                                   {(const u8 *)"alice", 5},
                                                   {(const u8 *)"granted", 7}};
static const struct shrike_kernel_event sample_kernel = {
    SHRIKE_PLANE_LOST,
    0x61,
    0x62,
    {{192, 0, 2, 1}, {192, 0, 2, 2}, 0x63, 0x64, 6, 4, {0}},
    {{192, 0, 2, 3}, {192, 0, 2, 4}, 0x65, 0x66, 17, 4, {0}},
    {{192, 0, 2, 5}, 0x67, 4, 0},
    {{0x20, 1, [15] = 6}, 0x68, 6, 0},
    0x69,
    (const struct shrike_addr[]){{{192, 0, 2, 7}, 4}, {{0x20, 1, [15] = 7}, 6}},
    2};
static const struct shrike_command sample_command = {
    SHRIKE_REKEY,       0x71, "home", "lan", 0x72, 0x73, true, {ID_FQDN, {(const u8 *)"gate", 4}},
    0x7400000000000001, true};
static const struct shrike_ike_view sample_ike = {0x91,
                                                  SHRIKE_IKE_DELETING,
                                                  "home",
                                                  true,
                                                  true,
                                                  true,
                                                  true,
                                                  true,
                                                  0x9200000000000001,
                                                  0x93,
                                                  {{192, 0, 2, 7}, 500, 4, 0},
                                                  {{192, 0, 2, 8}, 501, 4, 0},
                                                  {ID_FQDN, {(const u8 *)"moon.example", 12}},
                                                  {ID_KEY_ID, {(const u8 *)"\0sun", 4}},
                                                  20,
                                                  256,
                                                  12,
                                                  5,
                                                  31,
                                                  0x9400000000000001,
                                                  0x9400000000000002,
                                                  0x9400000000000003,
                                                  3,
                                                  1,
                                                  2,
                                                  vips + 1,
                                                  vips};
static const struct shrike_child_view sample_child = {0xa1,
                                                      0xa2,
                                                      SHRIKE_CHILD_DELETING,
                                                      "lan",
                                                      SHRIKE_TRANSPORT,
                                                      PROTOCOL_ESP,
                                                      true,
                                                      true,
                                                      0xa3,
                                                      0xa4,
                                                      0x10a5,
                                                      0x10a6,
                                                      20,
                                                      128,
                                                      12,
                                                      31,
                                                      0xa500000000000001,
                                                      0xa500000000000002,
                                                      0xa500000000000003,
                                                      nets,
                                                      nets + 1,
                                                      1,
                                                      2};

static const struct shrike_seen sample_seen = {
    .ike = {.serial = 0x8c,
            .state = SHRIKE_IKE_ESTABLISHED,
            .conn = "home",
            .remote_id = {ID_FQDN, {(const u8 *)"sun.example", 11}},
            .remote_vip_count = 1,
            .remote_vips = vips},
    .child = {.serial = 0x8d,
              .child = "lan",
              .local_ts = nets,
              .remote_ts = nets + 1,
              .local_ts_count = 1,
              .remote_ts_count = 2},
    .child_was = {.serial = 0x8e, .child = "lan", .local_ts = nets, .local_ts_count = 2},
};
static const struct shrike_event sample_event = {SHRIKE_EVENT_COMMAND_FAILED,
                                                 0x81,
                                                 0x82,
                                                 "home",
                                                 "lan",
                                                 0x8300000000000001,
                                                 0x84,
                                                 0x85,
                                                 0x86,
                                                 {{192, 0, 2, 7}, 500, 4, 0},
                                                 {{192, 0, 2, 8}, 501, 4, 0},
                                                 35,
                                                 true,
                                                 {{10, 3, 0, 1}, 4},
                                                 0x87,
                                                 0x88,
                                                 0x89,
                                                 {SHRIKE_REASON_TS_MISMATCH,
                                                  38,
                                                  0x8a,
                                                  true,
                                                  36,
                                                  1,
                                                  0x8d,
                                                  0x8e,
                                                  0x8f,
                                                  {(const u8 *)"offer", 5},
                                                  {(const u8 *)"beside", 6},
                                                  NULL,
                                                  0,
                                                  {"a.conf", 0x8b}},
                                                 &sample_seen};

static const struct shrike_transform ike_transforms[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                                                         {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                                         {TRANSFORM_KE, KE_CURVE25519, 0}};
static const struct shrike_transform esp_transforms[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 128},
                                                         {TRANSFORM_SN, SN_64, 0}};
static const struct shrike_proposal ike_proposals[] = {
    {PROTOCOL_IKE, 3, ike_transforms, {"/etc/swanctl/swanctl.conf", 3}},
    {PROTOCOL_IKE, 2, ike_transforms, {NULL, 0}}};
static const struct shrike_proposal esp_proposals[] = {
    {PROTOCOL_ESP, 2, esp_transforms, {"/etc/swanctl/swanctl.conf", 4}}};
static const struct shrike_net addrs[] = {
    {{{192, 0, 2}, 4}, 24}, {{{0x20, 1, 0xd, 0xb8, [15] = 1}, 6}, 128}, {{{0}, 0}, 0}};
static const struct shrike_child_conf child_confs[] = {
    {"lan",
     SHRIKE_TRANSPORT,
     SHRIKE_START_NOW,
     SHRIKE_START_TRAP,
     SHRIKE_START_NOW,
     esp_proposals,
     nets,
     nets + 1,
     1,
     1,
     2,
     0xb0,
     0xba,
     false,
     true,
     0xb1,
     {0xb2, 0xb3, 0xb4, 0xb500000000000001, 0xb600000000000005},
     0xb700000000000001,
     0xb800000000000002,
     0xb900000000000003,
     "/usr/lib/updown \"a b\" 'c'",
     {{0xba000001, 0xba000002, SHRIKE_MARK_UNIQUE},
      {0xba000003, 0xba000004, SHRIKE_MARK_UNIQUE_DIR},
      {0xba000005, 0xba000006, SHRIKE_MARK_SAME},
      {0xba000007, 0xba000008, SHRIKE_MARK_FIXED},
      {0xba000009, 0xba00000a, SHRIKE_MARK_UNIQUE_PEER},
      {0xba00000b, 0xba00000c, SHRIKE_MARK_UNIQUE_PEER_DIR},
      "an_interface_15",
      0xbb000001,
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
      true},
     {"a", 1},
     {"b", 2},
     {"c", 3},
     {"d", 4}},
    {"dmz",
     SHRIKE_TUNNEL,
     SHRIKE_START_TRAP,
     SHRIKE_START_NONE,
     SHRIKE_START_NONE,
     esp_proposals,
     nets + 1,
     NULL,
     1,
     1,
     0,
     0,
     0,
     true,
     false,
     0xb6,
     {0, 0, 0, 0, 0},
     0,
     0,
     0,
     NULL,
     {.must_offload = true,
      .packet = true,
      .no_policies = true,
      .lose_ecn = true,
      .take_dscp = true,
      .priority = 1},
     {NULL, 0},
     {"e", 5},
     {"", 6},
     {"f", 7}},
    {.name = "never",
     .mode = SHRIKE_DROP,
     .start = SHRIKE_START_BOTH,
     .local_ts = nets,
     .remote_ts = nets + 1,
     .local_ts_count = 1,
     .remote_ts_count = 1,
     .origin = {"g", 8}}};
static const struct shrike_key_id authorities[] = {{{0xa1, [19] = 0xa2}}, {{0xa3, [19] = 0xa4}}};
static const struct shrike_bytes certs[] = {{(const u8 *)"leaf", 4}, {(const u8 *)"middle", 6}};
static const struct shrike_bytes lookups[] = {{(const u8 *)"hash and URL", 12}, {NULL, 0}};
static const struct shrike_credential credentials[] = {
    {.key = {{0xa5, [19] = 0xa6}},
     .encoding = CERT_X509_SIGNATURE,
     .cert_count = 2,
     .authority_count = 1,
     .certs = certs,
     .lookups = lookups,
     .authorities = authorities + 1,
     .origin = {"i", 10}},
    {.key = {{0xa7}}, .encoding = CERT_RAW_PUBLIC_KEY, .origin = {"j", 11}},
};
static const struct shrike_auth rounds[] = {
    {.kind = SHRIKE_AUTH_EAP, .id = {ID_FQDN, {(const u8 *)"mars", 4}}, .origin = {"n", 14}},
    {.kind = SHRIKE_AUTH_PUBKEY, .schemes = 0xe5, .rule = "home#2", .origin = {"o", 15}},
    {.kind = SHRIKE_AUTH_PSK, .origin = {"p", 16}},
};
static const struct shrike_conn sample_conns[] = {
    {.name = "home",
     .hash = 0xc100000000000001,
     .local_addrs = addrs,
     .remote_addrs = addrs + 1,
     .local_addr_count = 1,
     .remote_addr_count = 2,
     .local_port = 501,
     .remote_port = 502,
     .proposals = ike_proposals,
     .children = child_confs,
     .proposal_count = 2,
     .child_count = 2,
     .shunt_count = 1,
     .vip_count = 3,
     .pool_count = 2,
     .vips = vips + 1,
     .pools = pools,
     .local = {SHRIKE_AUTH_PUBKEY,
               0xe1e2e3e4,
               {ID_FQDN, {(const u8 *)"moon.example", 12}},
               2,
               0,
               credentials,
               NULL,
               {{(const u8 *)"\25", 1},
                {ID_FQDN, {(const u8 *)"carol", 5}},
                false,
                {NULL, 0},
                {(const u8 *)"\375", 1},
                {ID_FQDN, {(const u8 *)"aaa", 3}}},
               NULL,
               {"g", 8}},
     .remote = {SHRIKE_AUTH_PSK,
                0,
                {ID_KEY_ID, {(const u8 *)"\0sun", 4}},
                0,
                2,
                NULL,
                authorities,
                {{(const u8 *)"\4\6", 2},
                 {ID_FQDN, {(const u8 *)"*", 1}},
                 true,
                 {(const u8 *)"staff\0", 6},
                 {(const u8 *)"\32\6", 2},
                 {0, {NULL, 0}}},
                "home, second",
                {"h", 9}},
     .local_rounds = rounds,
     .local_round_count = 1,
     .remote_rounds = rounds + 1,
     .remote_round_count = 2,
     .local_endpoint = {{192, 0, 2, 7}, 501, 4, 0},
     .remote_endpoint = {{0x20, 1, [15] = 5}, 502, 6, 0},
     .retransmit_first = 0xc2,
     .retransmit_max = 0xc300000001,
     .retransmit_tries = 7,
     .retransmit_jitter = 100,
     .give_up_after = 0xc4,
     .half_open_max = 0xc5,
     .dpd_delay = 0xc6,
     .rekey_time = 0xca00000000000001,
     .reauth_time = 0xcb00000000000002,
     .over_time = 0xcc00000000000003,
     .rand_time = 0xcd00000000000004,
     .keyingtries = 0xc8,
     .unique = SHRIKE_UNIQUE_KEEP,
     .childless = SHRIKE_CHILDLESS_FORCE,
     .redirect = SHRIKE_REDIRECT_AUTH,
     .redirect_to = {ID_FQDN, {(const u8 *)"gate.example", 12}},
     .redirect_wait = 0xce00000000000005,
     .ppk_required = true,
     .looks_up = true,
     .asks_ocsp = true,
     .ppk_id = {(const u8 *)"tomorrow", 8},
     .ppk_origin = {"m", 0xcf},
     .follow_redirects = true,
     .fragment_size = 1281,
     .window = 8,
     .fragmentation = true,
     .force_encap = true,
     .mobike = true,
     .origin = {"i", 10},
     .proposals_origin = {"j", 11},
     .vips_origin = {"k", 12},
     .pools_origin = {"l", 13}},
    {.name = "any",
     .proposals = ike_proposals + 1,
     .proposal_count = 1,
     .force_encap = true,
     .remote_endpoint = {{0}, 500, 0, 0}}};
static const struct shrike_conf sample_conf = {.conns = sample_conns,
                                               .conn_count = 2,
                                               .cookie_threshold = 0xd1,
                                               .cookie_prefix_threshold = 0xd2,
                                               .half_open_max = 0xd3,
                                               .half_open_prefix_max = 0xd4,
                                               .ike_sas_max = 0xd5,
                                               .rounds = true,
                                               .beet = true,
                                               .ppks = true};
static const struct lease_attribute sample_attributes[] = {
    {CFG_INTERNAL_IP4_DNS, {(const u8 *)"\12\3\0\376", 4}},
    {CFG_INTERNAL_DNS_DOMAIN, {(const u8 *)"example.org", 11}}};
static const struct lease_pool sample_pools[] = {
    {"people", {{10, 3, [3] = 1}, 4}, 254, 2, sample_attributes, {"m", 14}},
    {"machines", {{0xfd, 3, [15] = 1}, 6}, LEASE_SIZE_MAX, 0, NULL, {"n", 15}}};
static const struct settings sample_settings = {.port = 1500,
                                                .port_nat_t = 4501,
                                                .install_routes = true,
                                                .esp_library = LIBRARY_OPENSSL,
                                                .plane = PLANE_KERNEL | PLANE_AH,
                                                .routing_table = 0xe1,
                                                .routing_priority = 0xe2,
                                                .mark = 0xe3,
                                                .mtu = 1399,
                                                .route_mtu = 1398,
                                                .route_mss = 1358,
                                                .replay_window = 0xe4,
                                                .keepalive_s = 0xe5,
                                                .interface = "shrike7",
                                                .control_socket = "/run/a.vici",
                                                .install_virtual_ip = true,
                                                .dns = DNS_NONE,
                                                .dns_file = "/resolv",
                                                .journal = "/journal",
                                                .unsafe_keys = "/keys",
                                                .logs = {{.kind = LOG_TO_FILE,
                                                          .facility = 10,
                                                          .by_level = true,
                                                          .flush_line = true,
                                                          .log_level = true,
                                                          .levels = {LOG_LEVEL_NONE, 4, 1},
                                                          .path = "/var/log/a",
                                                          .time_format = "%T"},
                                                         {.kind = LOG_TO_SYSLOG,
                                                          .json = true,
                                                          .append = true,
                                                          .ike_name = true,
                                                          .time_ms = true,
                                                          .levels = {[LOG_LIB] = 3}}},
                                                .log_count = 2,
                                                .syslog_identifier = "vpn",
                                                .metrics = {{127, 0, 0, 1}, 9500, 4, 0},
                                                .pools = sample_pools,
                                                .pool_count = 2};

static const struct mail_tally sample_tally = {true, false, "home"};
static const struct mail_tallies sample_tallies = {
    true, 2, {{"", {1, 2, [SHRIKE_COUNT_INFO_OUT_RESP] = 3}}, {"home", {0xb000000000000001}}}};

static const struct mail_ladder sample_ladder = {
    .conn = "home",
    .stranger = true,
    .ike = 0xc0000001,
    .count = 2,
    .lost = 0xc0000011,
    .identity = "moon.example",
    .rungs = {{.when = 0xc000000000000002,
               .spi_i = 0xc000000000000003,
               .spi_r = 0xc000000000000004,
               .message_id = 0xc0000005,
               .octets = 0xc0000006,
               .datagrams = 0xc007,
               .exchange = 0xc8,
               .sent = true,
               .again = true,
               .response = true,
               .local = {{192, 0, 2, 1}, 500, 4, 0},
               .remote = {{192, 0, 2, 2}, 4500, 4, 0},
               .payloads = 2,
               .of = {{0xc9, 0xc00a, 0xc00b}, {0xcc, 0xc00d, 0xc00e}}},
              {.payloads = 255, .of = {[SHRIKE_RUNG_PAYLOADS - 1] = {0xcf, 0, 0xc010}}}}};

static const struct mail_trace sample_trace = {.follow = true, .octets = true, .peer = "#7"};

static const struct mail_datagram sample_datagram = {.when = 0xd000000000000001,
                                                     .sent = true,
                                                     .lost = 0xd0000002,
                                                     .local = {{192, 0, 2, 1}, 500, 4, 0},
                                                     .remote = {{192, 0, 2, 2}, 4500, 4, 0},
                                                     .data = {(const u8 *)"\0wire", 5}};

static const struct mail_private sample_private = {
    .remove = true,
    .id = {{0xe1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0xe2}},
    .name = {(const u8 *)"private/moon.pem", 16},
    .file = {(const u8 *)"\0key", 4},
    .passphrase = {(const u8 *)"word", 4},
    .handle = {{(const u8 *)"\x01\xe5", 2}, {(const u8 *)"softhsm2", 8}, true, 0xe5000007}};

static const struct mail_privates_are sample_privates_are = {.count = 2,
                                                             .ids = {{{1, 2, 3}}, {{4, 5, 6}}}};
static const struct mail_object_is sample_object_is = {
    .reference = 0xe0000002, .octets = {(const u8 *)"certificate", 11}, .why = "is not there"};
static const struct mail_private_is sample_private_is = {
    .reference = 0xe0000001,
    .id = {{0xe3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0xe4}},
    .why = "is none"};

static const struct shrike_op *const sample_ops[] = {
    &sample_check, &sample_install, &sample_remove,     &sample_switch,
    &sample_lease, &sample_address, &sample_lease_free, &sample_address_remove,
    &sample_move,  &sample_resolve, &sample_eap,        &sample_eap_over,
    &sample_mix};

static inline void sample_mail(enum recode kind, struct writer *w)
{
    if (kind == RECODE_SOCKET)
        socket_write(w, &sample_socket);
    if (kind == RECODE_ROUTE)
        route_write(w, &sample_route);
    if (kind == RECODE_STATS)
        stats_write(w, &sample_stats);
    if (kind == RECODE_COUNT)
        count_write(w, &sample_count);
    if (kind == RECODE_HEIR)
        heir_write(w, &sample_heir);
    if (kind == RECODE_SECRET)
        secret_write(w, &sample_secret);
    if (kind == RECODE_STRAY)
        stray_write(w, &sample_stray);
    if (kind == RECODE_POOL)
        pool_view_write(w, &sample_pool);
    if (kind == RECODE_LEASE)
        lease_view_write(w, &sample_one_lease);
    if (kind == RECODE_TALLY)
        tally_write(w, &sample_tally);
    if (kind == RECODE_TALLIES)
        tallies_write(w, &sample_tallies);
    if (kind == RECODE_LADDER)
        ladder_write(w, &sample_ladder);
    if (kind == RECODE_TRACE)
        trace_write(w, &sample_trace);
    if (kind == RECODE_DATAGRAM)
        datagram_write(w, &sample_datagram);
    if (kind == RECODE_PRIVATE)
        private_mail_write(w, &sample_private);
    if (kind == RECODE_PRIVATE_IS)
        private_is_write(w, &sample_private_is);
    if (kind == RECODE_PRIVATES_ARE)
        privates_are_write(w, &sample_privates_are);
    if (kind == RECODE_OBJECT_IS)
        object_is_write(w, &sample_object_is);
    if (kind == RECODE_PASSWORD)
        password_write(w, &sample_password);
    if (kind == RECODE_PASSWORD_IS)
        password_is_write(w, &sample_password_is);
    if (kind == RECODE_GRANT)
        grant_write(w, &sample_grant);
    if (kind == RECODE_ACCOUNT)
        account_write(w, &sample_account);
    if (kind == RECODE_ACCOUNT_ASK)
        account_ask_write(w, &sample_account_ask);
}

/* The octets of the n-th sample of this kind; none when there is no such sample. */
static inline struct bytes sample(enum recode kind, unsigned n, void *room, size_t size)
{
    struct writer w = writer_of(room, size);
    if (n >= (kind == RECODE_OP ? ARRAY_LEN(sample_ops) : 1))
        return bytes_of(room, 0);
    switch (kind) {
    case RECODE_SOCKET:
    case RECODE_ROUTE:
    case RECODE_STATS:
    case RECODE_COUNT:
    case RECODE_HEIR:
    case RECODE_SECRET:
    case RECODE_STRAY:
    case RECODE_POOL:
    case RECODE_LEASE:
    case RECODE_TALLY:
    case RECODE_TALLIES:
    case RECODE_LADDER:
    case RECODE_TRACE:
    case RECODE_DATAGRAM:
    case RECODE_PRIVATE:
    case RECODE_PRIVATE_IS:
    case RECODE_PRIVATES_ARE:
    case RECODE_OBJECT_IS:
    case RECODE_PASSWORD:
    case RECODE_PASSWORD_IS:
    case RECODE_GRANT:
    case RECODE_ACCOUNT:
    case RECODE_ACCOUNT_ASK:
        sample_mail(kind, &w);
        break;
    case RECODE_OP:
        op_write(&w, sample_ops[n]);
        break;
    case RECODE_ANSWER:
        answer_write(&w, token, &sample_answer);
        break;
    case RECODE_KERNEL:
        kernel_write(&w, &sample_kernel);
        break;
    case RECODE_COMMAND:
        command_write(&w, &sample_command);
        break;
    case RECODE_EVENT:
        event_write(&w, &sample_event);
        break;
    case RECODE_IKE_VIEW:
        ike_view_write(&w, &sample_ike);
        break;
    case RECODE_CHILD_VIEW:
        child_view_write(&w, &sample_child);
        break;
    case RECODE_SNAPSHOT:
        snapshot_write(&w, &sample_conf, &sample_settings);
        break;
    case RECODE_KINDS:
        break;
    }
    return w.full ? bytes_of(room, 0) : written_bytes(&w);
}

#endif
