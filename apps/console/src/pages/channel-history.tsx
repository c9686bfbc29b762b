/** Who changed the channel's document, when and why. */
import { useRead } from '../api/client.js';
import { Loaded, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import type { OfChannel } from './channel.js';

export function ChannelHistory({ channel }: OfChannel) {
  const { t, format } = useWords();
  const words = t.channel.history;
  const history = useRead('GET /api/v1/{kind}/{name}/history', { path: { kind: 'channels', name: channel.name } });
  return (
    <Section title={t.channel.tabs.history}>
      <Loaded from={history}>
        {(changes) =>
          changes.length === 0 ? (
            <p className="soft">{words.none}</p>
          ) : (
            <Table
              label={t.channel.tabs.history}
              rows={changes}
              keyOf={({ revision }) => String(revision)}
              columns={[
                { title: words.when, cell: ({ at }) => format.time(at) },
                { title: words.who, cell: ({ by }) => by },
                { title: words.what, cell: ({ what }) => what },
                { title: words.why, cell: ({ reason }) => reason },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}
