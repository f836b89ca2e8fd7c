#!/bin/sh
# What some tests need and no Python package brings. On Debian, root installs what is missing; elsewhere it is
# said what was not run, which is an error where CI is set.
set -eu

wanted() { # PROGRAM-OR-LIBRARY PACKAGES WHAT-NEEDS-IT
    has "$1" && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $1 for $3"
        install_packages $2 && return
    fi
    echo "Not run here: $3. It needs $1 (Debian: apt-get install -y $2)." >&2
    [ "${CI:-}" != true ]
}

has() {
    case $1 in
        lib*) [ "$(uname -s)" != Linux ] || PATH=$PATH:/usr/sbin:/sbin ldconfig -p | grep -q "$1" ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

install_packages() {
    [ -n "${lists_are_new:-}" ] || apt-get update -qq
    lists_are_new=yes
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

wanted libcurl.so.4 "libcurl4" "every test on the embedded MongoDB"
wanted chromium "chromium fonts-dejavu-core" "the test of the playground in a browser"
wanted wrk "wrk" "the benchmark over HTTP"
