import { describe, expect, it } from 'vitest';
import { Places } from './places.js';

const place = (pos: number) => ({ end: { file: 'binlog.000001', pos, gtidSet: null }, seen: {} });
const at = (pos: number) => ({ file: 'binlog.000001', pos });

describe('a visit of a place', () => {
  it('comes when the reader has come so far, and not before', async () => {
    const places = new Places();
    const visited: number[] = [];
    const visits = [30, 20].map((pos) => places.at(at(pos), ({ end }) => void visited.push(end.pos)));
    await places.reached(place(19));
    expect(visited).toEqual([]);
    await places.reached(place(25));
    await places.reached(place(35));
    await Promise.all(visits);
    expect(visited).toEqual([25, 35]);
  });

  it('comes at once while the reader waits, and never amid a transaction', async () => {
    const places = new Places();
    await places.reached(place(10));
    places.leave();
    expect(await places.at(at(10), ({ end }) => end.pos)).toBe(10);
    await places.enter();
    places.left();
    places.leave();
    let isVisited = false;
    const visit = places.at(null, () => void (isVisited = true));
    await new Promise(setImmediate);
    expect(isVisited).toBe(false);
    await places.reached(place(20));
    await visit;
  });

  it('holds the reader up, and other visits, until it is over', async () => {
    const places = new Places();
    await places.reached(place(10));
    places.leave();
    const { promise, resolve } = Promise.withResolvers<void>();
    const events: string[] = [];
    const first = places.at(null, async () => {
      await promise;
      events.push('first');
    });
    const second = places.at(null, () => void events.push('second'));
    const reader = places.enter()?.then(() => events.push('reader'));
    resolve();
    await Promise.all([first, reader]);
    expect(events).toEqual(['first', 'reader']);
    await places.reached(place(11));
    await second;
    expect(events).toEqual(['first', 'reader', 'second']);
  });

  it('tells its failure to who asked, and to nobody else', async () => {
    const places = new Places();
    const visit = places.at(null, () => Promise.reject(new Error('no')));
    const failed = visit.catch((error: unknown) => String(error));
    await places.reached(place(10));
    expect(await failed).toBe('Error: no');
  });
});
