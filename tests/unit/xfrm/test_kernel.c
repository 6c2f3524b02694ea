/* The socket to the kernel, in a network of the test's own; where there is no right to such, or no
 * XFRM, nothing is tested. A kernel without ESP does. */
#include "test.h"
#include "xfrm/event.h"
#include "xfrm/kernel.h"
#include "xfrm/probe.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <sched.h>

static struct kernel kernel;
static struct batch batch;
static u32 rows, policies;

static void row(void *ctx, u16 letter, const struct nlmsghdr *h)
{
    struct letter_policy p;
    (void)ctx;
    (void)letter;
    policies += h->nlmsg_type == XFRM_MSG_NEWPOLICY;
    rows += policy_read(h, &p) && policy_read(h, &p) && p.priority == 4711;
}

static struct letter_policy policy(u8 bits)
{
    struct letter_policy p = {.dir = XFRM_POLICY_OUT, .priority = 4711, .block = true};
    p.selector.family = AF_INET;
    p.selector.prefixlen_d = bits;
    p.index = 0xc0000000u + 8u * bits + XFRM_POLICY_OUT;
    return p;
}

/* Each letter has its own outcome, whatever became of those before it. */
TEST(each_letter_is_answered)
{
    const struct letter_sa_id nobody = {
        .protocol = IPPROTO_ESP, .spi = 0x1234567, .to = {.family = 4}};
    struct letter_policy a = policy(8), b = policy(9);
    bool holds[3] = {true, true, true};
    u32 sends;
    CHECK(kernel_open(&kernel, true));
    sends = (u32)kernel.sends;
    batch_clear(&batch);
    letter_policy(&batch, &a, false);
    batch.holds[0] = &holds[0];
    letter_sa_get(&batch, &nobody);
    batch.holds[1] = &holds[1];
    letter_policy(&batch, &a, false);
    batch.holds[2] = &holds[2];
    letter_policy(&batch, &b, true);
    CHECK(!kernel_send(&kernel, &batch, NULL));
    CHECK_EQ(kernel.sends, sends + 1);
    CHECK_EQ(batch.errors[0], 0);
    CHECK_EQ(batch.errors[1], ESRCH);
    CHECK_EQ(batch.errors[2], EEXIST);
    CHECK_EQ(batch.errors[3], 0);
    CHECK(holds[0] && !holds[1] && !holds[2]);
    const struct kernel_reader reader = {row, NULL};
    batch_clear(&batch);
    letter_policy_list(&batch);
    CHECK(kernel_send(&kernel, &batch, &reader));
    CHECK_EQ(rows, 2);
    batch_clear(&batch);
    letter_policy_delete(&batch, &a);
    letter_policy_delete(&batch, &b);
    CHECK(kernel_send(&kernel, &batch, NULL));
    kernel_close(&kernel);
    kernel_close(&kernel);
}

TEST(events_do_not_hold_up)
{
    static u8 octets[KERNEL_EVENT_MAX];
    size_t len;
    bool lost;
    CHECK(kernel_open(&kernel, true));
    CHECK(!kernel_happening(&kernel, octets, &len, &lost) && len == 0 && !lost);
    kernel_close(&kernel);
}

/* It says what it has found, and leaves nothing. */
TEST(a_probe_leaves_nothing)
{
    struct probe p;
    const struct kernel_reader reader = {row, NULL};
    probe_kernel(&p);
    CHECK_EQ((p.plane & PLANE_KERNEL) != 0, strncmp(p.text, "ESP", 3) == 0);
    CHECK(p.plane & PLANE_KERNEL || strncmp(p.text, "none", 4) == 0);
    CHECK(kernel_open(&kernel, false));
    batch_clear(&batch);
    letter_sa_list(&batch);
    letter_policy_list(&batch);
    policies = 0;
    CHECK(kernel_send(&kernel, &batch, &reader));
    CHECK_EQ(policies, 0);
    kernel_close(&kernel);
}

int main(void)
{
    if (unshare(CLONE_NEWNET) != 0 || !kernel_open(&kernel, false)) {
        printf("# no network of our own, or no XFRM: %s\n", strerror(errno));
        return 0;
    }
    kernel_close(&kernel);
    return RUN(each_letter_is_answered) | RUN(events_do_not_hold_up) | RUN(a_probe_leaves_nothing);
}
