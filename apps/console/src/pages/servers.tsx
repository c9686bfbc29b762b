/** Endpoints by region: what uses them, and a check with the statements that fix what is wrong. */
import type { Answer } from '@lutra/client';
import { useState } from 'react';
import { Link } from 'wouter';
import { call, useRead } from '../api/client.js';
import { useLive } from '../api/live.js';
import { useRefusal } from '../api/me.js';
import { Button } from '../parts/button.js';
import { Failure } from '../parts/failure.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Problems } from '../parts/problems.js';
import { Facts, Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

type Endpoint = Answer<'GET /api/v1/endpoints'>[number];

export function Servers() {
  const { t } = useWords();
  const endpoints = useRead('GET /api/v1/endpoints', {});
  return (
    <Page title={t.nav.servers} about={t.servers.about}>
      <Loaded from={endpoints}>
        {(found) =>
          found.length === 0 ? <Empty text={t.servers.none} /> : found.map((endpoint) => <Server key={endpoint.name} endpoint={endpoint} />)
        }
      </Loaded>
      <Regions />
    </Page>
  );
}

function Server({ endpoint }: { readonly endpoint: Endpoint }) {
  const { t } = useWords();
  const words = t.servers;
  const { name, region, host, port, user, tls, standbys } = endpoint;
  const check = useCheck(name);
  const refusal = useRefusal('endpoint.check');
  const { status } = useLive();
  const usedBy = (status?.channels ?? []).filter(({ pipelines }) =>
    pipelines.some(({ source, target }) => source.endpoint === name || target.endpoint === name),
  );
  return (
    <Section
      title={name}
      actions={
        <Button refusal={refusal} busy={check.isBusy} onPress={() => void check.run()}>
          {check.isBusy ? words.checking : words.check}
        </Button>
      }
    >
      <Facts
        rows={[
          [words.region, region],
          [words.address, <code key="address">{`${host}:${port}`}</code>],
          [words.user, user],
          [words.tls, tls?.mode === 'off' ? t.common.no : t.common.yes],
          [words.standbys, (standbys ?? []).map((standby) => `${standby.host}:${standby.port}`).join(', ') || t.common.none],
          [
            words.usedBy,
            usedBy.length === 0 ? t.common.none : usedBy.map((channel) => <ChannelLink key={channel.name} name={channel.name} />),
          ],
        ]}
      />
      {check.error !== undefined && <Failure error={check.error} />}
      {check.found && <Problems problems={check.found.problems} none={words.good} />}
    </Section>
  );
}

function ChannelLink({ name }: { readonly name: string }) {
  return (
    <>
      <Link href={`/channels/${name}`}>{name}</Link>{' '}
    </>
  );
}

function useCheck(name: string) {
  const [found, setFound] = useState<Answer<'POST /api/v1/endpoints/{name}/check'>>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      setFound(await call('POST /api/v1/endpoints/{name}/check', { path: { name } }));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { found, error, isBusy, run };
}

function Regions() {
  const { t } = useWords();
  const regions = useRead('GET /api/v1/regions', {});
  return (
    <Section title={t.servers.regions}>
      <Loaded from={regions}>
        {(found) => (
          <Table
            label={t.servers.regions}
            rows={found}
            keyOf={({ name }) => name}
            columns={[
              { title: t.servers.region, cell: ({ name }) => name },
              { title: t.servers.kafka, cell: ({ kafka }) => <code>{kafka.brokers.join(', ')}</code> },
              { title: t.servers.tls, cell: ({ kafka }) => (kafka.tls ? t.common.yes : t.common.no) },
            ]}
          />
        )}
      </Loaded>
    </Section>
  );
}
