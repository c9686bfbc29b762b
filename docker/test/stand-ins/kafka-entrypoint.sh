#!/bin/bash
# As the apache/kafka image, as far as compose.yaml uses it: KAFKA_SOME_NAME=value becomes some.name=value; the log folder is formatted once.
set -euo pipefail
file=/tmp/server.properties
env | grep '^KAFKA_' | grep -v '^KAFKA_HEAP_OPTS=' | while IFS='=' read -r name value; do
  name=${name#KAFKA_}
  echo "$(tr 'A-Z_' 'a-z.' <<< "$name")=$value"
done > "$file"
[ -e "$KAFKA_LOG_DIRS/meta.properties" ] || java -cp '/opt/kafka/*' kafka.tools.StorageTool format -t "$CLUSTER_ID" -c "$file"
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:-} -cp '/opt/kafka/*' kafka.Kafka "$file"
