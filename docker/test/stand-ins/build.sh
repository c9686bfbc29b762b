#!/usr/bin/env bash
# Stand-ins for the images that docker/compose.yaml names, where no hub answers: a Debian made by mmdebstrap, with the servers that the tests of this
# repository have in their cache (test/servers). They show that Lutra's image and compose.yaml work; not that the real images do.
# usage: build.sh PREFIX NODE, the Node that the project brings; makes PREFIX-node, PREFIX-mysql, PREFIX-kafka, PREFIX-zookeeper
set -euo pipefail
prefix=$1
node=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lutra
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

image() { docker image inspect "$1" > /dev/null 2>&1; }

# A folder of files, then a Dockerfile for them.
build() {
  local name=$1
  echo "• building the stand-in $name" >&2
  cat > "$work/$name/Dockerfile"
  docker build -q -t "$prefix-$name" "$work/$name" > /dev/null
  rm -rf "${work:?}/$name"
}

if ! image "$prefix-base"; then
  echo "• building a Debian with Java and aria2 (mmdebstrap)" >&2
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,openjdk-17-jre-headless,aria2 bookworm - | docker import - "$prefix-base" > /dev/null
fi

mkdir -p "$work/node/npm"
cp "$(readlink -f "$node")" "$work/node/node"
cp -r "$(dirname "$(readlink -f "$(command -v npm)")")/../." "$work/node/npm"
cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$work/node/ca.crt"
build node << DOCKERFILE
FROM $prefix-base
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca.crt /etc/ca.crt
ENV NODE_EXTRA_CA_CERTS=/etc/ca.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
DOCKERFILE

mkdir -p "$work/mysql"
cp -r "$cache/mysql-9.7" "$work/mysql/server"
cp "$here/mysql-entrypoint.sh" "$work/mysql/"
build mysql << DOCKERFILE
FROM $prefix-base
COPY server /opt/mysql
COPY mysql-entrypoint.sh /
RUN mkdir -p /var/lib/mysql /docker-entrypoint-initdb.d
ENTRYPOINT ["/mysql-entrypoint.sh"]
DOCKERFILE

for name in kafka:4.3.0 zookeeper:3.9.4; do
  server=${name%:*}
  mkdir -p "$work/$server"
  cp -r "$cache/$server-${name#*:}" "$work/$server/jars"
  cp "$here/$server-entrypoint.sh" "$work/$server/"
  build "$server" << DOCKERFILE
FROM $prefix-base
COPY jars /opt/$server
COPY $server-entrypoint.sh /
ENTRYPOINT ["/$server-entrypoint.sh"]
DOCKERFILE
done
echo "• stand-ins are ready" >&2
