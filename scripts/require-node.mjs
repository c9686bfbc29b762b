/**
 * Ends the process with the Node that is needed and how it is got, instead of a TypeError from somewhere deep. Import it first, and from
 * `node:…` nothing by a name that Node 20 lacks: such an import fails before anything runs. Plain JavaScript for Node 20.
 */
import { isNewEnough, leastNode } from './node-version.mjs';

if (!isNewEnough(process.versions.node)) {
  console.error(
    `Node ${leastNode.join('.')} or newer is needed; this is ${process.versions.node} (${process.execPath}). ` +
      'npm ci brings one: node_modules/.bin/node. npm run takes it by itself (npm run build, npm test); or get one from https://nodejs.org/.',
  );
  process.exit(1);
}
