/* Writes inputs for fuzz_eap to begin with: runs of each method, as server and as peer.
 * seed_eap FOLDER */
#include "base/cursor.h"
#include <stdio.h>
#include <stdlib.h>

enum step {
    STEP_OCTETS,
    STEP_DATA,
    STEP_OTHER,
    STEP_SUCCESS,
    STEP_GENEROUS,
    STEP_STRAY,
    STEP_COUNT
};
enum { SERVER = 8, MSCHAPV2 = 0, MD5 = 1, GTC = 2, ALL = 3, ASKS = 0x40, IDENTITY = 1, NAK = 3 };

static u8 octets[4096];
static struct writer w;
static unsigned number;
static const char *folder;

static void begin(u8 how)
{
    w = writer_of(octets, sizeof(octets));
    write_u8(&w, how);
}

static void put(u8 what, const void *data, size_t len)
{
    write_u8(&w, what);
    write_u16(&w, (u16)len);
    write_bytes(&w, bytes_of(data, len));
}
#define PUT(what, text) put((what), (text), sizeof(text) - 1)
#define OTHER(type)     ((u8)(STEP_OTHER + STEP_COUNT * (type)))

static void save(void)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%02u", folder, number++);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(octets, 1, written(&w), f) != written(&w) || fclose(f) != 0)
        exit(1);
}

static void mschapv2_response(u8 what)
{
    u8 data[4 + 50 + 5] = {2, 0, 0, sizeof(data), 49};
    memcpy(data + 54, "alice", 5);
    put(what, data, sizeof(data));
}

static void servers(void)
{
    begin(SERVER | MSCHAPV2);
    mschapv2_response(STEP_GENEROUS);
    PUT(STEP_DATA, "\3");
    save();
    begin(SERVER | MSCHAPV2);
    mschapv2_response(STEP_DATA);
    PUT(STEP_DATA, "\4");
    save();
    begin(SERVER | MD5 | ASKS);
    PUT(STEP_DATA, "alice");
    PUT(STEP_GENEROUS, "\20"
                       "0123456789abcdefalice");
    save();
    begin(SERVER | GTC);
    PUT(STEP_GENEROUS, "sesame");
    save();
    begin(SERVER | ALL | ASKS);
    PUT(STEP_DATA, "HOME\\alice");
    PUT(OTHER(NAK), "\6");
    PUT(STEP_DATA, "sesame");
    save();
}

static void peers(void)
{
    static const u8 challenge[4 + 17 + 2] = {1, 7, 0, sizeof(challenge), 16};
    static const u8 success[4 + 42] = {3, 7, 0, sizeof(success), 'S', '='};
    begin(MSCHAPV2);
    PUT(OTHER(IDENTITY), "");
    put(OTHER(26), challenge, sizeof(challenge));
    put(STEP_DATA, success, sizeof(success));
    PUT(STEP_SUCCESS, "");
    save();
    begin(MD5);
    PUT(OTHER(13), " ");
    PUT(OTHER(4), "\20"
                  "0123456789abcdef");
    PUT(STEP_SUCCESS, "");
    save();
    begin(GTC);
    PUT(STEP_OCTETS, "\1\1\0\6\6?");
    PUT(STEP_SUCCESS, "");
    save();
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    folder = argv[1];
    servers();
    peers();
    return 0;
}
