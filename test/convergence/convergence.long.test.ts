/** A run with another seed each time: LUTRA_SEED repeats one, LUTRA_CONVERGE_MINUTES makes it longer. */
import { seedOf } from '../scenarios/shop-stack.js';
import { endsEqual } from './seeded-run.js';

endsEqual({ seed: seedOf(), minutes: Number(process.env['LUTRA_CONVERGE_MINUTES'] ?? 3), mysqlB: '9.7' });
