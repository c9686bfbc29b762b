/** Golden files: all on MySQL 9.7; on 8.0 those in which it has most of its own. The others are in golden.long.test.ts. */
import { playGolden } from './golden-suite.js';
import { oftenOn80 } from './often-on-80.js';

playGolden([
  { server: 'mysql97', plays: () => true },
  { server: 'mysql80', plays: (file) => oftenOn80.has(file) },
]);
