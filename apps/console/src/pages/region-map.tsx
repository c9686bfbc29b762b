/**
 * Regions as boxes, and between each two of them the pipelines as arrows with lag and rows a second. Plain boxes in a grid: they read aloud
 * as lists, and become one column where the page is narrow.
 */
import { Link } from 'wouter';
import type { Status } from '../api/live.js';
import { StateBadge, toneOf } from '../parts/state.js';
import { useWords } from '../text/context.js';

type Channel = Status['channels'][number];
type Pipeline = Channel['pipelines'][number];

interface Arrow {
  readonly channel: string;
  readonly pipeline: Pipeline;
  readonly isBack: boolean;
}

interface Pair {
  readonly left: string;
  readonly right: string;
  readonly arrows: readonly Arrow[];
}

export interface RegionMapProps {
  readonly channels: readonly Channel[];
  readonly regionOf: (endpoint: string) => string;
}

export function RegionMap({ channels, regionOf }: RegionMapProps) {
  return (
    <ul className="map">
      {pairsOf(channels, regionOf).map(({ left, right, arrows }) => (
        <li key={`${left} ${right}`} className="pair">
          <Region name={left} endpoints={endpointsOf(channels, regionOf, left)} />
          <ul className="arrows">
            {arrows.map((arrow) => (
              <li key={arrow.pipeline.id}>
                <PipelineArrow {...arrow} />
              </li>
            ))}
          </ul>
          <Region name={right} endpoints={endpointsOf(channels, regionOf, right)} />
        </li>
      ))}
    </ul>
  );
}

function Region({ name, endpoints }: { readonly name: string; readonly endpoints: readonly string[] }) {
  return (
    <div className="region">
      <strong>{name}</strong>
      {endpoints.map((endpoint) => (
        <span key={endpoint} className="soft">
          {endpoint}
        </span>
      ))}
    </div>
  );
}

function PipelineArrow({ channel, pipeline, isBack }: Arrow) {
  const { t, format } = useWords();
  const { name, state, lagMs, rowsPerSecond } = pipeline;
  return (
    <Link href={`/channels/${channel}`} className={`arrow ${isBack ? 'back' : 'ahead'} ${toneOf(state)}`}>
      <span className="arrow-name">
        {channel} <span className="soft">{name}</span>
      </span>
      <span className="arrow-line" aria-hidden="true" />
      <span className="row">
        <StateBadge state={state} />
        <span className="arrow-number">
          {t.lag.label} {lagMs === null ? t.lag.none : format.duration(lagMs)}
        </span>
        <span className="arrow-number">{t.overview.rows(format.count(rowsPerSecond))}</span>
      </span>
    </Link>
  );
}

/** Each two regions once, by name, so that nothing changes its place when something changes its state. */
function pairsOf(channels: readonly Channel[], regionOf: RegionMapProps['regionOf']): readonly Pair[] {
  const arrows = channels.flatMap(({ name, pipelines }) =>
    pipelines.map((pipeline) => {
      const [from, to] = [regionOf(pipeline.source.endpoint), regionOf(pipeline.target.endpoint)];
      const [left = from, right = to] = [from, to].toSorted();
      return { channel: name, pipeline, left, right, isBack: from !== left };
    }),
  );
  const groups = [...Map.groupBy(arrows, ({ left, right }) => `${left}\n${right}`).values()];
  return groups
    .flatMap(([first, ...rest]) => (first ? [{ left: first.left, right: first.right, arrows: [first, ...rest] }] : []))
    .toSorted((one, other) => one.left.localeCompare(other.left) || one.right.localeCompare(other.right));
}

function endpointsOf(channels: readonly Channel[], regionOf: RegionMapProps['regionOf'], region: string): readonly string[] {
  const all = channels.flatMap(({ pipelines }) => pipelines.flatMap(({ source, target }) => [source.endpoint, target.endpoint]));
  return [...new Set(all)].filter((endpoint) => regionOf(endpoint) === region).toSorted();
}
