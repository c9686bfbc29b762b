/** Both ways, with a large transaction from 9.7 to 8.0; two-way.long.test.ts has the one from 8.0, too. */
import { twoWay } from './two-way.js';

twoWay({ largeFrom: ['a'] });
