/** The rules that a test may change. Each naive rule changes one of these. */
import type { Policy, RegionName } from './words.js';

/** What a loader makes of `r` rows, and of changes while its table is being seeded (docs/decisions/0032-seeding.md). */
export interface SeedRules {
  /** To which changes after its `seen` an `r` row yields: of each index, of the target's own; or it is decided like a change. */
  readonly readYields: 'all' | 'own' | 'by policy';
  /** Whose row wins where an `r` row differs and nobody changed it: a region's, or always the one that comes or that is there. */
  readonly onExisting: RegionName | 'source' | 'target';
  /** Home sends a resolution record where it keeps its row. */
  readonly keptSent: boolean;
  /** An equal row writes nothing and a differing one is updated; or each is replaced: a delete and an insert in the binlog. */
  readonly readWrites: 'difference' | 'replace';
  /** A row that holds the unique value of an `r` row. */
  readonly holder: 'clash' | 'cleared';
  /** A row that yields for a unique value alone is read again. */
  readonly readAgain: boolean;
  /** A change of a missing row without a concurrent one: written whole for every pipeline, for the seeding one, or decided. */
  readonly whileSeeded: 'whole' | 'whole by the seeding pipeline' | 'decided';
  /** The same for a row that is listed as a clash, also when the seed has ended. */
  readonly listed: 'whole' | 'decided';
  /** A change of a differing row without a concurrent one, while being seeded by the side that wins: taken whole, or decided. */
  readonly whileSeededDiffers: 'taken' | 'decided';
  /** That there is no row is applied one way only, or both ways. */
  readonly tombstones: 'one way' | 'both ways';
  /** A seed ends when each row is applied and none is to be read again, or when all are published. */
  readonly seedEnds: 'when applied' | 'when published';
  /** Home reads when all others have been read and applied at home. */
  readonly seedOrder: 'away first' | 'any';
  /** `r` rows are a target transaction each, or merged with their neighbours like inserts. */
  readonly readsMerge: boolean;
}

/** How differences become equal (docs/decisions/0032-seeding.md, repair). */
export interface RepairRules {
  /** The entry in lutra.unequal: before anything else (of a hole: before the restart), or when the loader meets the repair in the log. */
  readonly raised: 'first' | 'in the log' | 'after the restart';
  /** It ends when probes behind the repair say that all is equal, or when the repair is sent. */
  readonly unequalEnds: 'when equal' | 'when sent';
  /** For a change of a row that differs: an entry of any pipeline counts if it is of a hole; or only one of its own. */
  readonly unequalDiffers: 'of a hole: any' | 'own';
  /** Two ways: an `r` row in the winner's log; or home's resolution record, and where home loses an ordinary change of its own. */
  readonly repairBy: 'r row' | 'home';
  /** By home: what is there must be what the difference shows. */
  readonly compared: boolean;
  /** While a region has an open entry it sends no `r` rows of the table itself; what it sent before has arrived before the first look. */
  readonly readsWait: boolean;
  /** After a hole: what the target changed since is left to a person. */
  readonly spared: boolean;
  readonly workerKills: number;
}

/** What the loaders and captures do. `protocol()` (protocol.ts) is the protocol; each naive rule changes one of these. */
export interface Rules extends SeedRules, RepairRules {
  readonly home: RegionName;
  /**
   * Which regions have pipelines to each other: all (a mesh, where nothing is forwarded), or these pairs, a tree; who has more than one
   * neighbour forwards.
   */
  readonly links: 'all' | readonly (readonly [RegionName, RegionName])[];
  /** Pipelines lead only from A to B to C. */
  readonly oneWay: boolean;
  /** Who decides for good: home; or, of any two neighbours, the one that is nearer to home, or that is one of these. */
  readonly lastWord: 'home' | 'nearer home' | readonly RegionName[];
  /**
   * Whose changes count in an index of recent changes that reads the target's log: all but those that came from the source, or what was
   * written at the target itself.
   */
  readonly ownRecentChanges: 'all but echoes' | 'written here' | 'everything';
  /** A checkpoint is written for what comes back and is passed over, too. */
  readonly echoes: 'unseen' | 'seen';
  readonly policy: Policy;
  /** How a loader decides that is not at home: by the policy, or in every possible way, each in an interleaving of its own. */
  readonly elsewhere: 'policy' | 'any';
  /** `before-image`: a conflict is only what differs from the before image. */
  readonly detect: 'recent-changes' | 'before-image';
  readonly resolutions: 'image' | 'read by capture' | 'read by loader' | 'none';
  /**
   * Rows that get a resolution: that the decision touched or refused to touch, or also those whose changes in the index of recent changes
   * made it a conflict.
   */
  readonly remedied: 'touched' | 'concurrentChanges';
  /** Of a concurrent change that moved a row: both its keys, or only the one that the change fights for. */
  readonly movedConcurrent: 'both keys' | 'shared key';
  /**
   * A primary-key update that meets a conflict: its deletion and its insertion are decided together, each by who changed that key; or each
   * alone, as though everybody who changed one of the two keys had changed both.
   */
  readonly moves: 'together' | 'each half';
  /** Whom a resolution may not overwrite: what was changed at the target, or also what the target applied from third regions. */
  readonly resolutionYields: 'own' | 'all';
  readonly resolutionsInIndex: boolean;
  /** Resolutions are for all neighbours, or only for the one whose change met the conflict, as where a hub has a channel for each. */
  readonly resolutionsFor: 'all' | 'one';
  /** Against what comes from whom a resolution counts as a change of the region that wrote it. */
  readonly resolutionsCount: 'against whom they are for' | 'against all';
  readonly watermark: boolean;
  readonly uniqueConflictKeys: boolean;
  readonly othersRecentChanges: boolean;
  readonly causalWait: boolean;
  /**
   * Elsewhere, a row that is not what the change says it was although nothing in the index of recent changes changed it: decided, or the
   * change is taken whole.
   */
  readonly mismatch: 'decide' | 'take';
  /**
   * `at once` leaves out interleavings that show nothing else: where loaders wait for their watermark, what is published late is as good as
   * read late. The naive rules about capture need `step`.
   */
  readonly capture: 'step' | 'at once';
  /** Source transactions that a target transaction may take at once. */
  readonly merge: number;
  /** Crashes of captures after which resolutions are published again, under new numbers. */
  readonly crashes: number;
  /**
   * What a capture that crashed behind the rows of a forwarded transaction loses of it; `nothing`: it reads it again. `reads`: `r` rows
   * that are not published; they and the last one that is are read once more.
   */
  readonly torn: 'nothing' | 'resolutions' | 'what was seen' | 'reads';
}
