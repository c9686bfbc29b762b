/** The protocol of docs/decisions/0008-conflicts.md and 0032-seeding.md, as rules; a test names what it does otherwise. */
import type { RepairRules, Rules, SeedRules } from './rules.js';

const seeding: SeedRules = {
  readYields: 'all',
  onExisting: 'A',
  keptSent: true,
  readWrites: 'difference',
  holder: 'clash',
  readAgain: true,
  whileSeeded: 'whole',
  listed: 'whole',
  whileSeededDiffers: 'taken',
  tombstones: 'one way',
  seedEnds: 'when applied',
  seedOrder: 'away first',
  readsMerge: false,
};

const repair: RepairRules = {
  raised: 'first',
  unequalEnds: 'when equal',
  unequalDiffers: 'of a hole: any',
  repairBy: 'r row',
  compared: true,
  readsWait: true,
  spared: true,
  workerKills: 0,
};

export function protocol(policy: Rules['policy'], otherwise: Partial<Rules> = {}): Rules {
  return {
    ...seeding,
    ...repair,
    home: 'A',
    oneWay: false,
    policy,
    elsewhere: 'policy',
    detect: 'recent-changes',
    resolutions: 'image',
    remedied: 'concurrentChanges',
    movedConcurrent: 'both keys',
    moves: 'together',
    resolutionYields: 'own',
    resolutionsInIndex: true,
    resolutionsFor: 'all',
    resolutionsCount: 'against whom they are for',
    watermark: true,
    uniqueConflictKeys: true,
    othersRecentChanges: true,
    causalWait: true,
    mismatch: 'take',
    capture: 'step',
    merge: 1,
    crashes: 0,
    links: 'all',
    lastWord: 'home',
    ownRecentChanges: 'all but echoes',
    echoes: 'unseen',
    torn: 'nothing',
    ...otherwise,
  };
}
