import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventSchema } from './event.js';

const page = new URL('../../../docs/05-consumers.md', import.meta.url);

const [, section = ''] = readFileSync(page, 'utf8').split('## Operational events');
const examples = [...section.matchAll(/```json\n([^]*?)```/g)].map(([, text = '']): Record<string, unknown> => JSON.parse(text));

it('the docs have an event of each type, with every field', () => {
  expect(examples.map(({ type }) => type)).toEqual(eventSchema.options.map(({ shape }) => shape.type.value));
  for (const event of examples) expect(eventSchema.parse(event)).toEqual(event);
});

it('a reader passes over fields that it does not know', () => {
  for (const event of examples) expect(eventSchema.parse({ ...event, later: 1 })).toEqual(event);
});
