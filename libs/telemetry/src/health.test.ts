import { describe, expect, it } from 'vitest';
import { Health } from './health.js';

describe('Health', () => {
  it('is ready when nothing says otherwise, and names each reason', () => {
    const health = new Health();
    let connected = false;
    health.watch('zookeeper', () => (connected ? null : 'not connected'));
    health.watch('kafka', () => null);
    expect(health.ready()).toEqual({ ok: false, reasons: ['zookeeper: not connected'] });
    connected = true;
    expect(health.ready()).toEqual({ ok: true, reasons: [] });
  });

  it('lives without its servers and dies only of what cannot be undone', () => {
    const health = new Health();
    health.watch('zookeeper', () => 'not connected');
    expect(health.live()).toEqual({ ok: true, reasons: [] });
    health.fail('out of memory');
    expect(health.live()).toEqual({ ok: false, reasons: ['out of memory'] });
    expect(health.ready()).toEqual({ ok: false, reasons: ['out of memory', 'zookeeper: not connected'] });
  });
});
