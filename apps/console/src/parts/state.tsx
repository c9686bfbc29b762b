/** How a pipeline, a channel or an end does: a word with a shape, so that nobody needs its colour. */
import { useWords } from '../text/context.js';
import type { Text } from '../text/en.js';

export type State = keyof Text['states'];

const marks: Readonly<Record<State, { readonly tone: 'good' | 'calm' | 'warn' | 'bad'; readonly mark: string }>> = {
  running: { tone: 'good', mark: '●' },
  starting: { tone: 'calm', mark: '◔' },
  standby: { tone: 'calm', mark: '○' },
  waiting: { tone: 'warn', mark: '◑' },
  held: { tone: 'warn', mark: '◆' },
  paused: { tone: 'calm', mark: '‖' },
  stopped: { tone: 'calm', mark: '■' },
  failed: { tone: 'bad', mark: '▲' },
  absent: { tone: 'bad', mark: '△' },
};

export function toneOf(state: State): 'good' | 'calm' | 'warn' | 'bad' {
  return marks[state].tone;
}

export function StateBadge({ state }: { readonly state: State }) {
  const { t } = useWords();
  const { tone, mark } = marks[state];
  return <Badge tone={tone} mark={mark} text={t.states[state]} />;
}

interface BadgeProps {
  readonly tone: 'good' | 'calm' | 'warn' | 'bad';
  readonly mark?: string;
  readonly text: string;
}

export function Badge({ tone, mark, text }: BadgeProps) {
  return (
    <span className={`badge ${tone}`}>
      {mark !== undefined && <span aria-hidden="true">{mark}</span>}
      {text}
    </span>
  );
}
