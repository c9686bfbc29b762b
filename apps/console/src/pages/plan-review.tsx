/** What a document would change and what that does, and the button that carries out that plan and no other. */
import { ApiError } from '@lutra/client';
import type { Answer } from '@lutra/client';
import { useState } from 'react';
import { call, write } from '../api/client.js';
import { Act } from '../parts/act.js';
import { Button } from '../parts/button.js';
import { Failure } from '../parts/failure.js';
import { Section } from '../parts/page.js';
import { Problems } from '../parts/problems.js';
import type { Problem } from '../parts/problems.js';
import { Table } from '../parts/table.js';
import { useWords } from '../text/context.js';

export type Plan = Answer<'POST /api/v1/plan'>;

export function PlanReview({ document, refusal }: { readonly document: string; readonly refusal: string | null }) {
  const { t } = useWords();
  const [plan, setPlan] = useState<Plan>();
  const [error, setError] = useState<unknown>();
  const [applied, setApplied] = useState<number>();
  const [isBusy, setBusy] = useState(false);
  const ask = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      setPlan(await call('POST /api/v1/plan', { body: { document } }));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const apply = async (reason: string): Promise<void> => {
    if (!plan) return;
    const body = { document, hash: plan.hash, reason, ...(plan.confirm && { confirm: plan.confirm }) };
    setApplied((await write('POST /api/v1/apply', { body })).revision);
    setPlan(undefined);
  };
  return (
    <Section
      title={t.config.plan}
      actions={
        <>
          <Button busy={isBusy} refusal={refusal} onPress={() => void ask()}>
            {t.config.plan}
          </Button>
          <Act
            name={t.config.apply}
            right="plan.apply"
            needsReason
            refusal={refusalOf(plan, t.config)}
            about={<ConfirmText plan={plan} />}
            onDo={apply}
          />
        </>
      }
    >
      {error !== undefined && <PlanFailure error={error} />}
      {applied !== undefined && <p className="good-line">✓ {t.config.applied(String(applied))}</p>}
      {plan && <PlanView plan={plan} />}
    </Section>
  );
}

function refusalOf(plan: Plan | undefined, words: { planFirst: string; hasErrors: string; nothing: string }): string | null {
  if (!plan) return words.planFirst;
  if (plan.problems.some(({ severity }) => severity === 'error')) return words.hasErrors;
  return plan.changes.length === 0 ? words.nothing : null;
}

function ConfirmText({ plan }: { readonly plan: Plan | undefined }) {
  const { t } = useWords();
  return (
    <div className="stack">
      <p>{t.config.applyAbout}</p>
      {plan?.confirm && (
        <p className="report warn">
          {t.config.confirm}{' '}
          {Object.entries(plan.confirm)
            .map(([name, count]) => `${name} ${count}`)
            .join(', ')}
        </p>
      )}
    </div>
  );
}

/** A document that is none is told by line and column, as the problems of a plan are. */
function PlanFailure({ error }: { readonly error: unknown }) {
  const problems = error instanceof ApiError ? error.details['problems'] : undefined;
  return Array.isArray(problems) ? <Problems problems={(problems as Placed[]).map(placed)} /> : <Failure error={error} />;
}

type Placed = Problem & { readonly line?: number; readonly column?: number };

function placed({ line, column, ...problem }: Placed): Problem {
  return line === undefined ? problem : { ...problem, what: `${line}:${column ?? 1} ${problem.what}` };
}

export function PlanView({ plan: { changes, consequences, problems } }: { readonly plan: Plan }) {
  const { t } = useWords();
  const rows = changes.flatMap(({ op, kind, name, fields }) =>
    (fields.length === 0 ? [null] : fields).map((field, i) => ({
      key: `${kind}/${name} ${op} ${i}`,
      op,
      subject: `${kind}/${name}`,
      field,
    })),
  );
  return (
    <>
      <Problems problems={problems.map(placed)} />
      {consequences.map(({ id, what, subject }) => (
        <p key={`${id} ${subject}`} className="report warn">
          {what} {subject}
        </p>
      ))}
      {rows.length === 0 ? (
        <p className="good-line">✓ {t.config.nothing}</p>
      ) : (
        <Table
          label={t.config.changes}
          rows={rows}
          keyOf={({ key }) => key}
          columns={[
            { title: t.config.changes, cell: ({ op, subject }) => `${op} ${subject}` },
            { title: t.conflicts.column, cell: ({ field }) => <code>{field?.path ?? ''}</code> },
            { title: '−', cell: ({ field }) => <del>{shown(field?.from)}</del> },
            { title: '+', cell: ({ field }) => <ins>{shown(field?.to)}</ins> },
          ]}
        />
      )}
    </>
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
