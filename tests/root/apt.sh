# shellcheck shell=bash
# What apt knows here, for the making of other roots: sourced by the scripts beside it.

# apt_sources SUITE: apt's lines for Debian itself, as this machine has them, for that suite.
apt_sources() {
    local here
    # shellcheck disable=SC1091
    here=$(. /etc/os-release && echo "$VERSION_CODENAME")
    # shellcheck disable=SC2016  # the dollars are apt's
    apt-get indextargets --format '$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)' \
        "Created-By: Packages" |
        awk -v here="$here" -v suite="$1" '
            $1 == "Debian" && $4 == "main" && $3 ~ "^" here {
                sub("^" here, suite, $3)
                print "deb", $2, $3, "main"
            }' | sort -u
}

# apt_proxy: its settings of proxies.
apt_proxy() { apt-config dump | grep -iE '^Acquire::https?::proxy' || true; }
