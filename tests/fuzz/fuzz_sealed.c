/* What a peer with the right keys can send: sealed messages of any content, one after the other, to
 * the initiator or the responder of an established pair. Nothing may abort, and the caps hold. */
#include "forger.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each message: which kind, its first payload, its length, then its octets. */
static bool next_forgery(struct reader *r, struct forgery *f, u32 *ids)
{
    static const u8 kinds[] = {EXCHANGE_INFORMATIONAL, EXCHANGE_CREATE_CHILD_SA, EXCHANGE_IKE_AUTH,
                               EXCHANGE_IKE_SA_INIT};
    u8 how = read_u8(r);
    *f = (struct forgery){
        .exchange = kinds[how & 3],
        .response = (how & 4) != 0,
        .fragment = (how & 8) != 0,
        .flags_extra = (how & 0xf0) == 0xf0 ? read_u8(r) : 0,
        .first = read_u8(r),
    };
    f->message_id = f->response ? *ids : (*ids)++;
    u16 len = read_u16(r);
    f->inner = read_bytes(r, MIN(len, read_left(r)));
    return !r->bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    u8 what = read_u8(&r);
    unsigned victim = what & 1;
    struct shrike_provider *a = provider_toy_new(1), *b = provider_toy_new(2);
    struct pair_options o = {.algorithms = pair_usual,
                             .limits = {.ike_sas = 8, .half_open = 8, .child_sas = 16},
                             .children = 3};
    struct pair *p = pair_new(a, b, &o);
    struct forger f;
    pair_up(p, what & 2 ? "net0" : NULL);
    require(forger_init(&f, p, victim));
    if (what & 4) { /* with a request of the victim in flight */
        struct shrike_command c = {SHRIKE_DOWN, 3, "pair", what & 8 ? "net0" : NULL, 0, 0};
        p->side[victim].mute = true;
        shrike_command(p->side[victim].engine, p->now, &c);
        (void)pair_drain(p, victim);
    }
    struct forgery forgery;
    u32 ids = victim == 1 ? (what & 2 ? 2 : 4) : 0;
    for (unsigned n = 0; n < 32 && next_forgery(&r, &forgery, &ids); n++) {
        forge(&f, &forgery);
        p->side[victim].refuse_ops = (what & 0x10) && n % 2;
        for (unsigned i = 0; i < 20 && pair_drain(p, victim); i++)
            ;
        struct shrike_stats s;
        shrike_stats(p->side[victim].engine, &s);
        require(s.ike_sas <= 8 && s.child_sas <= 16 && s.half_open <= 8);
        pair_lose_all(&p->side[0]);
        pair_lose_all(&p->side[1]);
    }
    forger_free(&f);
    pair_wait(p, p->now + 400 * SHRIKE_SECOND);
    pair_free(p);
    provider_toy_free(a);
    provider_toy_free(b);
    return 0;
}
