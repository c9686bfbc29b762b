import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventSchema } from './event.js';

const page = new URL('../../../docs/05-consumers.md', import.meta.url);

it('the event in the docs is one, with every field', () => {
  const [, example = ''] = /## Operational events[^]*?```json\n([^]*?)```/.exec(readFileSync(page, 'utf8')) ?? [];
  const event: unknown = JSON.parse(example);
  expect(eventSchema.parse(event)).toEqual(event);
});

it('a reader passes over fields that it does not know', () => {
  const [, example = ''] = /## Operational events[^]*?```json\n([^]*?)```/.exec(readFileSync(page, 'utf8')) ?? [];
  expect(eventSchema.parse({ ...JSON.parse(example), later: 1 })).toEqual(JSON.parse(example));
});
