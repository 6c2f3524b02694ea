#!/usr/bin/env bash
# Build the Debian package, and once more as the next version, from nothing but what debian/control asks
# for; lintian has nothing to say against it. For a new root (tests/root/package.sh).
#
#     tests/root/build-package.sh FOLDER      where old.deb and new.deb go
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:?a folder}
tools/need build-essential lintian
export DEBIAN_FRONTEND=noninteractive

scratch=$(mktemp -d /var/tmp/shrike-package.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
cp -a . "$scratch/shrike"
cd "$scratch/shrike"
version=$(dpkg-parsechangelog -S Version)

# run NAME COMMAND...: one line, and on failure what it said last.
run() {
    local name=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then
        echo "ok $name"
        return
    fi
    echo "not ok $name"
    tail -n 30 "$scratch/out" | sed 's/^/#   /'
    exit 1
}

# successor: the same as the next version; what is built already is kept.
successor() {
    sed -i "s/^  version: '$version'/  version: '$version.1'/" meson.build
    sed -i "1s/($version)/($version.1)/" debian/changelog
    rm debian/debhelper-build-stamp
    dpkg-buildpackage -b -nc -us -uc
}

run "what debian/control asks for is to be had" apt-get -q -y build-dep --no-install-recommends .
run "the package builds" dpkg-buildpackage -b -us -uc
run "lintian is content" lintian --fail-on error,warning "$scratch"/shrike_*.changes
cp "$scratch/shrike_${version}_"*.deb "$folder/old.deb"
run "so does its successor" successor
cp "$scratch/shrike_$version.1_"*.deb "$folder/new.deb"
