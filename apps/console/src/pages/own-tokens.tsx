/** API tokens of who is logged in; a secret is shown once. */
import { useState } from 'react';
import { useRead, write } from '../api/client.js';
import { Act, Copyable } from '../parts/act.js';
import { TextField } from '../parts/field.js';
import { Loaded, Section } from '../parts/page.js';
import { Badge } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

export function OwnTokens() {
  const { t, format } = useWords();
  const words = t.access;
  const [secret, setSecret] = useState<string | null>(null);
  const tokens = useRead('GET /api/v1/me/tokens', {});
  return (
    <Section title={words.ownTokens} actions={<NewToken onMade={setSecret} />}>
      {secret !== null && (
        <div className="report warn">
          <p>{words.secret}</p>
          <Copyable text={secret} />
        </div>
      )}
      <Loaded from={tokens}>
        {(found) =>
          found.length === 0 ? (
            <p className="soft">{words.noTokens}</p>
          ) : (
            <Table
              label={words.ownTokens}
              rows={found}
              keyOf={({ id }) => id}
              columns={[
                { title: t.common.name, cell: ({ name }) => name },
                { title: words.grants, cell: ({ grants }) => grants.map(({ role, channels }) => `${role} (${channels})`).join(', ') },
                { title: t.common.state, cell: ({ state }) => <Badge tone={state === 'valid' ? 'good' : 'calm'} text={state} /> },
                { title: words.expires, cell: ({ expiresAt }) => (expiresAt === null ? t.common.none : format.time(expiresAt)) },
                { title: words.lastUsed, cell: ({ lastUsedAt }) => (lastUsedAt === null ? t.common.none : format.time(lastUsedAt)) },
                {
                  title: t.common.actions,
                  cell: ({ id }) => (
                    <Act
                      name={words.revoke}
                      right="channel.read"
                      danger
                      about={<p>{words.revokeAbout}</p>}
                      onDo={() => write('DELETE /api/v1/me/tokens/{id}', { path: { id } })}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

function NewToken({ onMade }: { readonly onMade: (secret: string) => void }) {
  const { t } = useWords();
  const words = t.access;
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  return (
    <Act
      name={words.newToken}
      right="channel.read"
      about={
        <div className="stack">
          <p>{words.newTokenAbout}</p>
          <TextField label={t.common.name} value={name} onChange={setName} required />
          <TextField label={words.days} type="number" value={days} onChange={setDays} />
        </div>
      }
      onDo={async () => onMade((await write('POST /api/v1/me/tokens', { body: { name, days: Number(days) || 90 } })).secret)}
    />
  );
}
