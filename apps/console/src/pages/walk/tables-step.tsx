/** Which schemas, who writes, and who wins. */
import { nameOf, policies } from '@lutra/client';
import { CheckField, SelectField, TextField } from '../../parts/field.js';
import { Empty, Section } from '../../parts/page.js';
import { useWords } from '../../text/context.js';
import type { Look, WalkForm } from './answers.js';

interface TablesStepProps {
  readonly form: WalkForm;
  readonly looks: readonly Look[];
  readonly regions: readonly string[];
  readonly onChange: (changes: Partial<WalkForm>) => void;
}

export function TablesStep({ form, looks, regions, onChange }: TablesStepProps) {
  const { t } = useWords();
  const words = t.walk;
  const options = policies.map((policy) => [policy, words.policies[policy]] as const);
  return (
    <>
      <Section title={words.schemas}>
        <Schemas looks={looks} chosen={form.schemas} onChange={(schemas) => onChange({ schemas })} />
      </Section>
      <Section title={t.pick.channel}>
        <TextField
          label={words.channel}
          value={form.channel}
          placeholder={nameOf(form.schemas[0] ?? '')}
          onChange={(channel) => onChange({ channel })}
        />
        <CheckField label={words.bothWays} value={form.bothWays} onChange={(bothWays) => onChange({ bothWays })} />
        {form.bothWays && (
          <>
            <SelectField
              label={words.home}
              value={form.home || (regions[0] ?? '')}
              onChange={(home) => onChange({ home })}
              options={regions.map((region) => [region, region] as const)}
            />
            <SelectField
              label={words.policy}
              value={form.policy}
              onChange={(value) => onChange({ policy: policies.find((policy) => policy === value) ?? 'home' })}
              options={options}
            />
          </>
        )}
      </Section>
    </>
  );
}

interface SchemasProps {
  readonly looks: readonly Look[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

function Schemas({ looks, chosen, onChange }: SchemasProps) {
  const { t, format } = useWords();
  // Of a schema that both have, the first server's is shown.
  const all = [...new Map(looks.toReversed().flatMap(({ schemas }) => schemas.map((schema) => [schema.name, schema] as const))).values()];
  if (all.length === 0) return <Empty text={t.walk.noSchemas} />;
  const toggle = (name: string, isChosen: boolean): void => onChange(isChosen ? [...chosen, name] : chosen.filter((one) => one !== name));
  return (
    <div className="stack">
      {all.map(({ name, tables, rows, bytes }) => (
        <CheckField
          key={name}
          label={`${name} (${t.walk.schemaSize(tables, format.count(rows), format.bytes(bytes))})`}
          value={chosen.includes(name)}
          onChange={(isChosen) => toggle(name, isChosen)}
        />
      ))}
    </div>
  );
}
