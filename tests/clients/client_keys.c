/* Keys of a client's SAs, and what is signed. */
#include "client.h"
#include "crypto/keymat.h"

enum { ESP_KEYS_MAX = 4 * ESP_KEY_MAX };

static const struct transform *of_type(const struct proposal *p, u8 type)
{
    for (unsigned i = 0; i < p->transform_count; i++) {
        if (p->transforms[i].type == type)
            return &p->transforms[i];
    }
    return NULL;
}

/* The shared secret of the exchange; empty: it has no key exchange. */
static bool shared_of(const struct client *c, u8 out[KE_SECRET_MAX], struct bytes *shared)
{
    const struct client_talk *t = &c->talk;
    const struct ke_suite *ke = suite_ke(t->group);
    bool valid = true;
    *shared = bytes_of(out, 0);
    if (t->group == KE_NONE || !t->ke_peer_len)
        return true;
    if (!ke || !c->provider->ke_derive(c->provider->ctx, ke, t->ke_private,
                                       bytes_of(t->ke_peer, t->ke_peer_len), out, &valid))
        return false;
    shared->len = ke->secret_len;
    return valid;
}

static bool suite_of(const struct proposal *p, u16 group, struct ike_suite *out)
{
    const struct transform *encr = of_type(p, TRANSFORM_ENCR), *prf = of_type(p, TRANSFORM_PRF),
                           *integ = of_type(p, TRANSFORM_INTEG), *ke = of_type(p, TRANSFORM_KE);
    *out = (struct ike_suite){.encr = encr ? suite_encr(encr->id, encr->key_bits) : NULL,
                              .prf = prf ? suite_prf(prf->id) : NULL,
                              .integ = integ ? suite_integ(integ->id) : NULL,
                              .ke = ke ? suite_ke(ke->id) : NULL};
    return out->encr && out->prf && out->ke && out->ke->id == group &&
           !out->integ == out->encr->aead;
}

static struct key_seed seed_of(const struct client_talk *t, struct bytes shared)
{
    return (struct key_seed){.ni = bytes_of(t->nonce[0], t->nonce_len[0]),
                             .nr = bytes_of(t->nonce[1], t->nonce_len[1]),
                             .shared = shared,
                             .spi_i = t->spi_ike[0],
                             .spi_r = t->spi_ike[1]};
}

/* RFC 7296 2.14, 2.15: the nonces are signed, too. */
static bool first_keys(struct client *c, const struct key_seed *seed, struct ike_keys *keys)
{
    for (unsigned i = 0; i < 2; i++) {
        memcpy(c->nonces[i], c->talk.nonce[i], c->talk.nonce_len[i]);
        c->nonce_len[i] = c->talk.nonce_len[i];
    }
    return keymat_ike(c->provider, &c->now.suite, seed, keys, c->sk_p);
}

/* RFC 7296 2.18: the old one stays until it is deleted. */
static bool next_keys(struct client *c, const struct key_seed *seed, struct ike_keys *keys)
{
    const struct keyed_prf old = {c->provider, c->now.suite.prf, channel_sk_d(c->now.channel)};
    struct ike_suite suite;
    if (!suite_of(&c->talk.agreed, c->talk.group, &suite) ||
        !keymat_rekey(&old, &suite, seed, keys))
        return false;
    channel_free(c->before.channel);
    c->before = c->now;
    c->now = (struct client_sa){
        .suite = suite, .initiator = c->talk.ours, .spi_i = seed->spi_i, .spi_r = seed->spi_r};
    return true;
}

bool client_new_ike(struct client *c)
{
    const bool first = c->talk.exchange == EXCHANGE_IKE_SA_INIT;
    u8 secret[KE_SECRET_MAX];
    struct bytes shared;
    struct ike_keys keys;
    if (!shared_of(c, secret, &shared) || shared.len == 0 ||
        (first && !suite_of(&c->talk.agreed, c->talk.group, &c->now.suite)))
        return false;
    const struct key_seed seed = seed_of(&c->talk, shared);
    if (!(first ? first_keys(c, &seed, &keys) : next_keys(c, &seed, &keys)))
        return false;
    c->now.channel = channel_new(&(struct channel_setup){.provider = c->provider,
                                                         .suite = c->now.suite,
                                                         .spi_i = c->now.spi_i,
                                                         .spi_r = c->now.spi_r,
                                                         .initiator = c->now.initiator},
                                 &keys);
    return c->now.channel != NULL;
}

/* Does this direction of the server have the keys that come next? */
static bool same_keys(const struct esp_key *k, struct reader *r)
{
    return bytes_equal(read_bytes(r, k->encr_len), bytes_of(k->encr, k->encr_len)) &&
           bytes_equal(read_bytes(r, k->integ_len), bytes_of(k->integ, k->integ_len));
}

/* RFC 7296 2.17: first the keys of the direction from who asks to who answers. */
const char *client_new_child(struct client *c)
{
    const struct client_talk *t = &c->talk;
    const unsigned me = t->ours ? 0 : 1;
    const struct keyed_prf d = {c->provider, c->now.suite.prf, channel_sk_d(c->now.channel)};
    const struct transform *encr = of_type(&t->agreed, TRANSFORM_ENCR);
    const struct esp_pair *pair = kernel_by_spi_in(c->server, t->spi_esp[1 - me]);
    u8 secret[KE_SECRET_MAX], all[ESP_KEYS_MAX];
    struct bytes shared;
    if (!pair)
        return "the server has not installed it";
    if (pair->spi_out != t->spi_esp[me] || !encr || pair->encr != encr->id ||
        pair->encr_key_bits != encr->key_bits)
        return "the server has installed another one";
    struct key_seed seed = {.ni = bytes_of(c->nonces[0], c->nonce_len[0]),
                            .nr = bytes_of(c->nonces[1], c->nonce_len[1])};
    if (!shared_of(c, secret, &shared))
        return "there is no shared secret";
    if (t->exchange != EXCHANGE_IKE_AUTH)
        seed = seed_of(t, shared);
    const size_t each = (size_t)pair->in.encr_len + pair->in.integ_len;
    if (!keymat_child(&d, &seed, all, 2 * each))
        return "there are no keys";
    struct reader r = reader_of(bytes_of(all, 2 * each));
    if (!same_keys(t->ours ? &pair->in : &pair->out, &r) ||
        !same_keys(t->ours ? &pair->out : &pair->in, &r))
        return "the server's keys are others";
    return NULL;
}

struct bytes client_signed(const struct client *c, unsigned side)
{
    static u8 octets[8192];
    const struct prf_suite *prf = c->now.suite.prf;
    struct writer w = writer_of(octets, sizeof octets);
    u8 maced[PRF_MAX];
    ensure(keymat_maced_id(c->provider, prf, bytes_of(c->sk_p[side], prf->key_len),
                           bytes_of(c->id[side], c->id_len[side]), maced));
    write_bytes(&w, bytes_of(c->init[side], c->init_len[side]));
    write_bytes(&w, bytes_of(c->nonces[1 - side], c->nonce_len[1 - side]));
    write_bytes(&w, bytes_of(maced, prf->len));
    ensure(!w.full);
    return written_bytes(&w);
}
