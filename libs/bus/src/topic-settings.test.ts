import { describe, expect, it } from 'vitest';
import { topicConfigs, topicDifferences } from './topic-settings.js';

const settings = { replicationFactor: 2, minInsyncReplicas: 2, retentionMs: 1000, maxMessageBytes: 5000 };
const sound = { partitions: 1, replicationFactor: 2 };
const configs = (changes: Record<string, string> = {}) => new Map(Object.entries({ ...topicConfigs(settings), ...changes }));

describe('topicDifferences', () => {
  it('finds none in a topic as we create it, nor in one that keeps more', () => {
    expect(topicDifferences(settings, { ...sound, configs: configs() })).toEqual([]);
    const more = configs({ 'retention.ms': '-1', 'min.insync.replicas': '3', 'max.message.bytes': '9000' });
    expect(topicDifferences(settings, { ...sound, replicationFactor: 3, configs: more })).toEqual([]);
  });

  it.each([
    ['cleanup.policy', 'compact'],
    ['cleanup.policy', 'compact,delete'],
    ['min.insync.replicas', '1'],
    ['max.message.bytes', '4999'],
    ['retention.ms', '999'],
    ['retention.bytes', '1000000'],
    ['unclean.leader.election.enable', 'true'],
  ])('names %s = %s', (name, value) => {
    expect(topicDifferences(settings, { ...sound, configs: configs({ [name]: value }) })).toEqual([
      expect.stringContaining(`${name} is ${value}, needed:`),
    ]);
  });

  it('names every difference at once, and what it cannot see', () => {
    expect(topicDifferences(settings, { partitions: 3, replicationFactor: 1, configs: new Map() })).toHaveLength(8);
  });
});
