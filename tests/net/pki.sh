# shellcheck shell=bash
# Authorities and certificates for the tests, by the program openssl: sourced by those that need them,
# which set $pki, a folder. Everything stands there as NAME.key, NAME.pem, NAME.crl.

# key NAME KIND: rsa2048, P-256, ED25519 ...
key() {
    local options=()
    case $2 in
    rsa*) options=(-algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}") ;;
    P-*) options=(-algorithm EC -pkeyopt "ec_paramgen_curve:$2") ;;
    *) options=(-algorithm "$2") ;;
    esac
    openssl genpkey "${options[@]}" -out "$pki/$1.key" 2>/dev/null
}

# dates DAYS: options; with -1 it has ended. (Newer programs want to be told when it began, too.)
dates() {
    if [ "$1" -lt 0 ] && openssl x509 -help 2>&1 | grep -q not_after; then
        date -u -d "-9 days" +-not_before%n%Y%m%d%H%M%SZ
        date -u -d "$1 days" +-not_after%n%Y%m%d%H%M%SZ
    else
        printf '%s\n' -days "$1"
    fi
}

# signed NAME BY DAYS: of NAME.csr, with what stands in the file ext; without BY by itself; with SHA-256, or
# what `signed_by` says.
signed() {
    local signer=(-signkey "$pki/$1.key") dates
    mapfile -t dates < <(dates "$3")
    [ -z "$2" ] || signer=(-CA "$pki/$2.pem" -CAkey "$pki/$2.key" -CAcreateserial)
    openssl x509 -req -in "$pki/$1.csr" "${dates[@]}" -extfile "$pki/ext" -out "$pki/$1.pem" \
        "-${signed_by:-sha256}" "${signer[@]}" 2>/dev/null
}

# authority NAME [BY]
authority() {
    key "$1" P-256
    openssl req -new -key "$pki/$1.key" -subj "/O=Example/CN=$1" -out "$pki/$1.csr"
    printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >"$pki/ext"
    signed "$1" "${2:-}" 1000
}

# leaf NAME KIND [BY [DAYS [LINE...]]]: of NAME.example, or of what `leaf_of` says; the lines go into its
# extensions.
leaf() {
    local name=$1 by=${3:-root} days=${4:-90} line
    key "$name" "$2"
    openssl req -new -key "$pki/$name.key" -subj "/O=Example/CN=$name" -out "$pki/$name.csr"
    {
        echo "subjectAltName=DNS:${leaf_of:-$name}.example"
        for line in "${@:5}"; do echo "$line"; done
    } >"$pki/ext"
    signed "$name" "$by" "$days"
}

# holds FOLDER NAME...: that of a daemon, which trusts root and has these certificates with their keys.
holds() {
    local name to=$1
    shift
    mkdir -p "$to"/{x509,x509ca,x509crl,private}
    cp "$pki/root.pem" "$to/x509ca"
    for name in "$@"; do
        cp "$pki/$name.pem" "$to/x509"
        cp "$pki/$name.key" "$to/private/$name.pem"
    done
}

# later NAME BY: of NAME.csr, with what stands in the file ext, once more, and for a time to come.
later() {
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\npolicy=p\n[p]\n' \
        "$pki/later" "$pki/serial" "$pki" >"$pki/later.conf"
    printf 'organizationName=optional\ncommonName=optional\n' >>"$pki/later.conf"
    : >"$pki/later"
    openssl rand -hex 16 >"$pki/serial"
    openssl ca -config "$pki/later.conf" -batch -notext -md sha256 -in "$pki/$1.csr" -cert "$pki/$2.pem" \
        -keyfile "$pki/$2.key" -startdate "$(date -u -d '+30 days' +%Y%m%d%H%M%SZ)" \
        -enddate "$(date -u -d '+90 days' +%Y%m%d%H%M%SZ)" -extfile "$pki/ext" -out "$pki/$1.pem" 2>/dev/null
}

# index NAME...: what openssl's authorities and responder keep of certificates; those of such a name are
# revoked.
index() {
    local name state end
    end=$(date -u -d '+80 days' +%y%m%d%H%M%SZ)
    : >"$pki/index"
    for name in "$@"; do
        state=V$'\t'$end$'\t'
        [[ $name != *revoked* ]] || state=R$'\t'$end$'\t'$(date -u +%y%m%d%H%M%SZ)
        printf '%s\t%s\tunknown\t/CN=%s\n' "$state" \
            "$(openssl x509 -in "$pki/$name.pem" -noout -serial | sed 's/.*=//')" "$name" >>"$pki/index"
    done
}

# crl AUTHORITY: of what the index has, in DER.
crl() {
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ndefault_md=sha256\ndefault_crl_days=30\n' \
        "$pki/index" >"$pki/ca.conf"
    openssl ca -config "$pki/ca.conf" -gencrl -cert "$pki/$1.pem" -keyfile "$pki/$1.key" \
        -out "$pki/crl.pem" 2>/dev/null
    openssl crl -in "$pki/crl.pem" -outform DER -out "$pki/$1.crl"
}
