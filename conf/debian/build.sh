#!/bin/bash
# Makes the Debian package of what is built: BUILD/guichet_VERSION_ARCHITECTURE.deb
#   conf/debian/build.sh BUILD VERSION      (make deb; it calls make install itself)
# By hand, with dpkg-dev alone: `make install` knows what goes where, and debhelper, which wants a
# folder debian/ at the top, would be one more thing to install for six commands. What it would have
# written into the maintainer scripts stands there in the open.
set -euo pipefail
umask 022

build=$(realpath "${1:?usage: build.sh BUILD VERSION}")
version=${2:?usage: build.sh BUILD VERSION}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$build/deb
root=$work/root
share=$root/usr/share/doc/guichet

[[ $version =~ ^[0-9][0-9a-z.+~]*$ ]] || {
    echo "no version: $version" >&2
    exit 2
}
rm -rf "$work"
mkdir -p "$work/debian" "$root/DEBIAN"
make -s -C "$top" BUILD="$build" DESTDIR="$root" install
strip --strip-unneeded --remove-section=.comment "$root/usr/bin/guichet"

# The changelog's newest version is the program's own.
sed "1s/([^)]*)/($version)/" "$here/changelog" >"$work/debian/changelog"
gzip -9n <"$work/debian/changelog" >"$share/changelog.gz"
sed 's/^$/./; s/^/ /' "$top/LICENSE" | sed -e '/^@LICENSE@$/ {
    r /dev/stdin
    d
}' "$here/copyright" >"$share/copyright"

cp "$here/control" "$work/debian/control"
printf '%s\n' /etc/guichet/guichet.conf /etc/guichet/nginx-fastcgi.conf >"$root/DEBIAN/conffiles"
install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$root/DEBIAN"
(
    cd "$work"
    dpkg-shlibdeps -Tdebian/substvars root/usr/bin/guichet
    dpkg-gencontrol -pguichet -Tdebian/substvars -Proot -fdebian/files
)
(
    cd "$root"
    find etc usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums
    sed -i '\,  etc/,d' DEBIAN/md5sums
)
chmod -R u+rwX,go+rX,go-w "$root"
package=$build/guichet_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
echo "$package"
