/* Names of code points, from the one list. */
#include "wire/codes.h"

static const struct {
    u8 kind;
    u16 number;
    const char *name;
} rows[] = {
#define CODE(kind, name, number, text) {CODE_##kind, number, text},
#include "wire/codes.def"
#undef CODE
};

const char *code_name(enum code_kind kind, u16 number)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].kind == kind && rows[i].number == number)
            return rows[i].name;
    return NULL;
}

int code_number(enum code_kind kind, const char *name)
{
    size_t size = strlen(name) + 1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].kind == kind && strlen(rows[i].name) + 1 == size &&
            memcmp(rows[i].name, name, size) == 0)
            return rows[i].number;
    return -1;
}

bool notify_is_error(u16 type)
{
    return type < NOTIFY_INITIAL_CONTACT; /* RFC 7296 3.10.1: status types begin there */
}
