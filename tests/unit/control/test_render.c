/* Events as lines for people. */
#include "control/render.h"
#include "test.h"
#include "wire/codes.h"

static char line[4096];

static const struct shrike_transform transforms[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                                                     {TRANSFORM_ENCR, ENCR_AES_GCM_16, 128},
                                                     {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                                     {TRANSFORM_KE, KE_CURVE25519, 0}};
static const struct shrike_proposal proposal = {.transform_count = 4, .transforms = transforms};
static const struct shrike_ts selector = {
    .from = {10, 2}, .to = {10, 2, 255, 255}, .port_to = 65535, .family = 4};
static const struct shrike_ts dynamic = {.port_to = 65535};
static const struct shrike_child_conf child = {.name = "net",
                                               .proposals = &proposal,
                                               .proposal_count = 1,
                                               .local_ts = &dynamic,
                                               .local_ts_count = 1,
                                               .remote_ts = &selector,
                                               .remote_ts_count = 1,
                                               .ts_origin = {"a.conf", 17}};
static const struct shrike_conn conns[] = {{.name = "other"},
                                           {.name = "gw",
                                            .proposals = &proposal,
                                            .proposal_count = 1,
                                            .proposals_origin = {"a.conf", 9},
                                            .children = &child,
                                            .child_count = 1}};
static const struct shrike_conf conf = {.conns = conns, .conn_count = 2};

static const char *render(const struct shrike_event *e)
{
    struct text t = text_of(line, sizeof line);
    render_event(&t, e, &conf);
    return line;
}

static bool has(const char *part)
{
    if (!strstr(line, part))
        printf("# %s\n", line);
    return strstr(line, part) != NULL;
}

TEST(who_and_what)
{
    const struct shrike_event e = {.id = SHRIKE_EVENT_CHILD_UP,
                                   .ike = 7,
                                   .child = 12,
                                   .conn = "gw",
                                   .child_conf = "net",
                                   .esp_in = 0xc1234567,
                                   .esp_out = 0xc89abcde,
                                   .local = {{192, 0, 2, 1}, 4500, 4, 0},
                                   .remote = {{0x20, 1, 0xd, 0xb8}, 4500, 6, 0}};
    CHECK(strcmp(render(&e), "gw[7]/net[12] 192.0.2.1:4500 - [2001:db8::]:4500: Child SA "
                             "established, SPIs c1234567 in, c89abcde out") == 0);
}

TEST(a_refused_proposal_shows_both_sides)
{
    /* one proposal: AES-CBC-128, HMAC-SHA2-256-128, PRF, MODP 2048 */
    u8 body[] = {0, 0, 0, 44, 1, 1,  0, 4, 3, 0, 0, 12, 1, 0, 0, 12, 0x80, 14, 0, 128, 3, 0,
                 0, 8, 3, 0,  0, 12, 3, 0, 0, 8, 2, 0,  0, 5, 0, 0,  0,    8,  4, 0,   0, 14};
    struct shrike_event e = {.id = SHRIKE_EVENT_IKE_FAILED,
                             .reason = {.code = SHRIKE_REASON_NO_IKE_PROPOSAL,
                                        .notify = NOTIFY_NO_PROPOSAL_CHOSEN,
                                        .offered = bytes_of(body, sizeof body),
                                        .origin = {"a.conf", 9}}};
    render(&e);
    CHECK(has("no IKE proposal of the peer matches one of ours (NO_PROPOSAL_CHOSEN)"));
    CHECK(has("offered: SA 1 IKE: AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP2048;"));
    CHECK(has("we allow AES_GCM_16_256|AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE25519;"));
    CHECK(has("rule: a.conf:9; add what the peer offers"));
    e.reason.code = SHRIKE_REASON_WEAK_PROPOSAL;
    render(&e);
    CHECK(has("too weak") && has("offered: SA 1 IKE: AES_CBC_128/"));
    e.reason.code = SHRIKE_REASON_NO_IKE_PROPOSAL;
    e.reason.theirs = true;
    render(&e);
    e.reason.exchange = EXCHANGE_IKE_SA_INIT;
    render(&e); /* why, only the peer knows */
    CHECK(has("the peer refused IKE_SA_INIT: NO_PROPOSAL_CHOSEN;") && has("the peer's own log"));
    CHECK(!strstr(line, "matches one of ours") && !strstr(line, "mend the peer's"));
}

TEST(selectors_without_a_common_part)
{
    u8 body[] = {1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 10, 3, 0, 0, 10, 3, 0xff, 0xff};
    const struct shrike_event e = {.id = SHRIKE_EVENT_CHILD_FAILED,
                                   .conn = "gw",
                                   .child_conf = "net",
                                   .reason = {.code = SHRIKE_REASON_TS_MISMATCH,
                                              .offered = bytes_of(body, sizeof body),
                                              .origin = {"a.conf", 17}}};
    render(&e);
    CHECK(has("offered: TSr 10.3.0.0/16") && has("we allow dynamic here, 10.2.0.0/16 there"));
}

/* What a peer or a file says does not steer a terminal, and does not break a line. */
TEST(nothing_but_printable_characters)
{
    u8 body[] = {ID_FQDN, 0, 0, 0, 'a', 27, '[', '2', 'J', '\n', 0xff};
    const struct shrike_event e = {.id = SHRIKE_EVENT_IKE_FAILED,
                                   .conn = "g\033w\n",
                                   .reason = {.code = SHRIKE_REASON_NO_IDENTITY,
                                              .detail = PAYLOAD_IDI,
                                              .offered = bytes_of(body, sizeof body),
                                              .origin = {"x\ny", 1}}};
    render(&e);
    CHECK(has("offered: IDi FQDN a\\x1b[2J\\x0a\\xff"));
    for (const char *at = line; *at; at++)
        CHECK(*at >= ' ' && *at < 0x7f);
}

TEST(an_offer_that_is_no_payload)
{
    u8 body[300];
    memset(body, 0xa5, sizeof body);
    const struct shrike_event e = {.id = SHRIKE_EVENT_IKE_FAILED,
                                   .reason = {.code = SHRIKE_REASON_NO_CHILD_PROPOSAL,
                                              .offered = bytes_of(body, sizeof body)}};
    render(&e);
    CHECK(has("offered: SA malformed"));
}

TEST(every_event_and_reason_has_a_line)
{
    for (unsigned id = 0; id < SHRIKE_EVENT_COUNT; id++)
        for (unsigned code = 0; code < SHRIKE_REASON_COUNT; code++) {
            const struct shrike_event e = {.id = (enum shrike_event_id)id,
                                           .number = 3,
                                           .reason.code = (enum shrike_reason_code)code};
            CHECK(strlen(render(&e)) > 5 && !strchr(line, '\n'));
        }
}

TEST(fragments_that_came)
{
    struct shrike_reason r = {.code = SHRIKE_REASON_HALF_OPEN_TIMEOUT,
                              .exchange = EXCHANGE_IKE_AUTH,
                              .parts = 3,
                              .parts_all = 4};
    struct text t = text_of(line, sizeof line);
    render_what(&t, &r);
    CHECK(strcmp(line, "only 3 of 4 fragments of the peer's IKE_AUTH came") == 0);
    r.code = SHRIKE_REASON_TIMEOUT;
    t = text_of(line, sizeof line);
    render_what(&t, &r);
    CHECK(strcmp(line, "only 3 of 4 fragments of the answer to IKE_AUTH came") == 0);
    CHECK(strstr(render_remedy(&r), "fragment_size"));
}

TEST(who_asked_again)
{
    const struct shrike_reason r = {
        .code = SHRIKE_REASON_HALF_OPEN_TIMEOUT, .exchange = EXCHANGE_IKE_AUTH, .again = 3};
    struct text t = text_of(line, sizeof line);
    render_what(&t, &r);
    CHECK(has("asked 3 times more for our answer"));
}

TEST(silence_with_a_hint)
{
    const struct shrike_event e = {.id = SHRIKE_EVENT_IKE_FAILED,
                                   .reason = {.code = SHRIKE_REASON_TIMEOUT,
                                              .exchange = EXCHANGE_IKE_AUTH,
                                              .notify = NOTIFY_INVALID_IKE_SPI}};
    render(&e);
    CHECK(has(": no answer to IKE_AUTH but INVALID_IKE_SPI;"));
}

TEST(reasons_of_answers)
{
    struct text t = text_of(line, sizeof line);
    render_reason(&t, SHRIKE_REASON_AUTH_MAC);
    CHECK(strcmp(line, "the peer's proof is wrong: the shared secrets differ; compare the secrets "
                       "of both sides") == 0);
    t = text_of(line, sizeof line);
    render_reason(&t, SHRIKE_REASON_COMMAND); /* without a remedy */
    CHECK(!strchr(line, ';'));
}

int main(void)
{
    return RUN(who_and_what) | RUN(a_refused_proposal_shows_both_sides) |
           RUN(selectors_without_a_common_part) | RUN(nothing_but_printable_characters) |
           RUN(an_offer_that_is_no_payload) | RUN(every_event_and_reason_has_a_line) |
           RUN(fragments_that_came) | RUN(who_asked_again) | RUN(silence_with_a_hint) |
           RUN(reasons_of_answers);
}
