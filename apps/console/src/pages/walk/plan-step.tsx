/** Everything that would be done: the statements of each server, the document, and the command that does the same. */
import { stringify } from 'yaml';
import { Copyable } from '../../parts/act.js';
import { Section } from '../../parts/page.js';
import { Problems } from '../../parts/problems.js';
import { useWords } from '../../text/context.js';
import { PlanView } from '../plan-review.js';
import { answersFile } from './answers.js';
import type { Shown } from './carry-out.js';

export function PlanStep({ shown: { answers, looks, plan, yaml } }: { readonly shown: Shown }) {
  const { t } = useWords();
  const words = t.walk;
  return (
    <>
      {(['a', 'b'] as const).map((side) => {
        const missing = looks[side].steps.filter(({ done }) => !done).flatMap(({ sql }) => sql);
        return (
          <Section key={side} title={`${words.prepares(answers[side].name)} · ${words.version(looks[side].version)}`}>
            <Problems problems={looks[side].problems} />
            {missing.length === 0 ? (
              <p className="good-line">✓ {words.prepared}</p>
            ) : (
              <pre tabIndex={0}>{missing.map((statement) => `${statement};`).join('\n')}</pre>
            )}
          </Section>
        );
      })}
      <Section title={t.config.plan}>
        <PlanView plan={plan} />
      </Section>
      <Section title={words.yaml}>
        <Copyable text={yaml} />
      </Section>
      <Section title={words.command}>
        <Copyable text={`# answers.yaml\n${stringify(answersFile(answers))}`} />
        <Copyable text="lutra init -f answers.yaml --admin-a-file a --admin-b-file b" />
      </Section>
    </>
  );
}
