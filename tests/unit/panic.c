/* The panic hook of the tests. */
#include "shrike/shrike.h"
#include <stdio.h>
#include <stdlib.h>

_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}
