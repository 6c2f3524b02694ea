/* Which of the planted faults (tools/faults.txt) breaks its rule in this process: the one whose
 * number is in SHRIKE_FAULT. Only builds with -Dfaults=true have this. */
#include "base/bytes.h"
#include <stdlib.h>

int fault_chosen;

__attribute__((constructor)) static void choose(void)
{
    const char *number = getenv("SHRIKE_FAULT");
    fault_chosen = number ? atoi(number) : 0;
}
