/** What a topic of ours must be like, and how an existing one differs from it in a way that could lose data. Pure. */

export interface TopicSettings {
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly retentionMs: number;
  readonly maxMessageBytes: number;
  /** Default 1. */
  readonly partitions?: number | undefined;
}

export interface ExistingTopic {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Configuration key → value. */
  readonly configs: ReadonlyMap<string, string>;
}

/** Everything is said, so that the defaults of a broker do not decide. */
export function topicConfigs(settings: TopicSettings): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(settings.retentionMs),
    'retention.bytes': '-1',
    'min.insync.replicas': String(settings.minInsyncReplicas),
    'max.message.bytes': String(settings.maxMessageBytes),
    'unclean.leader.election.enable': 'false',
    'compression.type': 'producer',
    'message.timestamp.type': 'CreateTime',
  };
}

/** Each difference that could lose data, with the value that is needed. More than what is asked for is fine, but for partitions. */
export function topicDifferences(settings: TopicSettings, topic: ExistingTopic): string[] {
  const partitions = settings.partitions ?? 1;
  const differences: string[] = [];
  const check = (name: string, found: string | number | undefined, sound: boolean, needed: string): void => {
    if (!sound) differences.push(`${name} is ${found ?? 'unknown'}, needed: ${needed}`);
  };
  const text = (name: string): string | undefined => topic.configs.get(name);
  const number = (name: string): number => Number(text(name) ?? Number.NaN);
  check('partitions', topic.partitions, topic.partitions === partitions, String(partitions));
  check(
    'replication factor',
    topic.replicationFactor,
    topic.replicationFactor >= settings.replicationFactor,
    `${settings.replicationFactor} or more`,
  );
  check('cleanup.policy', text('cleanup.policy'), text('cleanup.policy') === 'delete', 'delete');
  const insync = number('min.insync.replicas');
  check('min.insync.replicas', insync, insync >= settings.minInsyncReplicas, `${settings.minInsyncReplicas} or more`);
  const largest = number('max.message.bytes');
  check('max.message.bytes', largest, largest >= settings.maxMessageBytes, `${settings.maxMessageBytes} or more`);
  const retention = number('retention.ms');
  check('retention.ms', retention, retention === -1 || retention >= settings.retentionMs, `${settings.retentionMs} or more`);
  check('retention.bytes', text('retention.bytes'), number('retention.bytes') === -1, '-1');
  const unclean = text('unclean.leader.election.enable');
  check('unclean.leader.election.enable', unclean, unclean === 'false', 'false');
  return differences;
}
