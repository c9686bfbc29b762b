/** Both ways, with large transactions in both directions. */
import { twoWay } from './two-way.js';

twoWay({ largeFrom: ['a', 'b'] });
