#!/usr/bin/env bash
# Really runs docker/compose.yaml: builds the image, brings the stack up, writes on both sides, kills and restarts everything once, compares, stops,
# and removes what it made. Where no engine answers and this is root with Debian's docker.io installed, it starts one of its own; where no hub
# answers, it builds stand-ins for the other images (docker/test/stand-ins). The last lines say what could not be exercised.
# usage: docker/test/up.sh [--keep]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
project=lutra-drill-$$
not_exercised=()
engine=
keep=${1:-}

note() { echo "• $*" >&2; }
fail() { echo "✗ $*" >&2; exit 1; }

# All that is missing at once. What only stand-ins need is asked for here too: whether a hub answers shows later.
missing=()
for tool in docker node npm mmdebstrap; do command -v "$tool" > /dev/null || missing+=("$tool"); done
[[ " ${missing[*]-} " == *' docker '* ]] || docker compose version > /dev/null 2>&1 || command -v docker-compose > /dev/null || missing+=('docker compose (or docker-compose)')
answers() { command -v docker > /dev/null && docker info > /dev/null 2>&1; }
if ! answers; then
  command -v dockerd > /dev/null || missing+=('a Docker engine that answers (or dockerd, to start one)')
  [ "$(id -u)" = 0 ] || missing+=('root, to start an engine')
fi
[ "${#missing[@]}" = 0 ] || [ "${missing[*]}" = mmdebstrap ] || fail "missing: $(printf '%s; ' "${missing[@]}")mmdebstrap only where no hub answers"

work=$(mktemp -d)

compose() {
  local files=(-f docker/compose.yaml)
  [ -z "${stand_ins:-}" ] || files+=(-f docker/test/stand-ins/compose.yaml)
  if docker compose version > /dev/null 2>&1; then
    docker compose -p "$project" "${files[@]}" --env-file "$work/.env" "$@"
  else
    docker-compose -p "$project" "${files[@]}" --env-file "$work/.env" "$@"
  fi
}

clean() {
  if [ "$keep" != --keep ] && [ -e "$work/.env" ]; then
    note 'removing the stack'
    compose down -v --remove-orphans > /dev/null 2>&1 || true
  fi
  if [ -n "$engine" ] && [ "$keep" != --keep ]; then
    kill "$engine" 2> /dev/null || true
    wait "$engine" 2> /dev/null || true
    umount "$work"/exec/netns/* 2> /dev/null || true # which it leaves mounted, and no folder under it can be removed
  fi
  [ "$keep" = --keep ] || rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

# An engine.
if ! answers; then
  note 'starting an engine'
  export DOCKER_HOST=unix://$work/docker.sock
  data=${LUTRA_DOCKER_DATA:-$work/data}
  dockerd --data-root "$data" --exec-root "$work/exec" --pidfile "$work/pid" -H "$DOCKER_HOST" --default-ulimit nofile=20000:20000 > "$work/dockerd.log" 2>&1 &
  engine=$!
  for _ in $(seq 60); do docker info > /dev/null 2>&1 && break; sleep 1; done
  docker info > /dev/null 2>&1 || { tail -5 "$work/dockerd.log" >&2; fail 'the engine does not start'; }
fi

# Images.
docker/new-env.sh "$work/.env" 2> /dev/null
port=$((20000 + RANDOM % 20000))
for name in CONTROL_PORT KAFKA_PORT MYSQL_HANGZHOU_PORT MYSQL_CALIFORNIA_PORT; do
  sed -i "s/^$name=.*/$name=$port/" "$work/.env"
  port=$((port + 1))
done
sed -i "s/^LUTRA_IMAGE=.*/LUTRA_IMAGE=$project:drill/" "$work/.env"
value() { sed -n "s/^$1=//p" "$work/.env"; }
reachable=yes
for image in NODE_IMAGE MYSQL_IMAGE KAFKA_IMAGE ZOOKEEPER_IMAGE; do
  docker image inspect "$(value $image)" > /dev/null 2>&1 || timeout 300 docker pull -q "$(value $image)" > /dev/null 2>&1 || { reachable=; break; }
done
if [ -z "$reachable" ]; then
  stand_ins=yes
  note 'no hub answers: stand-ins for the other images'
  command -v mmdebstrap > /dev/null || fail 'mmdebstrap is needed to make them'
  node scripts/bootstrap.mjs test/servers/prepare.ts > /dev/null
  # The project's, not the machine's: the image runs it.
  node=$(node --input-type=module -e "console.log(await (await import('./scripts/packages.mjs')).installPackages((line) => console.error('• ' + line)))")
  docker/test/stand-ins/build.sh lutra-stand-in "$node" 2>&1 | grep '^•' >&2
  for name in node mysql kafka zookeeper; do sed -i "s#^${name^^}_IMAGE=.*#${name^^}_IMAGE=lutra-stand-in-$name#" "$work/.env"; done
  not_exercised+=("the images $(sed -n 's/^[A-Z]*_IMAGE=//p' docker/.env.example | grep -v lutra | tr '\n' ' ')themselves: no hub answers; a Debian with the same servers stood in for them (MySQL 9.7, Kafka 4.3, ZooKeeper 3.9, Node $("$node" -p process.version))")
fi

note 'building the image'
compose build > "$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; fail 'the image cannot be built'; }
note 'starting the stack'
compose up -d > "$work/up.log" 2>&1 || { tail -20 "$work/up.log" >&2; fail 'the stack does not start'; }

set +e
node scripts/bootstrap.mjs docker/test/drill.ts "$project" "$work/.env"
code=$?
set -e
[ "$code" = 0 ] || compose logs --tail 40 > "$work/logs.txt" 2>&1 || true
[ "$code" = 0 ] || tail -200 "$work/logs.txt" >&2
[ "$(id -u)" = 0 ] || not_exercised+=('kill -9 from inside the engine: it needs root; docker kill stood in for it, which the restart policy does not undo')
for text in "${not_exercised[@]:-nothing}"; do echo "not exercised: $text"; done
exit "$code"
