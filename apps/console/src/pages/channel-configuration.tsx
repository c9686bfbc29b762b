/** The configuration as YAML: planned first, then applied as it was planned. One document, so that a change of several parts is one. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { readYaml } from '../api/client.js';
import { useRefusal } from '../api/me.js';
import { Copyable } from '../parts/act.js';
import { Button } from '../parts/button.js';
import { AreaField } from '../parts/field.js';
import { Loaded, Section } from '../parts/page.js';
import { useWords } from '../text/context.js';
import { PlanReview } from './plan-review.js';

export function ChannelConfiguration() {
  const stored = useQuery({ queryKey: ['export'], queryFn: readYaml });
  return <Loaded from={stored}>{(yaml) => <Editor stored={yaml} onRead={async () => (await stored.refetch()).data ?? yaml} />}</Loaded>;
}

function Editor({ stored, onRead }: { readonly stored: string; readonly onRead: () => Promise<string> }) {
  const { t } = useWords();
  // What was read first stays under the hands of who edits, also when somebody else changes it: the plan tells.
  const [text, setText] = useState(stored);
  const refusal = useRefusal('plan.apply');
  const again = <Button onPress={() => void onRead().then(setText)}>{t.config.again}</Button>;
  return (
    <>
      <Section title={t.config.yaml} actions={again}>
        <p className="soft">{t.config.about}</p>
        <AreaField label={t.config.yaml} value={text} onChange={setText} rows={24} />
      </Section>
      <PlanReview key={text} document={text} refusal={refusal} />
      <Section title={t.config.command}>
        <Copyable text={'lutra export -o lutra.yaml\nlutra plan -f lutra.yaml\nlutra apply -f lutra.yaml'} />
      </Section>
    </>
  );
}
