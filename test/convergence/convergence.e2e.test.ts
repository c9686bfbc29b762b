/** A short run with a fixed seed, whose faults strike captures and loaders at work; LUTRA_CONVERGE_MINUTES makes it longer. */
import { endsEqual } from './seeded-run.js';

endsEqual({ seed: 2628, minutes: Number(process.env['LUTRA_CONVERGE_MINUTES'] ?? 0.7), mysqlB: '8.0' });
