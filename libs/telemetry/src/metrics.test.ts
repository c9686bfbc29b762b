import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.js';
import { workStatus } from '../../model/src/work-status.fixture.js';

const status = workStatus({
  app: 'loader',
  name: 'ab.there',
  epoch: 3,
  rows: 10,
  transactions: 2,
  rowsPerSecond: 5,
  lagMs: 1500,
  seq: 41,
  offset: 42,
});

describe('Metrics', () => {
  it('labels every series with the app and sets exactly one state', async () => {
    const metrics = new Metrics('loader', { processMetrics: false });
    metrics.report(status);
    metrics.rows.inc({ name: 'ab.there', op: 'u' }, 7);
    metrics.countError('ab.there', 'TARGET_BUSY');
    const text = await metrics.registry.metrics();
    expect(text).toContain('lutra_state{name="ab.there",state="running",app="loader"} 1');
    expect(text).toContain('lutra_state{name="ab.there",state="failed",app="loader"} 0');
    expect(text).toContain('lutra_lag_seconds{name="ab.there",app="loader"} 1.5');
    expect(text).toContain('lutra_rows_total{name="ab.there",op="u",app="loader"} 7');
    expect(text).toContain('lutra_errors_total{name="ab.there",code="TARGET_BUSY",app="loader"} 1');
  });

  it('has no series for what is unknown, and none of work that was given up', async () => {
    const metrics = new Metrics('loader', { processMetrics: false });
    metrics.report(status);
    metrics.report({ ...status, lagMs: null });
    expect(await metrics.registry.metrics()).not.toContain('lutra_lag_seconds{');
    metrics.discard('ab.there');
    const text = await metrics.registry.metrics();
    expect(text).not.toContain('lutra_state{');
    expect(text).not.toContain('lutra_seq{');
  });

  it('says where the work stands, also behind four billion bytes', async () => {
    const metrics = new Metrics('capture', { processMetrics: false });
    metrics.report({ ...status, name: 'a', position: { file: 'binlog.000042', pos: 5_000_000_000, gtidSet: null } });
    const text = await metrics.registry.metrics();
    expect(text).toContain('lutra_binlog_file_number{name="a",app="capture"} 42');
    expect(text).toContain('lutra_binlog_position_bytes{name="a",app="capture"} 5000000000');
    expect(text).toContain('lutra_kafka_offset{name="a",app="capture"} 42');
  });

  it('says why a pipeline holds, one reason at a time, and nothing once it goes on', async () => {
    const metrics = new Metrics('loader', { processMetrics: false });
    const hold = { log: 'L', seq: 7, record: 'x:1', message: '', statement: '', sql: '', here: null, tables: [], ways: [], since: 1 };
    const held = async (): Promise<readonly string[]> => (await metrics.registry.metrics()).match(/^lutra_held\{.*$/gm) ?? [];
    metrics.report({ ...status, state: 'held', hold: { ...hold, reason: 'policy' } });
    metrics.report({ ...status, state: 'held', hold: { ...hold, reason: 'failed' } });
    expect(await held()).toEqual(['lutra_held{name="ab.there",reason="failed",app="loader"} 1']);
    metrics.report(status);
    expect(await held()).toEqual([]);
    metrics.report({ ...status, state: 'held', hold: { ...hold, reason: 'failed' } });
    metrics.discard('ab.there');
    expect(await held()).toEqual([]);
  });

  it('misses a connection between two attempts, and none of who stands by', async () => {
    const metrics = new Metrics('loader', { processMetrics: false });
    expect(await metrics.registry.metrics()).toContain('lutra_connected{name="",to="zookeeper",app="loader"} 0');
    metrics.connected.set({ name: 'ab.there', to: 'target' }, 1);
    metrics.disconnected('ab.there', 'kafka', 'target');
    metrics.report({ ...status, state: 'waiting' });
    for (const to of ['kafka', 'target'])
      expect(await metrics.registry.metrics()).toContain(`lutra_connected{name="ab.there",to="${to}",app="loader"} 0`);
    metrics.report({ ...status, state: 'standby' });
    const text = await metrics.registry.metrics();
    for (const gone of ['connected', 'lag_seconds', 'seq']) expect(text).not.toContain(`lutra_${gone}{name="ab.there"`);
    expect(text).toContain('lutra_state{name="ab.there",state="standby",app="loader"} 1');
  });

  it('does not share counters with another instance in the same process', async () => {
    const [one, other] = [new Metrics('capture'), new Metrics('capture')];
    one.transactions.inc({ name: 'a' });
    expect(await other.registry.metrics()).not.toContain('lutra_transactions_total{');
    expect(await other.registry.metrics()).toContain('process_cpu_seconds_total');
  });
});
