/** Every error code with its cause and what to do; where the rest stands. */
import { Link } from 'wouter';
import { useRead } from '../api/client.js';
import { useFilters } from '../parts/address.js';
import { TextField } from '../parts/field.js';
import { Empty, Loaded, Page, Section } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

export function Help() {
  const { t } = useWords();
  const version = useRead('GET /api/v1/version', {});
  return (
    <Page title={t.nav.help} about={t.help.about}>
      <Section title={t.help.grants}>
        <p>{t.help.grantsAbout}</p>
        <p className="row">
          <Link href="/servers">{t.help.toServers}</Link>
          <a href="/api/docs">{t.help.api}</a>
          {version.data && (
            <span className="soft">
              {t.help.version} {version.data.version}
            </span>
          )}
        </p>
      </Section>
      <Errors />
    </Page>
  );
}

function Errors() {
  const { t } = useWords();
  const words = t.help;
  const [filters, setFilters] = useFilters({ q: '' });
  const errors = useRead('GET /api/v1/errors', {});
  const has = (text: string): boolean => text.toLowerCase().includes(filters.q.trim().toLowerCase());
  return (
    <Section title={words.errors}>
      <div className="filters">
        <TextField label={words.find} type="search" value={filters.q} onChange={(q) => setFilters({ q })} />
      </div>
      <Loaded from={errors}>
        {(table) => {
          const found = Object.entries(table).filter(([code, { help, cause }]) => has(`${code} ${help} ${cause ?? ''}`));
          if (found.length === 0) return <Empty text={words.none} />;
          return (
            <Table
              label={words.errors}
              rows={found}
              keyOf={([code]) => code}
              columns={[
                {
                  title: words.errors,
                  cell: ([code, { outcome }]) => (
                    <>
                      <code>{code}</code>
                      <br />
                      <span className="soft">{outcome && words.outcomes[outcome]}</span>
                    </>
                  ),
                },
                { title: words.cause, cell: ([, { cause }]) => cause ?? '' },
                { title: words.kept, cell: ([, { kept }]) => kept ?? '' },
                { title: t.common.whatToDo, cell: ([, { help }]) => help },
              ]}
            />
          );
        }}
      </Loaded>
    </Section>
  );
}
