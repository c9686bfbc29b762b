/** Which channel a page is about: the one of the address, or the first there is. */
import type { ReactNode } from 'react';
import { useLive } from '../api/live.js';
import type { Status } from '../api/live.js';
import { useWords } from '../text/context.js';
import { Failure } from './failure.js';
import { SelectField } from './field.js';
import { Empty } from './page.js';

export interface PickerProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children: (channel: Status['channels'][number]) => ReactNode;
}

export function ChannelPicker({ value, onChange, children }: PickerProps) {
  const { t } = useWords();
  const { status, error } = useLive();
  if (!status) return error ? <Failure error={error} /> : <p className="loading">{t.common.loading}</p>;
  const channel = status.channels.find(({ name }) => name === value) ?? status.channels[0];
  if (!channel) return <Empty text={t.pick.none} />;
  const options = status.channels.map(({ name }) => [name, name] as const);
  return (
    <>
      <div className="filters">
        <SelectField label={t.pick.channel} value={channel.name} onChange={onChange} options={options} />
      </div>
      {children(channel)}
    </>
  );
}
