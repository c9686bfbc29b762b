/** Of MySQL 9.7; the other servers: charsets.long.test.ts. */
import { describe } from 'vitest';
import { replicatesText } from './charsets.fixture.js';

describe('the character sets of 9.7', () => {
  replicatesText('9.7');
});
