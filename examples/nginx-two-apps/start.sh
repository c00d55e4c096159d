#!/bin/sh
# nginx does not read /etc/resolv.conf, so it is told whom to ask for names. nginx's own image does this, too.
set -eu
sed -n 's/^nameserver \(.*\)/resolver \1 valid=1s ipv6=off;/p' /etc/resolv.conf | head -n 1 >/tmp/resolver.conf
exec nginx -e stderr
