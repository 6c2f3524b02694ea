/* Questions about passwords as octets. */
#include "ops/password.h"
#include "base/text.h"
#include "ops/parts.h"
#include "shrike/action.h"
#include "shrike/event.h"
#include "wire/codes.h"
#include "wire/print.h"

CARRIES(struct mail_password, 88);
CARRIES(struct mail_password_is, 56);

size_t password_user(const struct shrike_id *id, u8 out[SHRIKE_ID_MAX])
{
    char printed[SHRIKE_ID_MAX];
    struct text t = text_of(printed, sizeof(printed));
    struct bytes name = id->data;
    bool is_text = id->type == ID_FQDN || id->type == ID_RFC822_ADDR || id->type == ID_KEY_ID;
    if (!is_text && id->type) {
        print_ident(&t, id->type, id->data);
        name = bytes_of(printed, t.len);
    }
    size_t len = MIN(name.len, (size_t)SHRIKE_ID_MAX);
    if (len)
        memcpy(out, name.at, len);
    return len;
}

void password_write(struct writer *w, const struct mail_password *m)
{
    write_u32(w, m->reference);
    write_choice(w, m->what, PASSWORD_WHATS);
    write_flag(w, m->checks);
    write_u8(w, m->identifier);
    write_slice(w, m->user);
    write_slice(w, m->spelling);
    write_slice(w, m->challenge);
    write_slice(w, m->own);
    write_slice(w, m->proof);
}

bool password_read(struct reader *r, struct mail_password *m)
{
    m->reference = read_u32(r);
    m->what = (u8)read_choice(r, PASSWORD_WHATS);
    m->checks = read_flag(r);
    m->identifier = read_u8(r);
    m->user = read_slice(r);
    m->spelling = read_slice(r);
    m->challenge = read_slice(r);
    m->own = read_slice(r);
    m->proof = read_slice(r);
    return read_ended(r) && m->user.len <= SHRIKE_ID_MAX && m->proof.len <= PASSWORD_PROOF_MAX;
}

void password_is_write(struct writer *w, const struct mail_password_is *m)
{
    write_u32(w, m->reference);
    write_choice(w, m->reason, SHRIKE_REASON_COUNT);
    write_slice(w, m->proof);
    write_slice(w, m->server);
    write_slice(w, m->key);
}

bool password_is_read(struct reader *r, struct mail_password_is *m)
{
    m->reference = read_u32(r);
    m->reason = read_choice(r, SHRIKE_REASON_COUNT);
    m->proof = read_slice(r);
    m->server = read_slice(r);
    m->key = read_slice(r);
    return read_ended(r) && m->proof.len <= PASSWORD_PROOF_MAX && m->key.len <= SHRIKE_MSK_MAX;
}
