/* Whether the kernel moves SAs whole is found out with one that nobody uses. */
#include "fake_kernel.h"
#include "xfrm/rehearsal.h"

static bool rehearse(void)
{
    static struct kernel kernel;
    u32 sas = fake_sas(), policies = fake_policies();
    ensure(kernel_open(&kernel, false));
    bool good = rehearse_move(&kernel, 0x12345, 0xffffffff);
    ensure(fake_sas() == sas && fake_policies() == policies); /* nothing of it stays */
    return good;
}

TEST(it_moves_them_whole)
{
    memset(&fake, 0, sizeof fake);
    CHECK(rehearse());
    CHECK_EQ(fake.migrated, 1);
    CHECK(rehearse());
    fake.no_keys = true;
    CHECK(rehearse());
}

TEST(it_cannot)
{
    memset(&fake, 0, sizeof fake);
    fake.no_migrate = true;
    CHECK(!rehearse());
    fake.no_migrate = false;
    fake.refuse_type = XFRM_MSG_NEWSA;
    fake.refuse_error = ENOSYS;
    CHECK(!rehearse());
}

TEST(it_forgets)
{
    memset(&fake, 0, sizeof fake);
    fake.forgets_numbers = true;
    CHECK(!rehearse());
    fake.forgets_numbers = false;
    fake.keeps_ports = true;
    CHECK(!rehearse());
}

int main(void)
{
    return RUN(it_moves_them_whole) | RUN(it_cannot) | RUN(it_forgets);
}
