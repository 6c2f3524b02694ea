/* Choosing a proposal: see select.h. */
#include "sa/select.h"
#include "crypto/suite.h"
#include "crypto/weak.h"
#include "wire/codes.h"
#include <assert.h>

/* A transform type that a proposal does not hold means the same as its transform 0 (RFC 7296 3.3.2,
 * 3.3.3): no integrity algorithm, no key exchange, 32-bit sequence numbers. For SN the RFC demands
 * the type, but old peers leave it out. ENCR and PRF have no number 0: there it means that the
 * protocol has no use for the type. */
static_assert(INTEG_NONE == 0 && KE_NONE == 0 && SN_32 == 0, "absent is 0");

/* How far a pair of proposals got: 0, then the transform type that failed, then these. */
enum { STEP_HEAD = 0, STEP_UNKNOWN = TRANSFORM_SN + 1, STEP_DONE };
static_assert(TRANSFORM_ENCR == 1 && TRANSFORM_SN == 5, "the types we know are 1 to 5");

struct pair {
    const struct select_want *want;
    const struct shrike_proposal *ours;
    const struct proposal *theirs;
    bool answer; /* theirs is the answer to our offer */
};

/* The pair that came nearest to a match. */
struct nearest {
    unsigned step;
    u16 detail;
    const struct shrike_proposal *rule;
};

static bool theirs_has_type(const struct proposal *theirs, u8 type)
{
    for (unsigned i = 0; i < theirs->transform_count; i++) {
        if (theirs->transforms[i].type == type)
            return true;
    }
    return false;
}

static bool theirs_states(const struct proposal *theirs, const struct shrike_transform *t)
{
    for (unsigned i = 0; i < theirs->transform_count; i++) {
        const struct transform *u = &theirs->transforms[i];
        /* RFC 7296 3.3.6 (7): a transform with an attribute that we do not know is not acceptable.
         */
        if (u->type != t->type || u->id != t->id || u->unknown_attribute)
            continue;
        /* RFC 7296 2.13 (1), 3.3.6 (4): the key length is a part of the algorithm. */
        if (u->key_bits == t->key_bits || fault(19))
            return true;
    }
    return false;
}

/* Is the algorithm one that this protocol can use, together with what is chosen so far? */
static bool usable(const struct choice *c, const struct shrike_transform *t)
{
    const struct encr_suite *encr = suite_encr(c->encr, c->encr_bits);
    switch (t->type) {
    case TRANSFORM_ENCR:
        /* RFC 7296 3.3.5 (4, 5): one that is specified, with a key length if it takes
         * one. */
        return c->protocol == PROTOCOL_AH ? t->id == 0 : suite_encr(t->id, t->key_bits) != NULL;
    case TRANSFORM_PRF:
        return (t->id != 0) == (c->protocol == PROTOCOL_IKE);
    case TRANSFORM_INTEG:
        /* RFC 7296 3.3 (7), 5 (2): an AEAD stands alone, any other cipher never does. */
        return (t->id == INTEG_NONE) == (encr && encr->aead);
    case TRANSFORM_KE:
        /* RFC 7296 2.18 (2): an IKE SA is never without. */
        return t->id != KE_NONE || c->protocol != PROTOCOL_IKE;
    case TRANSFORM_SN:
        return t->id == SN_32 || c->protocol != PROTOCOL_IKE;
    }
    return false;
}

static void take(struct choice *c, const struct shrike_transform *t, bool stated)
{
    c->stated = (u8)(c->stated | (unsigned)stated << t->type);
    switch (t->type) {
    case TRANSFORM_ENCR:
        c->encr = t->id;
        c->encr_bits = t->key_bits;
        break;
    case TRANSFORM_PRF:
        c->prf = t->id;
        break;
    case TRANSFORM_INTEG:
        c->integ = t->id;
        break;
    case TRANSFORM_KE:
        c->ke = t->id;
        break;
    case TRANSFORM_SN:
        c->sn = t->id;
        break;
    }
}

static bool try_transform(const struct pair *p, const struct shrike_transform *t, struct choice *c)
{
    bool stated = theirs_states(p->theirs, t);
    /* RFC 7296 3.3.3 (2): an optional type that is left out is none of it. */
    bool meant = t->id == 0 && !theirs_has_type(p->theirs, t->type);
    /* RFC 7296 1.2 (6): groups offered in IKE_AUTH have no KE payload to go with; we pass them
     * over. */
    bool ignored = t->type == TRANSFORM_KE && p->want->ke_ignored && !p->answer;
    if (!(stated || meant || ignored) || !usable(c, t))
        return false;
    take(c, t, stated);
    return true;
}

/* Choose the algorithm of one type: the first of ours that the peer has too. */
static bool choose(const struct pair *p, u8 type, struct choice *c)
{
    bool ke = type == TRANSFORM_KE;
    bool chosen = false, absent = true;
    for (unsigned i = 0; i < p->ours->transform_count; i++) {
        const struct shrike_transform *t = &p->ours->transforms[i];
        if (t->type != type || (ke && p->want->ke_ignored))
            continue;
        absent = false;
        /* The group whose public value is here already saves a round trip. */
        bool better = ke && t->id != KE_NONE && t->id == p->want->ke_hint;
        if (!chosen || better)
            chosen |= try_transform(p, t, c);
    }
    const struct shrike_transform none = {.type = type};
    return absent ? try_transform(p, &none, c) : chosen;
}

/* RFC 7296 3.3.1: the size of an SPI is that of its protocol. */
static bool spi_fits(const struct select_want *want, const struct proposal *theirs)
{
    static const u8 reserved[SPI_MAX] = {0};
    if (want->protocol != PROTOCOL_IKE) /* RFC 4303 2.1: 0 to 255 are reserved */
        return theirs->spi_len == 4 && memcmp(theirs->spi, reserved, 3) != 0;
    /* RFC 7296 3.3.1 (4): here the SPIs are in the header. */
    if (!want->ike_rekey)
        return theirs->spi_len == 0;
    return theirs->spi_len == 8 && memcmp(theirs->spi, reserved, 8) != 0; /* RFC 7296 3.1 */
}

/* The step that failed, or STEP_DONE with the choice. *detail: the transform type that failed. */
static unsigned match_pair(const struct pair *p, struct choice *out, u16 *detail)
{
    const struct proposal *theirs = p->theirs;
    *detail = 0;
    *out = (struct choice){
        .number = theirs->number,
        .protocol = theirs->protocol,
        .spi_len = theirs->spi_len,
        .rule = p->ours,
    };
    memcpy(out->spi, theirs->spi, sizeof(out->spi));
    if (theirs->protocol != p->want->protocol || p->ours->protocol != p->want->protocol ||
        !spi_fits(p->want, theirs))
        return STEP_HEAD;
    /* RFC 7296 3.3.3 (1), 3.3.6 (6): each type that we know has to be settled. */
    for (u8 type = TRANSFORM_ENCR; type <= TRANSFORM_SN; type++) {
        *detail = type;
        if (!choose(p, type, out))
            return type;
    }
    /* RFC 7296 3.3.6 (6): a type that we do not know spoils the proposal. */
    for (unsigned i = 0; i < theirs->transform_count; i++) {
        *detail = theirs->transforms[i].type;
        if (*detail < TRANSFORM_ENCR || *detail > TRANSFORM_SN)
            return STEP_UNKNOWN;
    }
    return STEP_DONE;
}

/* Try a pair; remember the miss when it is the nearest so far. */
static bool try_pair(const struct pair *p, struct choice *out, struct nearest *nearest)
{
    u16 detail;
    unsigned step = match_pair(p, out, &detail);
    if (step == STEP_DONE)
        return true;
    if (!nearest->rule || step > nearest->step)
        *nearest = (struct nearest){step, detail, p->ours};
    return false;
}

/* Is all that the peer offers of this type too weak to be used unless it is named (RFC 8247)? */
static bool offers_weak(struct bytes sa_body, u16 type)
{
    struct proposal p;
    struct reader r = reader_of(sa_body);
    bool weak = false;
    while (proposal_read(&r, &p)) {
        for (unsigned i = 0; i < p.transform_count; i++) {
            const struct transform *t = &p.transforms[i];
            if (t->type == type && !weak_transform(t->type, t->id))
                return false;
            weak |= t->type == type;
        }
    }
    return weak;
}

static bool refuse(struct bytes sa_body, const struct select_want *want,
                   const struct nearest *nearest, struct shrike_reason *why)
{
    const struct shrike_proposal *rule = nearest->rule;
    *why = (struct shrike_reason){
        .code = want->protocol == PROTOCOL_IKE ? SHRIKE_REASON_NO_IKE_PROPOSAL
                                               : SHRIKE_REASON_NO_CHILD_PROPOSAL,
        .detail = nearest->detail,
        .offered = sa_body,
        .allowed = want->ours,
        .allowed_count = (u16)want->count,
    };
    if (offers_weak(sa_body, nearest->detail))
        why->code = SHRIKE_REASON_WEAK_PROPOSAL;
    if (!rule && want->count)
        rule = want->ours;
    if (rule)
        why->origin = rule->origin;
    return false;
}

/* How many proposals the body holds; 0: none, or it is malformed. */
static unsigned count_proposals(struct bytes sa_body, struct shrike_reason *why)
{
    struct proposal p;
    struct reader r = reader_of(sa_body);
    unsigned count = 0;
    while (proposal_read(&r, &p))
        count++;
    if (count && !r.bad)
        return count;
    *why = (struct shrike_reason){
        .code = SHRIKE_REASON_SYNTAX, .detail = PAYLOAD_SA, .offered = sa_body};
    return 0;
}

/* RFC 7296 2.7 (1, 2, 3), 3.3.4 (5, 6): one of theirs that is one of ours, or none. */
bool select_proposal(struct bytes sa_body, const struct select_want *want, struct choice *out,
                     struct shrike_reason *why)
{
    struct proposal theirs;
    struct nearest nearest = {0};
    if (!count_proposals(sa_body, why))
        return false;
    for (unsigned i = 0; i < want->count; i++) {
        struct reader r = reader_of(sa_body);
        while (proposal_read(&r, &theirs)) {
            struct pair p = {.want = want, .ours = &want->ours[i], .theirs = &theirs};
            if (try_pair(&p, out, &nearest))
                return true;
        }
    }
    return refuse(sa_body, want, &nearest, why);
}

/* Is there no type with two transforms? *detail: the type that has. */
static bool one_of_each(const struct proposal *p, u16 *detail)
{
    u8 seen[256] = {0};
    for (unsigned i = 0; i < p->transform_count; i++) {
        *detail = p->transforms[i].type;
        if (seen[p->transforms[i].type]++)
            return false;
    }
    return true;
}

/* RFC 7296 3.3.6 (5): the initiator must check that the answer is one of its offers. */
bool select_verify(struct bytes sa_body, const struct select_want *want, struct choice *out,
                   struct shrike_reason *why)
{
    struct proposal theirs;
    struct nearest nearest = {0};
    unsigned count = count_proposals(sa_body, why);
    if (!count)
        return false;
    struct reader r = reader_of(sa_body);
    if (count > 1 || !proposal_read(&r, &theirs) || theirs.number == 0 ||
        theirs.number > want->count)
        return refuse(sa_body, want, &nearest, why);
    struct pair p = {want, &want->ours[theirs.number - 1], &theirs, .answer = true};
    nearest.rule = p.ours;
    if (!one_of_each(&theirs, &nearest.detail))
        return refuse(sa_body, want, &nearest, why);
    if (!try_pair(&p, out, &nearest) && !fault(20))
        return refuse(sa_body, want, &nearest, why);
    return true;
}

static bool rule_allows(const struct shrike_proposal *rule, const struct shrike_transform *t)
{
    bool absent = true;
    for (unsigned i = 0; i < rule->transform_count; i++) {
        const struct shrike_transform *u = &rule->transforms[i];
        if (u->type == t->type && u->id == t->id && u->key_bits == t->key_bits)
            return true;
        absent &= u->type != t->type;
    }
    return absent && t->id == 0;
}

/* The choice as a list, one transform for each type, in the order of the types. */
static void list_transforms(const struct choice *c, struct shrike_transform out[TRANSFORM_SN])
{
    out[0] = (struct shrike_transform){TRANSFORM_ENCR, c->encr, c->encr_bits};
    out[1] = (struct shrike_transform){TRANSFORM_PRF, c->prf, 0};
    out[2] = (struct shrike_transform){TRANSFORM_INTEG, c->integ, 0};
    out[3] = (struct shrike_transform){TRANSFORM_KE, c->ke, 0};
    out[4] = (struct shrike_transform){TRANSFORM_SN, c->sn, 0};
}

bool select_allows(const struct shrike_proposal *ours, unsigned count, const struct choice *c)
{
    struct shrike_transform chosen[TRANSFORM_SN];
    list_transforms(c, chosen);
    for (unsigned i = 0; i < count; i++) {
        bool all = ours[i].protocol == c->protocol;
        for (unsigned k = 0; k < ARRAY_LEN(chosen); k++)
            all = all && rule_allows(&ours[i], &chosen[k]);
        if (all)
            return true;
    }
    return false;
}

static void add(struct proposal *p, const struct shrike_transform *t)
{
    /* RFC 7296 3.3 (10): each key length is a transform of its own. */
    if (p->transform_count < TRANSFORMS_MAX)
        p->transforms[p->transform_count++] =
            (struct transform){.type = t->type, .id = t->id, .key_bits = t->key_bits};
}

static void set_spi(struct proposal *p, const u8 *spi, u8 spi_len)
{
    ensure(spi_len <= SPI_MAX);
    p->spi_len = spi_len;
    if (spi_len)
        memcpy(p->spi, spi, spi_len);
}

void select_offer(struct writer *w, const struct shrike_proposal *ours, unsigned count,
                  const struct offer *o)
{
    ensure(count > 0 && count <= PROPOSALS_MAX);
    for (unsigned i = 0; i < count; i++) {
        /* RFC 7296 3.3 (2), 3.3.1 (2): in our order, numbered from 1. */
        struct proposal p = {.number = (u8)(i + 1), .protocol = ours[i].protocol};
        set_spi(&p, o->spi, o->spi_len);
        /* Two rounds: the group that is to stand first, then the rest. */
        for (unsigned round = 0; round < 2; round++) {
            for (unsigned k = 0; k < ours[i].transform_count; k++) {
                const struct shrike_transform *t = &ours[i].transforms[k];
                bool ke = t->type == TRANSFORM_KE;
                bool first = ke && o->group_first != KE_NONE && t->id == o->group_first;
                if (first == (round == 0) && !(ke && o->without_ke))
                    add(&p, t);
            }
        }
        proposal_write(w, &p, i + 1 == count);
    }
}

/* RFC 7296 2.7 (4), 3.3.1 (3): of each type in the offer one transform, under the offer's number.
 */
void select_answer(struct writer *w, const struct choice *c, const u8 *spi, u8 spi_len)
{
    struct proposal p = {.number = c->number, .protocol = c->protocol};
    struct shrike_transform chosen[TRANSFORM_SN];
    list_transforms(c, chosen);
    set_spi(&p, spi, spi_len);
    for (unsigned i = 0; i < ARRAY_LEN(chosen); i++) {
        if (c->stated & 1u << chosen[i].type)
            add(&p, &chosen[i]);
    }
    proposal_write(w, &p, true);
}

/* The first group that is `group`, or any when that is KE_NONE. */
static u16 find_group(const struct shrike_proposal *ours, unsigned count, u16 group)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < ours[i].transform_count; j++) {
            const struct shrike_transform *x = &ours[i].transforms[j];
            if (x->type == TRANSFORM_KE && suite_ke(x->id) && (group == KE_NONE || x->id == group))
                return x->id;
        }
    }
    return KE_NONE;
}

u16 select_first_group(const struct shrike_proposal *ours, unsigned count)
{
    return find_group(ours, count, KE_NONE);
}

bool select_has_group(const struct shrike_proposal *ours, unsigned count, u16 group)
{
    return group != KE_NONE && find_group(ours, count, group) == group;
}
