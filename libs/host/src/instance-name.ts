/** Which process it is, in a status and in a log. */
import { hostname } from 'node:os';

export const instanceName = `${hostname()}:${process.pid}`;
