/* Memory for the engine: see memory.h. */
#include "net/memory.h"
#include "base/ct.h"
#include <sys/mman.h>
#include <sys/sysinfo.h>

enum {
    MIB_MIN = 64,
    MIB_MAX = 1024,
    IKE_SAS_PER_MIB = 128,     /* 8 KiB for each: 131,072 of them in 1 GiB */
    CHILD_SAS_PER_IKE_SA = 2,  /* one, and a second while the first is made anew */
    IKE_SAS_PER_HALF_OPEN = 16 /* handshakes are short; more of them only come in floods */
};

static void *take(void *ctx, size_t size)
{
    (void)ctx;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    /* Advice: a system that does not know it has the memory all the same. */
    (void)madvise(at, size, MADV_DONTDUMP);
    (void)madvise(at, size, MADV_WIPEONFORK);
    return at;
}

static void give(void *ctx, void *page, size_t size)
{
    (void)ctx;
    wipe(page, size);
    munmap(page, size);
}

struct shrike_pages memory_pages(void)
{
    return (struct shrike_pages){.take = take, .give = give};
}

struct shrike_limits memory_limits_of(uint64_t host_mib)
{
    u32 mib = (u32)MIN(MAX(host_mib / 4, MIB_MIN), MIB_MAX);
    u32 ike_sas = mib * IKE_SAS_PER_MIB;
    return (struct shrike_limits){.ike_sas = ike_sas,
                                  .half_open = ike_sas / IKE_SAS_PER_HALF_OPEN,
                                  .child_sas = ike_sas * CHILD_SAS_PER_IKE_SA,
                                  .memory_mib = mib};
}

struct shrike_limits memory_limits(void)
{
    struct sysinfo host;
    if (sysinfo(&host) != 0)
        return memory_limits_of(0);
    return memory_limits_of((u64)host.totalram * host.mem_unit >> 20);
}
