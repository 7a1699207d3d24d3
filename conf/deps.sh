#!/bin/bash
# Installs the Debian packages that a part of the project needs, and only those that are missing.
#   conf/deps.sh build|demo|check|bench
# It looks for the program, header or library itself, not for a package, so that what came from
# elsewhere is kept. Quick and silent when all is there; sudo only when something is missing.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"

# part, kind and name of what is looked for, Debian's package.
wanted() {
    cat <<'END'
build command gcc gcc
build command make make
build command awk mawk
build command pkg-config pkg-config
build file    /usr/include/stdlib.h libc6-dev
build library libcurl libcurl4-openssl-dev
build library jansson libjansson-dev
build library sqlite3 libsqlite3-dev
build library libcrypto libssl-dev
build library libqrencode libqrencode-dev
build library zlib zlib1g-dev
build library libseccomp libseccomp-dev
build file    /usr/include/fcgiapp.h libfcgi-dev
demo  command nginx nginx
demo  command curl curl
demo  file    /etc/ssl/certs/ca-certificates.crt ca-certificates
check node    18 nodejs
check command npm npm
check command git git
check command ps procps
check command sqlite3 sqlite3
check command openssl openssl
check command strace strace
check command wapiti wapiti
check command sqlmap sqlmap
check command chromium-headless-shell chromium-headless-shell
check file    /usr/share/fonts/truetype/dejavu fonts-dejavu-core
check file    /usr/include/cmocka.h libcmocka-dev
check command clang-format clang-format
check command clang-tidy clang-tidy
check command cppcheck cppcheck
check command clang clang
check command valgrind valgrind
check runtime fuzzer libclang-rt-14-dev
check command systemd-analyze systemd
check command systemd-nspawn systemd-container
check command mmdebstrap mmdebstrap
check command nsenter util-linux
check command dpkg-shlibdeps dpkg-dev
check command lintian lintian
check command testssl testssl.sh
bench command wrk wrk
bench command perf linux-perf
bench command valgrind valgrind
bench phpfpm  8 php-fpm
bench file    /usr/share/php/8.2/sqlite3 php-sqlite3
END
}

have() { # kind name
    case $1 in
    command) command -v "$2" >/dev/null ;;
    file) [ -e "$2" ] ;;
    runtime) [ -e "$(clang -print-file-name="libclang_rt.$2-$(uname -m).a" 2>/dev/null)" ] ;;
    library) pkg-config --exists "$2" 2>/dev/null ;;
    phpfpm) compgen -G '/usr/sbin/php-fpm*' >/dev/null ;;
    node) [[ $(node --version 2>/dev/null) =~ ^v([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge "$2" ] ;;
    esac
}

case ${1:-} in
build) parts=build ;;
demo) parts='build demo' ;;
check) parts='build demo check' ;;
bench) parts='build demo check bench' ;;
*)
    echo "usage: conf/deps.sh build|demo|check|bench" >&2
    exit 2
    ;;
esac

missing=()
while read -r part kind name package; do
    [[ " $parts " == *" $part "* ]] || continue
    have "$kind" "$name" || missing+=("$package")
done < <(wanted)
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Missing here, and this is no Debian: install what these packages hold: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing: ${missing[*]}. As root: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# Debian starts a service when it is installed; while this file says 101, it does not: no web
# server of this machine's own shall appear on port 80.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

echo "Installing: ${missing[*]}"
log=$(mktemp)
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
}
apt update
apt install -y --no-install-recommends "${missing[@]}"
rm -f "$log"
