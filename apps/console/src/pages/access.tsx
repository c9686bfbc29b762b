/** Users and what they may do; own API tokens. */
import type { Answer } from '@lutra/client';
import { useState } from 'react';
import { readVersion, useRead, write } from '../api/client.js';
import { useMe, useRefusal } from '../api/me.js';
import { Act } from '../parts/act.js';
import { SelectField, TextField } from '../parts/field.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Badge } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';
import { OwnTokens } from './own-tokens.js';

type User = Answer<'GET /api/v1/users'>[number];
type Role = User['grants'][number]['role'];

export function Access() {
  const { t } = useWords();
  const refusal = useRefusal('access.write');
  const me = useMe();
  return (
    <Page title={t.nav.access} about={t.access.about}>
      {refusal === null ? <Users /> : <Empty text={refusal} />}
      {me.kind === 'user' ? <OwnTokens /> : <p className="soft">{t.access.ownLogin}</p>}
    </Page>
  );
}

function Users() {
  const { t } = useWords();
  const words = t.access;
  const users = useRead('GET /api/v1/users', {});
  return (
    <Section title={words.users} actions={<NewUser />}>
      <Loaded from={users}>
        {(found) => (
          <Table
            label={words.users}
            rows={found}
            keyOf={({ name }) => name}
            columns={[
              {
                title: t.common.name,
                cell: ({ name, disabled }) => (
                  <>
                    {name} {disabled && <Badge tone="warn" text={words.disabled} />}
                  </>
                ),
              },
              {
                title: words.grants,
                cell: ({ grants }) => grants.map(({ role, channels }) => `${role} (${channels})`).join(', ') || t.common.none,
              },
              { title: words.password, cell: ({ passwordSet }) => (passwordSet ? words.set : t.common.none) },
              { title: t.common.actions, cell: (user) => <UserActions user={user} /> },
            ]}
          />
        )}
      </Loaded>
    </Section>
  );
}

function UserActions({ user: { name, disabled, grants } }: { readonly user: User }) {
  const { t } = useWords();
  const words = t.access;
  const key = 'GET /api/v1/users/{name}';
  const path = { name };
  const switchTo = async (reason: string): Promise<unknown> => {
    const { etag } = await readVersion(key, { path });
    const body = { name, grants, disabled: !disabled };
    return write('PUT /api/v1/users/{name}', { path, query: { reason }, body, ifMatch: etag });
  };
  const remove = async (reason: string): Promise<unknown> => {
    const { etag } = await readVersion(key, { path });
    return write('DELETE /api/v1/users/{name}', { path, query: { reason }, ifMatch: etag });
  };
  const about = <p>{words.removeAbout(name)}</p>;
  return (
    <div className="row">
      <Act
        name={disabled ? words.enable : words.disable}
        right="access.write"
        needsReason
        about={disabled ? null : about}
        onDo={switchTo}
      />
      <Act name={words.remove} right="access.write" danger needsReason about={about} onDo={remove} />
    </div>
  );
}

function NewUser() {
  const { t } = useWords();
  const words = t.access;
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [channels, setChannels] = useState('*');
  const create = async (reason: string): Promise<void> => {
    await write('POST /api/v1/users', { query: { reason }, body: { name, password, grants: [{ role, channels }] } });
    setName('');
    setPassword('');
  };
  return (
    <Act
      name={words.newUser}
      right="access.write"
      needsReason
      about={
        <div className="stack">
          <TextField label={t.common.name} value={name} onChange={setName} required />
          <TextField label={words.password} type="password" complete="new-password" value={password} onChange={setPassword} required />
          <SelectField label={words.role} value={role} onChange={(value) => setRole(value as Role)} options={Object.entries(words.roles)} />
          <TextField label={words.channels} value={channels} onChange={setChannels} hint={words.channelsHint} />
        </div>
      }
      onDo={create}
    />
  );
}
