#!/bin/bash
# As the zookeeper image, as far as compose.yaml uses it.
set -euo pipefail
printf 'tickTime=%s\ndataDir=/data\ndataLogDir=/datalog\nclientPort=2181\nadmin.enableServer=false\n4lw.commands.whitelist=srvr\n' "${ZOO_TICK_TIME:-2000}" > /tmp/zoo.cfg
exec java -Xmx256m -cp '/opt/zookeeper/*' org.apache.zookeeper.server.quorum.QuorumPeerMain /tmp/zoo.cfg
