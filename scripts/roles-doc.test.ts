import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { securityDocument, securityFile } from './roles-doc.js';

it('the table in docs/security.md is up to date: npx tsx scripts/roles-doc.ts', () => {
  const text = readFileSync(securityFile, 'utf8');
  expect(text).toBe(securityDocument(text));
});
