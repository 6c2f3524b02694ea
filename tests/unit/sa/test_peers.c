/* The rings of SAs between the same identities, held against a list that does the same slowly. */
#include "sa/peers.h"
#include "tools.h"

enum { SAS = 8, IDS = 3, STEPS = 3000 };

static struct shrike_conn conn = {.name = "c", .local = {.id = {ID_FQDN, {(const u8 *)"me", 2}}}};
static const struct shrike_id ids[IDS] = {{ID_FQDN, {(const u8 *)"one", 3}},
                                          {ID_KEY_ID, {(const u8 *)"one", 3}},
                                          {ID_FQDN, {(const u8 *)"on", 2}}};

/* Newest first. */
static struct ike_sa *model[IDS][SAS];
static unsigned counts[IDS];

static void model_remove(const struct ike_sa *sa)
{
    for (unsigned k = 0; k < IDS; k++) {
        unsigned n = 0;
        for (unsigned i = 0; i < counts[k]; i++)
            if (model[k][i] != sa)
                model[k][n++] = model[k][i];
        counts[k] = n;
    }
}

static void model_insert(unsigned k, unsigned at, struct ike_sa *sa)
{
    for (unsigned i = counts[k]++; i > at; i--)
        model[k][i] = model[k][i - 1];
    model[k][at] = sa;
}

static void model_follow(struct ike_sa *sa, const struct ike_sa *old)
{
    model_remove(sa);
    for (unsigned k = 0; k < IDS; k++)
        for (unsigned i = 0; i < counts[k]; i++)
            if (model[k][i] == old) {
                model_insert(k, i, sa);
                return;
            }
}

static bool agrees(void)
{
    for (unsigned k = 0; k < IDS; k++) {
        struct ike_sa *sa = peers_newest(&shard, &conn.local.id, &ids[k]);
        for (unsigned i = 0; i < counts[k]; i++, sa = peers_older(&shard, sa))
            if (sa != model[k][i])
                return false;
        if (sa)
            return false;
    }
    return true;
}

TEST(rings_as_lists)
{
    struct ike_sa *sas[SAS];
    CHECK(shard_begin());
    for (unsigned i = 0; i < SAS; i++) {
        CHECK((sas[i] = sa_new_waiting(&shard)) != NULL);
        sas[i]->conn = &conn;
    }
    for (unsigned n = 0; n < STEPS; n++) {
        struct ike_sa *sa = sas[shard_jitter(&shard, SAS)], *other = sas[shard_jitter(&shard, SAS)];
        unsigned k = shard_jitter(&shard, IDS);
        switch (shard_jitter(&shard, 4)) {
        case 0:
        case 1:
            peers_add(&shard, sa, &ids[k]);
            model_remove(sa);
            model_insert(k, 0, sa);
            break;
        case 2:
            peers_remove(&shard, sa);
            model_remove(sa);
            break;
        case 3:
            if (sa == other)
                break;
            peers_follow(&shard, sa, other);
            model_follow(sa, other);
            break;
        }
        CHECK(agrees());
    }
    for (unsigned i = 0; i < SAS; i++) {
        model_remove(sas[i]);
        sas[i]->conn = NULL;
        sa_free(&shard, sas[i]);
        CHECK(agrees());
    }
    CHECK_EQ(shard.by_peer.count, 0);
    CHECK(shard_end());
}

/* An SA that has left, or was closed, still knows where others like it are. */
TEST(those_like_one_that_has_left)
{
    CHECK(shard_begin());
    struct ike_sa *a = sa_new_waiting(&shard), *b = sa_new_waiting(&shard);
    a->conn = b->conn = &conn;
    CHECK(peers_newest_like(&shard, a) == NULL);
    peers_join(&shard, b, a);
    CHECK(peers_older(&shard, b) == NULL && shard.by_peer.count == 0);
    peers_add(&shard, a, &ids[0]);
    peers_remove(&shard, a);
    CHECK(peers_newest_like(&shard, a) == NULL && peers_older(&shard, a) == NULL);
    peers_join(&shard, b, a);
    CHECK(peers_newest_like(&shard, a) == b);
    CHECK(peers_newest(&shard, &conn.local.id, &ids[0]) == b);
    a->conn = b->conn = NULL;
    sa_free(&shard, a);
    sa_free(&shard, b);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(rings_as_lists) | RUN(those_like_one_that_has_left);
}
