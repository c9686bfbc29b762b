/** The two servers, and the logins of their administrators. */
import { CheckField, TextField } from '../../parts/field.js';
import { Section } from '../../parts/page.js';
import { useWords } from '../../text/context.js';
import type { SideForm, WalkForm } from './answers.js';

interface StepProps {
  readonly form: WalkForm;
  readonly onChange: (changes: Partial<WalkForm>) => void;
}

export function ServersStep({ form, onChange }: StepProps) {
  const { t } = useWords();
  return (
    <div className="beside">
      {(['a', 'b'] as const).map((side, i) => (
        <Section key={side} title={t.walk.side(i + 1)}>
          <SideFields side={form[side]} onChange={(changes) => onChange({ [side]: { ...form[side], ...changes } })} />
        </Section>
      ))}
    </div>
  );
}

function SideFields({ side, onChange }: { readonly side: SideForm; readonly onChange: (changes: Partial<SideForm>) => void }) {
  const { t } = useWords();
  const words = t.walk;
  return (
    <div className="stack">
      <div className="filters">
        <TextField label={words.host} value={side.host} onChange={(host) => onChange({ host })} required />
        <TextField label={words.port} type="number" value={side.port} onChange={(port) => onChange({ port })} required />
      </div>
      <div className="filters">
        <TextField label={words.admin} value={side.admin} onChange={(admin) => onChange({ admin })} required />
        <TextField label={t.login.password} type="password" value={side.password} onChange={(password) => onChange({ password })} />
      </div>
      <p className="hint">{words.adminHint}</p>
      <CheckField label={words.tls} value={side.isEncrypted} onChange={(isEncrypted) => onChange({ isEncrypted })} />
      <TextField label={words.region} value={side.region} onChange={(region) => onChange({ region })} required />
      <TextField label={words.brokers} value={side.brokers} onChange={(brokers) => onChange({ brokers })} hint={words.brokersHint} />
    </div>
  );
}
