/** Of MySQL 9.7; the other servers: charsets.long.test.ts. */
import { describe } from 'vitest';
import { carriesText } from './charsets.fixture.js';

describe('the character sets of 9.7', () => {
  carriesText('9.7');
});
