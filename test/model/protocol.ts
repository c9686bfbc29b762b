/** The protocol of docs/decisions/0008-conflicts.md, as rules; a test names what it does otherwise. */
import type { Rules } from './words.js';

export function protocol(policy: Rules['policy'], otherwise: Partial<Rules> = {}): Rules {
  return {
    home: 'A',
    policy,
    elsewhere: 'policy',
    detect: 'window',
    remedies: 'image',
    remedied: 'rivals',
    movedRivals: 'both keys',
    moves: 'together',
    remedyYields: 'own',
    remediesInWindow: true,
    remediesFor: 'all',
    remediesCount: 'against whom they are for',
    watermark: true,
    uniqueResources: true,
    otherWindows: true,
    causalWait: true,
    mismatch: 'take',
    capture: 'step',
    merge: 1,
    crashes: 0,
    links: 'all',
    lastWord: 'home',
    ownWindow: 'all but echoes',
    echoes: 'unseen',
    torn: 'nothing',
    ...otherwise,
  };
}
