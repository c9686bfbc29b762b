import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventSchema, readEvent } from './event.js';

const page = new URL('../../../docs/05-consumers.md', import.meta.url);

const [, section = ''] = readFileSync(page, 'utf8').split('## Operational events');
const examples = [...section.matchAll(/```json\n([^]*?)```/g)].map(([, text = '']): Record<string, unknown> => JSON.parse(text));

it('the docs have an event of each type, with every field', () => {
  expect(examples.map(({ type }) => type)).toEqual(eventSchema.options.map(({ shape }) => shape.type.value));
  for (const event of examples) expect(eventSchema.parse(event)).toEqual(event);
});

it('a reader passes over types that it does not know, and stops at a version that it does not know', () => {
  for (const event of examples) {
    expect(readEvent(event)).toEqual(event);
    expect(() => readEvent({ ...event, v: 2 })).toThrow(expect.objectContaining({ code: 'LEVEL_TOO_NEW' }));
    expect(() => readEvent({ ...event, v: undefined })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  }
  expect(readEvent({ type: 'of-a-later-level', v: 1 })).toBeNull();
  expect(() => readEvent({ type: 'conflict', v: 2 })).toThrow(
    'an event conflict of version 2, written at a level newer than this build (it knows 2)',
  );
});

it('a reader passes over fields that it does not know', () => {
  for (const event of examples) expect(eventSchema.parse({ ...event, later: 1 })).toEqual(event);
});
