/** A short run with a fixed seed; LUTRA_CONVERGE_MINUTES makes it longer. */
import { endsEqual } from './seeded-run.js';

endsEqual({ seed: 2626, minutes: Number(process.env['LUTRA_CONVERGE_MINUTES'] ?? 0.7), mysqlB: '8.0' });
