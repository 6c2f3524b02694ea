/* Negotiating a Child SA: see offer.h. */
#include "exchange/offer.h"
#include "base/ct.h"
#include "exchange/cp.h"
#include "exchange/ipcomp.h"
#include "exchange/mode.h"
#include "exchange/selectors.h"
#include "sa/internal.h"
#include "sa/keys.h"
#include "sa/life.h"
#include "sa/remake.h"
#include "sa/trace.h"
#include "sa/twin.h"
#include "wire/ts.h"

static void add_ts(struct turn *t, u8 payload, const struct ts_list *list)
{
    size_t mark = payload_begin(t->out, payload, false);
    ts_write(t->out->w, list->ts, list->count);
    payload_end(t->out, mark);
}

void offer_fresh(struct turn *t, const struct offer_between *between)
{
    if (between->nonce.len) {
        size_t mark = payload_begin(t->out, PAYLOAD_NONCE, false);
        write_bytes(t->out->w, between->nonce);
        payload_end(t->out, mark);
    }
    /* RFC 7296 3.4 (3): without a group there is no KE. */
    if (between->ke.value.len) {
        size_t mark = payload_begin(t->out, PAYLOAD_KE, false);
        ke_write(t->out->w, &between->ke);
        payload_end(t->out, mark);
    }
}

static void spi_octets(u32 spi, u8 out[IPSEC_SPI_LEN])
{
    struct writer w = writer_of(out, IPSEC_SPI_LEN);
    write_u32(&w, spi);
}

/* RFC 7296 2.23.1 (1): behind a NAT each side of transport mode is one address, that of its host.
 */
static bool may_ask(const struct turn *t, const struct child_sa *child, const struct ts_list *local,
                    const struct ts_list *remote)
{
    struct ts_list here = *local, there = *remote;
    return child->mode != SHRIKE_TRANSPORT || !sa_encap(t->sa) ||
           (ts_substitute(&here, &t->sa->local) && ts_substitute(&there, &t->sa->remote) &&
            narrow_verify(local, here.ts, here.count) &&
            narrow_verify(remote, there.ts, there.count));
}

static u8 protocol_of(const struct shrike_child_conf *conf)
{
    return conf->proposals[0].protocol;
}

/* A NAT changes what the ICV of AH covers, and there is no AH in UDP (RFC 3947 1, RFC 3948 1). */
static bool passes_nat(struct turn *t, const struct shrike_child_conf *conf)
{
    if (protocol_of(conf) != PROTOCOL_AH || !sa_encap(t->sa))
        return true;
    t->reason =
        (struct shrike_reason){.code = SHRIKE_REASON_AH_NAT, .origin = conf->proposals_origin};
    return false;
}

bool offer_ask(struct turn *t, struct child_sa *child, const struct offer_between *between)
{
    const struct shrike_child_conf *conf = child->conf;
    struct ts_list local, remote;
    u8 spi[IPSEC_SPI_LEN];
    t->reason.origin = conf->mode_origin;
    if (cp_lacking(t->sa, conf)) {
        t->reason.origin = t->sa->conn->vips_origin;
        t->reason.code = SHRIKE_REASON_ADDRESS_NOT_GIVEN;
        return false;
    }
    if (!mode_known(t->sa, conf->mode)) {
        t->reason.code = SHRIKE_REASON_MODE_UNKNOWN;
        return false;
    }
    selectors_asked(t->sa, child, &local, &remote);
    if (!may_ask(t, child, &local, &remote)) {
        t->reason.code = SHRIKE_REASON_MODE_NAT;
        return false;
    }
    if (!passes_nat(t, conf))
        return false;
    if (!child->spi_in && !child_draw_spi(t->shard, child)) {
        t->reason.code = SHRIKE_REASON_MEMORY;
        return false;
    }
    spi_octets(child->spi_in, spi);
    mode_add(t, (enum shrike_mode)child->mode); /* RFC 7296 1.3.1 (1) */
    ipcomp_ask(t, child);
    size_t mark = payload_begin(t->out, PAYLOAD_SA, false);
    struct offer offer = {
        .spi = spi,
        .spi_len = IPSEC_SPI_LEN,
        .without_ke = between->nonce.len == 0, /* RFC 7296 1.2 (6): no KE in IKE_AUTH */
        /* RFC 7296 1.3 (4, 5): the group of KE stands first. */
        .group_first = between->ke.value.len ? between->ke.group : KE_NONE,
    };
    select_offer(t->out->w, conf->proposals, conf->proposal_count, &offer);
    payload_end(t->out, mark);
    offer_fresh(t, between);
    add_ts(t, PAYLOAD_TSI, &local);
    add_ts(t, PAYLOAD_TSR, &remote);
    return true;
}

static void use_choice(struct child_sa *child, const struct choice *c)
{
    struct reader r = reader_of(bytes_of(c->spi, IPSEC_SPI_LEN));
    child->spi_out = read_u32(&r);
    child->protocol = c->protocol;
    child->proposal_number = c->number;
    child->stated = c->stated;
    child->encr = c->encr;
    child->encr_bits = c->encr_bits;
    child->integ = c->integ;
    child->ke = c->ke;
    child->esn = c->sn == SN_64;
}

/* What the peer asks for. */
struct request {
    struct bytes sa;
    struct ts_list theirs, ours; /* TSi and TSr: the peer asks */
    enum shrike_mode mode;
    u16 group;
    bool first;
    const struct child_sa *old; /* that it is to replace; NULL: a further one */
};

static enum verdict make_child(struct turn *t, const struct shrike_child_conf *conf,
                               const struct choice *choice, struct child_sa **out)
{
    struct child_sa *child = child_new(t->shard, t->sa, conf);
    if (!child)
        return turn_refuse(t, SHRIKE_REASON_LIMIT, NOTIFY_NO_ADDITIONAL_SAS);
    child->state = CHILD_NEGOTIATED;
    use_choice(child, choice);
    if (!child_draw_spi(t->shard, child)) {
        child_free(t->shard, t->sa, child);
        return turn_refuse_now(t, SHRIKE_REASON_MEMORY);
    }
    ipcomp_choose(t, child);
    *out = child;
    return DONE;
}

/* One of our children, and what of the request it allows. */
struct fit {
    const struct shrike_child_conf *conf;
    struct ts_list local, remote;
    struct choice choice;
    bool first; /* all of the first selectors of both sides */
};

/* Mode and algorithms of one of our children; its selectors are known to fit. */
static enum verdict fits(struct turn *t, const struct request *q, struct fit *fit)
{
    const struct shrike_child_conf *conf = fit->conf;
    if (conf->mode != SHRIKE_TUNNEL && conf->mode != q->mode) {
        t->reason.origin = conf->mode_origin;
        return turn_refuse(t, SHRIKE_REASON_MODE_MISMATCH, NOTIFY_NO_PROPOSAL_CHOSEN);
    }
    if (!mode_takes(conf->mode, &fit->local, &fit->remote))
        return turn_refuse(t, SHRIKE_REASON_MODE_HOSTS, NOTIFY_TS_UNACCEPTABLE);
    if (!passes_nat(t, conf))
        return turn_refuse(t, t->reason.code, NOTIFY_NO_PROPOSAL_CHOSEN);
    struct select_want want = {
        .ours = conf->proposals,
        .count = conf->proposal_count,
        .protocol = protocol_of(conf),
        .ke_hint = q->group,
        .ke_ignored = q->first,
    };
    struct shrike_reason why = {0};
    if (select_proposal(q->sa, &want, &fit->choice, &why))
        return DONE;
    t->reason = why;
    return turn_refuse(t, why.code, NOTIFY_NO_PROPOSAL_CHOSEN);
}

static bool covers_first(const struct ts_list *list, const struct ts_list *asked)
{
    return asked->count && narrow_verify(&(struct ts_list){.count = 1, .ts = {asked->ts[0]}},
                                         list->ts, list->count);
}

/* Do its selectors fit? */
static bool narrow_for(const struct turn *t, const struct request *q, struct fit *fit)
{
    struct ts_list local, remote, ours = q->ours, theirs = q->theirs;
    if (!selectors_substitute(t->sa, fit->conf->mode, &ours, &theirs))
        return false;
    selectors_configured(t->sa, fit->conf, &local, &remote);
    if (!narrow(&ours, local.ts, local.count, &fit->local) ||
        !narrow(&theirs, remote.ts, remote.count, &fit->remote) ||
        !narrow_to_packets(&fit->local, &fit->remote))
        return false;
    fit->first = covers_first(&fit->local, &ours) && covers_first(&fit->remote, &theirs);
    /* RFC 7296 2.9.2 (1, 3): a replacement is never narrower. */
    return !q->old || selectors_cover(t->sa, q->old, &fit->local, &fit->remote);
}

static bool has_more(const struct fit *fit, const struct fit *best)
{
    return !narrow_verify(&fit->local, best->local.ts, best->local.count) ||
           !narrow_verify(&fit->remote, best->remote.ts, best->remote.count);
}

/* RFC 7296 2.9 (2): the first of our children whose selectors, mode and proposals fit, but one that
 * takes the first selectors before all others. *more: another one would take what this does not. */
static enum verdict find_fit(struct turn *t, const struct request *q, struct fit *best, bool *more)
{
    const struct shrike_conn *conn = t->sa->conn;
    enum verdict v = turn_refuse(t, SHRIKE_REASON_TS_MISMATCH, NOTIFY_TS_UNACCEPTABLE);
    best->conf = NULL;
    *more = false;
    t->reason.offered = message_body(t->in, PAYLOAD_TSR);
    t->reason.beside = message_body(t->in, PAYLOAD_TSI);
    t->reason.origin = conn->child_count ? conn->children[0].ts_origin : conn->origin;
    for (unsigned i = 0; i < conn->child_count; i++) {
        struct fit fit = {.conf = &conn->children[i]};
        if (q->old && q->old->conf != fit.conf)
            continue;
        enum verdict admitted = cp_admit(t, fit.conf);
        if (admitted != DONE)
            v = admitted;
        if (admitted != DONE || !narrow_for(t, q, &fit))
            continue;
        v = fits(t, q, &fit);
        if (v != DONE)
            continue;
        bool better = !best->conf || (fit.first && !best->first);
        if (best->conf)
            *more |= better ? has_more(best, &fit) : has_more(&fit, best);
        if (better)
            *best = fit;
    }
    if (best->conf)
        t->reason = (struct shrike_reason){0};
    return best->conf ? DONE : v;
}

static enum verdict choose_conf(struct turn *t, const struct request *q, struct child_sa **out)
{
    struct fit best;
    bool more;
    enum verdict v = find_fit(t, q, &best, &more);
    if (v == DONE)
        cp_tell_refused(t);
    if (v == DONE)
        v = make_child(t, best.conf, &best.choice, out);
    if (v != DONE)
        return v;
    (*out)->more = more;
    if (child_keep_ts(t->shard, *out, &best.local, &best.remote))
        return DONE;
    child_free(t->shard, t->sa, *out);
    *out = NULL;
    return turn_refuse_now(t, SHRIKE_REASON_MEMORY);
}

static enum verdict read_and_choose(struct turn *t, struct request *q, struct child_sa **child)
{
    struct ke ke;
    *child = NULL;
    q->sa = message_body(t->in, PAYLOAD_SA);
    if (!ts_read(message_body(t->in, PAYLOAD_TSI), &q->theirs) ||
        !ts_read(message_body(t->in, PAYLOAD_TSR), &q->ours) || !q->sa.at)
        return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    q->mode = mode_said(t);
    if (!q->first && ke_read(message_body(t->in, PAYLOAD_KE), &ke))
        q->group = ke.group;
    return choose_conf(t, q, child);
}

enum verdict offer_choose(struct turn *t, bool first, struct child_sa **child)
{
    struct request q = {.first = first};
    return read_and_choose(t, &q, child);
}

enum verdict offer_choose_like(struct turn *t, const struct child_sa *old, struct child_sa **child)
{
    struct request q = {.old = old};
    return read_and_choose(t, &q, child);
}

void offer_reply(struct turn *t, const struct child_sa *child, const struct offer_between *between)
{
    struct choice c = {
        .number = child->proposal_number,
        .stated = child->stated,
        .protocol = child->protocol,
        .encr = child->encr,
        .encr_bits = child->encr_bits,
        .integ = child->integ,
        .ke = child->ke,
        .sn = child->esn ? SN_64 : SN_32,
    };
    u8 spi[IPSEC_SPI_LEN];
    spi_octets(child->spi_in, spi);
    mode_add(t, (enum shrike_mode)child->mode); /* RFC 7296 1.3.1 (2) */
    ipcomp_reply(t, child);
    size_t mark = payload_begin(t->out, PAYLOAD_SA, false);
    select_answer(t->out->w, &c, spi, IPSEC_SPI_LEN);
    payload_end(t->out, mark);
    offer_fresh(t, between);
    /* The peer asked: its side is TSi, ours TSr. */
    mark = payload_begin(t->out, PAYLOAD_TSI, false);
    ts_write(t->out->w, child_remote_ts(child), child->remote_ts_count);
    payload_end(t->out, mark);
    mark = payload_begin(t->out, PAYLOAD_TSR, false);
    ts_write(t->out->w, child_local_ts(child), child->local_ts_count);
    payload_end(t->out, mark);
    if (child->more) /* RFC 7296 2.9 (3) */
        notify_add(t->out, NOTIFY_ADDITIONAL_TS_POSSIBLE, bytes_of(NULL, 0));
}

/* Are the selectors of the response such as we asked for, and no fewer than they have to be? */
static bool verify_ts(struct turn *t, struct child_sa *child, struct ts_list *local,
                      struct ts_list *remote)
{
    const struct child_sa *old = child_of_serial(t->sa, child->replaces);
    struct ts_list asked_local, asked_remote;
    selectors_asked(t->sa, child, &asked_local, &asked_remote);
    /* RFC 7296 2.19: the whole range was asked for, and of it we use our internal addresses. */
    struct ts_list whole = *local;
    if (internal_held(t->sa, true) && !narrow(&whole, asked_local.ts, asked_local.count, local))
        return false;
    return selectors_substitute(t->sa, child->mode, local, remote) &&
           narrow_verify(local, asked_local.ts, asked_local.count) &&
           narrow_verify(remote, asked_remote.ts, asked_remote.count) &&
           narrow_to_packets(local, remote) && (!old || selectors_cover(t->sa, old, local, remote));
}

enum verdict offer_accept(struct turn *t, struct child_sa *child, bool first)
{
    const struct shrike_child_conf *conf = child->conf;
    struct ts_list local, remote;
    struct choice choice;
    struct notify n;
    struct select_want want = {
        .ours = conf->proposals,
        .count = conf->proposal_count,
        .protocol = protocol_of(conf),
        .ke_hint = child->ke,
        .ke_ignored = first,
    };
    child->wants_delete = true; /* RFC 7296 1.3.1 (3): until all of it is found to be good */
    /* RFC 7296 3.3.6 (5): what we did not offer is deleted again. */
    if (!select_verify(message_body(t->in, PAYLOAD_SA), &want, &choice, &t->reason))
        return turn_refuse(t, SHRIKE_REASON_NO_CHILD_PROPOSAL, 0);
    use_choice(child, &choice);
    t->reason.origin = conf->mode_origin;
    if (child->mode != mode_said(t))
        return turn_refuse(t, SHRIKE_REASON_MODE_MISMATCH, 0);
    if (!ipcomp_accept(t, child))
        return turn_refuse(t, SHRIKE_REASON_IPCOMP, 0);
    if (!ts_read(message_body(t->in, PAYLOAD_TSI), &local) ||
        !ts_read(message_body(t->in, PAYLOAD_TSR), &remote))
        return turn_refuse(t, SHRIKE_REASON_SYNTAX, 0);
    t->reason.origin = conf->ts_origin;
    t->reason.offered = message_body(t->in, PAYLOAD_TSR);
    t->reason.beside = message_body(t->in, PAYLOAD_TSI);
    if ((!fault(27) && !verify_ts(t, child, &local, &remote)) ||
        selectors_in_vain(t->sa, child, &local, &remote))
        return turn_refuse(t, SHRIKE_REASON_TS_MISMATCH, 0);
    if (!mode_takes(conf->mode, &local, &remote))
        return turn_refuse(t, SHRIKE_REASON_MODE_HOSTS, 0);
    child->more = notify_find(t->in, NOTIFY_ADDITIONAL_TS_POSSIBLE, &n);
    if (!selectors_agree(t->shard, t->sa, child, &local, &remote))
        return turn_refuse(t, SHRIKE_REASON_MEMORY, 0);
    child->wants_delete = false;
    return DONE;
}

/* RFC 7296 2.17 (1, 2): first the SA of the exchange's initiator, first encryption, then integrity.
 */
static void split_keys(struct shrike_install_op *op, const u8 *keymat, const size_t len[2],
                       bool we_asked)
{
    struct shrike_sa_keys *order[2] = {we_asked ? &op->out : &op->in,
                                       we_asked ? &op->in : &op->out};
    for (int i = 0; i < 2; i++) {
        order[i]->encr_key = bytes_of(keymat, len[0]);
        order[i]->integ_key = bytes_of(keymat + len[0], len[1]);
        keymat += len[0] + len[1];
    }
}

/* RFC 7296 3.10.1, RFC 4303 2.7: never to a peer that does not take it; only a tunnel has a length
 * inside that tells what is padding. */
static u16 padding(const struct turn *t, const struct child_sa *child)
{
    struct notify n;
    bool taken = child->mode == SHRIKE_TUNNEL && child->protocol == PROTOCOL_ESP &&
                 !notify_find(t->in, NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED, &n);
    return taken ? child->conf->tfc_padding : 0;
}

bool offer_install(struct turn *t, struct child_sa *child, const struct key_seed *seed)
{
    struct ike_sa *sa = t->sa;
    const struct encr_suite *encr = suite_encr(child->encr, child->encr_bits);
    const struct integ_suite *integ = suite_integ(child->integ);
    if (!encr != (child->protocol == PROTOCOL_AH) || (child->integ != INTEG_NONE && !integ))
        return false;
    size_t len[2] = {encr ? (size_t)encr->key_len + encr->salt_len : 0, integ ? integ->key_len : 0};
    size_t size = 2 * (len[0] + len[1]);
    struct keyed_prf sk_d = {t->shard->provider, sa->suite.prf, keys_get(sa, SK_D)};
    u8 *keymat = ring_take(&t->shard->ring, size);
    struct bytes ts = ring_keep(&t->shard->ring, packet_bytes(child->selectors));
    if (!keymat || !ts.at || !keymat_child(&sk_d, seed, keymat, size))
        return false;
    child->ours = slot_is_ours(sa, t->slot);
    if (!child->replaces)
        child->asked = child->ours;
    child->later |= !child->ours; /* the peer has it when our reply has come */
    struct shrike_op *op = shard_ask(t->shard, sa, t->slot, SHRIKE_CHILD_INSTALL);
    op->install = (struct shrike_install_op){
        .conn = sa->conn->name,
        .child = child->conf->name,
        .child_serial = child->serial,
        .reqid = child->conf->reqid,
        .replaces = child->replaces,
        .mode = child->mode,
        .initiator = sa->initiator,
        /* RFC 7296 2.23 (5): in UDP when there is a NAT between. */
        .encap = sa_encap(sa),
        .esn = child->esn,
        .nat_here = sa->nat_here,
        .whole = child->mode == SHRIKE_IPTFS && mode_whole(t),
        /* RFC 7296 2.8 (10, 12): who asked sends by it at once, who answered later. */
        .outbound_later = child->later && !fault(38),
        .protocol = child->protocol,
        .encr = child->encr,
        .encr_key_bits = child->encr_bits,
        .integ = child->integ,
        .tfc_padding = padding(t, child),
        .replay_window = child->conf->replay_window,
        .cpi_in = child->cpi_in,
        .cpi_out = child->cpi_out,
        .local = sa->local,
        .remote = sa->remote,
        .in = {.spi = child->spi_in},
        .out = {.spi = child->spi_out},
        .local_ts_count = child->local_ts_count,
        .remote_ts_count = child->remote_ts_count,
        .life = child->conf->life,
        .heard_every = sa->conn->dpd_delay / 2,
    };
    /* A copy: the op may outlive the child. */
    op->install.local_ts = (const struct shrike_ts *)(const void *)ts.at;
    op->install.remote_ts = op->install.local_ts + child->local_ts_count;
    split_keys(&op->install, keymat, len, fault(31) || child->ours);
    child->encap = sa_encap(sa);
    child->plane = t->shard->plane;
    return true;
}

void offer_failed(const struct turn *t, struct child_sa *child)
{
    /* Who has not answered in time may carry it out yet: what follows takes it out again. */
    if (t->op->reason != SHRIKE_REASON_OP_TIMEOUT)
        child->plane = 0;
}

void offer_up(struct turn *t, struct child_sa *child)
{
    child->state = CHILD_UP;
    life_begin_child(t->shard, child);
    twin_expect(t->shard, t->sa);
    if (!child->replaces) { /* else it is told when the old one is gone */
        child->announced = true;
        (void)trace_child(t->shard, SHRIKE_EVENT_CHILD_UP, t->sa, child);
    }
    if (child->ours && child->more)
        (void)trace_child(t->shard, SHRIKE_EVENT_ADDITIONAL_TS, t->sa, child);
    pending_release(t->shard, child->command, SHRIKE_REASON_NONE);
    child->command = 0;
    if (child->ours)
        remake_done(t->shard, t->sa, child);
}
