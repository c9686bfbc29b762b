/** Golden files on MySQL 8.0 that golden.e2e.test.ts leaves out. */
import { playGolden } from './golden-suite.js';
import { oftenOn80 } from './often-on-80.js';

playGolden([{ server: 'mysql80', plays: (file) => !oftenOn80.has(file) }]);
