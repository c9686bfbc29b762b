/**
 * Packs the build in dist/ as the first one at its level: later builds are tried beside it (test/accidents/rolling-upgrade.long.test.ts).
 * usage: node scripts/build.mjs && node --import tsx scripts/fixture.ts [FILE]
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { firstBuildFile, packBuild } from '../test/level/packed-build.js';

const [file = firstBuildFile] = process.argv.slice(2);
mkdirSync(dirname(file), { recursive: true });
console.log(`${file}: ${await packBuild(file)} bytes`);
