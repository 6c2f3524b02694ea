/* Cookies, groups, refusals with their reasons, fragments. */
#include "handshake.h"
#include "host_log.h"
#include "scenario.h"
#include "wire/header.h"
#include "wire/message.h"

void play_plain(struct net *n)
{
    net_build(n);
    scenario_up(n);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_IKE_SA_INIT, false) == 1);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_IKE_AUTH, false) == 1);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_UP) == 1);
    expect(n, host_count(&n->host[1], SHRIKE_EVENT_IKE_UP) == 1);
    net_close(n);
}

/* RFC 7296 2.6: the second IKE_SA_INIT carries the cookie, and costs the responder nothing before.
 */
void play_cookie(struct net *n)
{
    n->setup.knobs[1].cookie_threshold = 0;
    net_build(n);
    scenario_up(n);
    expect(n, host_stats(&n->host[1]).cookies == 1);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_IKE_SA_INIT, false) == 2);
    net_close(n);
}

static struct bytes sa_of_init(struct net *n, unsigned which)
{
    struct attacker *a = &n->attacker;
    struct message m;
    struct header head;
    u8 bad;

    for (unsigned i = 0; i < a->count; i++) {
        struct bytes d = bytes_of(a->seen[i]->data, a->seen[i]->len);
        if (header_read(d, &head) != HEADER_OK || head.exchange != EXCHANGE_IKE_SA_INIT ||
            (head.flags & FLAG_RESPONSE) || which-- > 0)
            continue;
        if (message_read(&m, d.at, bytes_of(d.at + HEADER_SIZE, d.len - HEADER_SIZE),
                         head.next_payload, &bad) == MESSAGE_OK)
            return message_body(&m, PAYLOAD_SA);
    }
    return bytes_of(NULL, 0);
}

/* The same transforms, in whatever order: as many of each octet. */
static bool same_offer(struct bytes a, struct bytes b)
{
    int balance[256] = {0};

    for (size_t i = 0; i < a.len; i++)
        balance[a.at[i]]++;
    for (size_t i = 0; i < b.len; i++)
        balance[b.at[i]]--;
    for (unsigned i = 0; i < 256; i++)
        if (balance[i] != 0)
            return false;
    return true;
}

/* RFC 7296 1.2, 2.7: the initiator tries the group it is told and repeats its whole offer. */
void play_invalid_ke(struct net *n)
{
    struct conf_suite *ours = &n->setup.knobs[0].ike[0];

    ours->groups[0] = KE_ECP256;
    ours->groups[1] = KE_CURVE25519;
    n->setup.attacker = true;
    net_build(n);
    scenario_up(n);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_IKE_SA_INIT, false) == 2);
    expect(n, sa_of_init(n, 0).len > 0);
    expect(n, same_offer(sa_of_init(n, 0), sa_of_init(n, 1)));
    net_close(n);
}

/* The command fails; nothing stays. within: a peer that only hints makes us wait (RFC 7296 2.21.1).
 */
static void refused(struct net *n, shrike_time within)
{
    net_build(n);
    host_up(&n->host[0], NULL);
    net_until(n, net_answered, within, "the command is to fail");
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_COMMAND_FAILED) == 1);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_FAILED) == 1);
    expect(n, host_ikes_up(&n->host[1]) == 0);
}

void play_no_proposal(struct net *n)
{
    const struct host_event *e;

    n->setup.knobs[0].ike[0].encr_bits = 128;
    refused(n, 240 * SHRIKE_SECOND);
    e = host_last(&n->host[0], SHRIKE_EVENT_IKE_FAILED);
    expect(n, e && e->theirs && e->notify == NOTIFY_NO_PROPOSAL_CHOSEN);
    e = host_last(&n->host[1], SHRIKE_EVENT_STRANGER_REFUSED);
    expect(n, e && e->reason == SHRIKE_REASON_NO_IKE_PROPOSAL);
    expect(n, e && e->line == CONF_LINE_PROPOSALS && e->detail == TRANSFORM_ENCR);
    net_leave(n);
}

static const struct host_event *with_reason(const struct host *h, enum shrike_reason_code code)
{
    for (size_t i = h->log_count; i-- > 0;)
        if (h->log[i].reason == code)
            return &h->log[i];
    return NULL;
}

void play_wrong_psk(struct net *n)
{
    const struct host_event *e;

    n->setup.secret[1] = "another secret";
    refused(n, 60 * SHRIKE_SECOND);
    e = host_last(&n->host[0], SHRIKE_EVENT_IKE_FAILED);
    expect(n, e && e->reason == SHRIKE_REASON_AUTH_FAILED && e->theirs);
    e = with_reason(&n->host[1], SHRIKE_REASON_AUTH_MAC);
    expect(n, e && e->line == CONF_LINE_REMOTE);
    net_leave(n);
}

static bool uses_ppk(const struct host *h)
{
    struct shrike_ike_view v;
    u32 at = 0;
    bool all = true;

    while (shrike_view_ike(h->engine, &at, &v))
        all = all && (v.ppk || v.state != SHRIKE_IKE_ESTABLISHED);
    return all;
}

static void by_eap(struct net *n)
{
    n->setup.knobs[0].eap = n->setup.knobs[1].eap = true;
}

/* RFC 7296 2.16, RFC 5998: five requests instead of one, whatever is lost or late; and once more
 * when it is made from scratch. */
void play_eap(struct net *n)
{
    by_eap(n);
    n->setup.knobs[0].ike_reauth = 120 * SHRIKE_SECOND;
    net_build(n);
    scenario_up(n);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_IKE_AUTH, false) >= 5);
    net_run(n, 200 * SHRIKE_SECOND);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_UP) >= 2);
    scenario_settle(n, 120 * SHRIKE_SECOND);
    net_close(n);
}

/* RFC 7296 2.16: the server's Failure is the end, on both sides. */
void play_eap_refused(struct net *n)
{
    const struct host_event *e;

    by_eap(n);
    n->setup.secret[1] = "another secret";
    refused(n, 60 * SHRIKE_SECOND);
    e = host_last(&n->host[0], SHRIKE_EVENT_IKE_FAILED);
    expect(n, e && e->reason == SHRIKE_REASON_EAP_REFUSED && e->theirs);
    e = with_reason(&n->host[1], SHRIKE_REASON_EAP_FAILED);
    expect(n, e && e->line == CONF_LINE_REMOTE);
    net_leave(n);
}

/* RFC 8784: with both proofs or one, after EAP or without; and once more when it is made from
 * scratch. What is lost or late meanwhile is no reason to do without. */
void play_ppk(struct net *n)
{
    const u64 kind = n->world.seed;

    if (kind % 2)
        by_eap(n);
    n->setup.knobs[0].ppk = "tomorrow";
    n->setup.knobs[0].ppk_required = kind / 2 % 2;
    n->setup.knobs[1].ppk_required = kind / 4 % 2;
    n->setup.knobs[0].ike_reauth = 120 * SHRIKE_SECOND;
    net_build(n);
    scenario_up(n);
    expect(n, uses_ppk(&n->host[0]) && uses_ppk(&n->host[1]));
    net_run(n, 200 * SHRIKE_SECOND);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_UP) >= 2);
    expect(n, uses_ppk(&n->host[0]) && uses_ppk(&n->host[1]));
    scenario_settle(n, 120 * SHRIKE_SECOND);
    net_close(n);
}

/* The responder demands one; the initiator names none. */
void play_ppk_refused(struct net *n)
{
    const struct host_event *e;

    n->setup.knobs[1].ppk_required = true;
    refused(n, 60 * SHRIKE_SECOND);
    e = host_last(&n->host[0], SHRIKE_EVENT_IKE_FAILED);
    expect(n, e && e->reason == SHRIKE_REASON_AUTH_FAILED && e->theirs);
    e = with_reason(&n->host[1], SHRIKE_REASON_PPK_LACKING);
    expect(n, e && e->line == CONF_LINE_PPK);
    net_leave(n);
}

void play_wrong_id(struct net *n)
{
    const struct host_event *e;

    n->setup.knobs[1].remote_id = "c.example";
    refused(n, 60 * SHRIKE_SECOND);
    e = host_last(&n->host[0], SHRIKE_EVENT_IKE_FAILED);
    expect(n, e && e->reason == SHRIKE_REASON_AUTH_FAILED && e->theirs);
    expect(n, with_reason(&n->host[1], SHRIKE_REASON_NO_IDENTITY) != NULL);
    net_leave(n);
}

/* RFC 7296 2.21.2 (4): when the Child SA fails, the IKE SA stays. */
void play_ts_mismatch(struct net *n)
{
    const struct host_event *e;

    n->setup.knobs[1].children[0].local.y = 9;
    net_build(n);
    host_up(&n->host[0], NULL);
    net_until(n, net_answered, 60 * SHRIKE_SECOND, "the command is to fail");
    net_run(n, 5 * SHRIKE_SECOND);
    expect(n, net_settled(n));
    expect(n, host_ikes_up(&n->host[0]) == 1 && host_ikes_up(&n->host[1]) == 1);
    expect(n, n->host[0].kernel.installed == 0 && n->host[1].kernel.installed == 0);
    e = host_last(&n->host[0], SHRIKE_EVENT_CHILD_FAILED);
    expect(n, e && e->theirs && e->notify == NOTIFY_TS_UNACCEPTABLE);
    e = with_reason(&n->host[1], SHRIKE_REASON_TS_MISMATCH);
    expect(n, e && e->line == CONF_LINE_CHILD + CONF_CHILD_TS);
    net_close(n);
}

/* First the responder's data plane fails, then the initiator's; then none does. */
void play_child_fails(struct net *n)
{
    net_build(n);
    for (unsigned i = 0; i < 2; i++) {
        n->host[1 - i].model.install_fails = 100;
        host_up(&n->host[0], NULL);
        net_until(n, net_answered, 60 * SHRIKE_SECOND, "the command is to fail");
        net_run(n, 10 * SHRIKE_SECOND);
        expect(n, host_count(&n->host[0], SHRIKE_EVENT_COMMAND_FAILED) == i + 1);
        expect(n, net_settled(n));
        expect(n, host_ikes_up(&n->host[0]) == 1);
        expect(n, n->host[0].kernel.installed == 0 && n->host[1].kernel.installed == 0);
        n->host[1 - i].model.install_fails = 0;
    }
    scenario_up(n);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_UP) == 1);
    net_close(n);
}

static bool fits(const struct host *h, size_t ip_size)
{
    for (size_t i = 0; i < h->sent_count; i++)
        if (h->sent[i].exchange != EXCHANGE_IKE_SA_INIT && h->sent[i].len + 28 > ip_size)
            return false;
    return true;
}

/* RFC 7383: large messages in pieces, over a link that treats the pieces badly. */
void play_fragments(struct net *n)
{
    struct link_faults bad = {.delay = 5 * SHRIKE_MS,
                              .jitter = 20 * SHRIKE_MS,
                              .reorder_delay = SHRIKE_SECOND,
                              .loss = 15,
                              .duplicate = 20,
                              .reorder = 30,
                              .corrupt = 10,
                              .mtu = 576};
    struct link_faults good = {.delay = 5 * SHRIKE_MS, .mtu = 576};

    for (unsigned i = 0; i < 2; i++) {
        n->setup.knobs[i].fragment_size = 576;
        n->setup.knobs[i].dpd_delay = 20 * SHRIKE_SECOND;
        n->setup.knobs[i].local_id_pad = 480;
        n->setup.knobs[i].remote_id = NULL;
    }
    net_build(n);
    net_faults(n, &bad);
    host_up(&n->host[0], NULL);
    net_run(n, 60 * SHRIKE_SECOND);
    net_faults(n, &good);
    scenario_settle(n, 900 * SHRIKE_SECOND);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_IKE_AUTH, false) >= 2);
    expect(n, host_count_sent(&n->host[1], EXCHANGE_IKE_AUTH, true) >= 2);
    expect(n, fits(&n->host[0], 576) && fits(&n->host[1], 576));
    net_close(n);
}
