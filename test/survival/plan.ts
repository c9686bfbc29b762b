/**
 * What will go wrong, and in which order: endless, and the same for the same seed. Pure. A plan names roles ("the capture of side a that
 * works"), not processes: which process has the role when the fault begins is up to the run. It opens with one short fault of each kind, so
 * that half a minute meets them all.
 */
import type { ServerName } from '../network/index.js';
import { serverNames } from '../network/index.js';
import { type Letter, Random, sides } from '../harness/index.js';

/** The loader of side b writes to b and reads a's topic. */
export type Party = 'control' | ServerName | `mysql-${Letter}` | `capture-${Letter}` | `loader-${Letter}`;
/** Of a party with two processes; a third region has one of each. */
export type Whom = 'active' | 'standby' | 'both';

interface Struck {
  readonly party: Party;
  readonly whom: Whom;
  readonly durationMs: number;
}
/** SIGKILL and a start afterwards; SIGSTOP and SIGCONT. */
export interface ProcessFault extends Struck {
  readonly kind: 'kill' | 'freeze';
}
/** Connections between a party and a server: reset and refused; accepted and nothing delivered; delivered late. */
export interface LinkFault extends Struck {
  readonly kind: 'cut' | 'silence' | 'delay';
  readonly server: ServerName;
  readonly delayMs: number;
}
export type Fault = ProcessFault | LinkFault;
export const faultKinds = ['kill', 'freeze', 'cut', 'silence', 'delay'] as const satisfies readonly Fault['kind'][];

export interface Planned {
  /** After the one before it was over. */
  readonly pauseMs: number;
  readonly fault: Fault;
}

type Target = Pick<LinkFault, 'party' | 'server'>;

function processesOf(letters: readonly Letter[]): readonly Party[] {
  const apps = letters.flatMap((letter) => [`capture-${letter}`, `loader-${letter}`] as const);
  return [...apps, ...apps, ...serverNames, 'control', ...(letters.includes('c') ? (['mysql-c'] as const) : [])];
}

/** The network does not lie before a third region's MySQL. */
function linksOf(letters: readonly Letter[]): readonly Target[] {
  return [
    ...letters.flatMap((letter) =>
      (['zookeeper', 'kafka', ...(letter === 'c' ? [] : ([`mysql-${letter}`] as const))] as const).flatMap((server) => [
        { party: `capture-${letter}` as const, server },
        { party: `loader-${letter}` as const, server },
      ]),
    ),
    { party: 'control', server: 'zookeeper' },
    { party: 'control', server: 'mysql-a' },
  ];
}
const shares: Readonly<Record<Fault['kind'], number>> = { kill: 8, freeze: 3, cut: 3, silence: 3, delay: 2 };
const kinds = faultKinds.flatMap((kind) => Array.from({ length: shares[kind] }, () => kind));

/** `lane`: plans that run side by side; `letters`: of the regions that are there. */
export function* planFaults(seed: number, lane = 0, letters: readonly Letter[] = sides): Generator<Planned, never> {
  const random = new Random(seed * 16 + lane);
  const processes = processesOf(letters);
  const deckOfLinks = (): (() => Target) => deck(linksOf(letters), random);
  // A kill comes last: what was killed may take long to start again.
  const ending = deck(
    faultKinds.filter((one) => one !== 'kill'),
    random,
  );
  const opening = [...Array.from({ length: faultKinds.length - 1 }, ending), 'kill' as const];
  // Decks and not dice: a short run meets many different faults.
  const kind = deck(kinds, random);
  const killed = deck(processes, random);
  const frozen = deck(processes, random);
  const links = { cut: deckOfLinks(), silence: deckOfLinks(), delay: deckOfLinks() };
  for (;;) {
    const first = opening.shift();
    const next = first ?? kind();
    const struck = { whom: random.pick<Whom>(whoms), durationMs: first ? random.int(1000, 4000) : duration(random) };
    const pauseMs = random.int(300, first ? 1000 : 4000);
    switch (next) {
      case 'kill':
      case 'freeze':
        yield { pauseMs, fault: { kind: next, party: next === 'kill' ? killed() : frozen(), ...struck } };
        break;
      case 'cut':
      case 'silence':
      case 'delay':
        yield { pauseMs, fault: { kind: next, ...links[next](), ...struck, delayMs: next === 'delay' ? random.int(50, 1500) : 0 } };
    }
  }
}

const whoms: readonly Whom[] = ['active', 'active', 'active', 'active', 'active', 'active', 'active', 'standby', 'both', 'both'];

/** From 0.2 to 15 s; short ones more often. */
function duration(random: Random): number {
  return Math.round(200 + 14_800 * random.next() ** 1.6);
}

/** Each card once before any comes again. */
function deck<T>(cards: readonly T[], random: Random): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...cards];
    const [card] = left.splice(random.int(0, left.length - 1), 1);
    return card as T;
  };
}
