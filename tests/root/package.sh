#!/usr/bin/env bash
# The Debian package: built in one new Debian root, installed in another, where an upgrade keeps a tunnel.
#
#     tests/root/package.sh [--suite SUITE]      (as root; SUITE is bookworm or trixie)
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip package: needs root, for mmdebstrap and network namespaces"
    exit 0
}
share=$(mktemp -d "${TMPDIR:-/tmp}/shrike-share.XXXXXX")
trap 'rm -rf "$share"' EXIT
chmod 755 "$share"

tests/root/fresh-root "$@" --share "$share" -- tests/root/build-package.sh /srv/share
# The share is a mount, which is not there where systemd runs.
tests/root/fresh-root "$@" --share "$share" -- bash -euc '
    cp -r /srv/share /srv/packages
    "$@"
    echo "ok without systemd: all of it"
    tests/root/booted "$@"
    echo "ok with systemd: all of it"
' package tests/root/installed.sh /srv/packages/old.deb /srv/packages/new.deb
