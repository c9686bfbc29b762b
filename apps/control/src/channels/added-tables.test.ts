import { describe, expect, it } from 'vitest';
import { namesOtherFiles, replicatesMore } from './added-tables.service.js';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';

type Routes = readonly { readonly schema: string; readonly table?: string; readonly to?: object; readonly exclude?: readonly string[] }[];
const channel = (routes: Routes, more: object = {}) =>
  storedChannel({ name: 'ab', pipelines: [{ name: 'there', source: 'a', target: 'b', routes, ...more }] });
const [shop, crm, renamed] = [{ schema: 'shop' }, { schema: 'crm' }, { schema: 'shop', table: 't', to: { table: 'u' } }];

describe('a change of a channel carries more', () => {
  it('with another route, pipeline or end', () => {
    expect(replicatesMore(channel([shop]), channel([shop, crm]))).toBe(true);
    expect(replicatesMore(channel([shop]), channel([crm]))).toBe(true);
    expect(replicatesMore(channel([shop]), channel([shop], { name: 'again' }))).toBe(true);
    expect(replicatesMore(channel([shop]), channel([shop], { target: 'c' }))).toBe(true);
    expect(replicatesMore(channel([renamed, shop]), channel([shop, renamed]))).toBe(true);
  });

  it('or where a route that renames goes: the next one brings its table elsewhere', () => {
    expect(replicatesMore(channel([renamed, shop]), channel([shop]))).toBe(true);
  });

  it('where less is excluded, or where what a route passes on goes elsewhere', () => {
    const excluding = (exclude: readonly string[], route: Routes[number] = shop) => channel([{ ...route, exclude }, crm]);
    expect(replicatesMore(excluding(['t']), excluding([]))).toBe(true);
    expect(replicatesMore(excluding(['t']), excluding(['u']))).toBe(true);
    expect(replicatesMore(excluding([], renamed), excluding(['shop.t'], renamed))).toBe(true);
    expect(replicatesMore(excluding(['t']), excluding(['u', 't']))).toBe(false);
    expect(replicatesMore(channel([shop]), channel([shop], { exclude: ['t'] }))).toBe(false);
    expect(replicatesMore(channel([shop], { exclude: ['t'] }), channel([shop]))).toBe(true);
  });

  it('and not with what was there, or less of it', () => {
    expect(replicatesMore(channel([shop, crm]), { ...channel([shop, crm]), description: 'new' })).toBe(false);
    expect(replicatesMore(channel([shop, crm]), channel([crm]))).toBe(false);
  });
});

it('a change of file rules is one, whatever else stays', () => {
  const files = (...rules: readonly object[]) => [{ ...shop, files: rules.map((rule) => ({ root: 'pics', path: '{image}', ...rule })) }];
  const [bare, one] = [channel([shop]), channel(files({}))];
  expect(namesOtherFiles(bare, one)).toBe(true);
  expect(namesOtherFiles(one, bare)).toBe(true);
  expect(namesOtherFiles(one, channel(files({ deletes: 'trash' })))).toBe(true);
  expect(namesOtherFiles(one, channel(files({ deletes: 'keep' })))).toBe(false);
  expect(namesOtherFiles(bare, channel([shop, crm]))).toBe(false);
  expect(replicatesMore(bare, one)).toBe(false);
});
