/** The walk from two servers to a channel that runs: what `lutra init` does, step by step. Nothing is written before the last step. */
import { serverOf } from '@lutra/client';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { call } from '../api/client.js';
import { useRefusal } from '../api/me.js';
import { Button } from '../parts/button.js';
import { Failure } from '../parts/failure.js';
import { Page, Section } from '../parts/page.js';
import { useWords } from '../text/context.js';
import { answersOf, emptyForm, randomPassword } from './walk/answers.js';
import type { Known, Look, SideForm, WalkForm } from './walk/answers.js';
import { carryOut, lookAt } from './walk/carry-out.js';
import type { Administrators, Done, Shown } from './walk/carry-out.js';
import { PlanStep } from './walk/plan-step.js';
import { ServersStep } from './walk/servers-step.js';
import { TablesStep } from './walk/tables-step.js';

const steps = ['servers', 'tables', 'plan', 'start'] as const;
type Step = (typeof steps)[number];

export function NewChannel() {
  const { t } = useWords();
  const walk = useWalk();
  const refusal = useRefusal('endpoint.prepare');
  const { step, error } = walk;
  return (
    <Page title={t.nav.newChannel} about={t.walk.about}>
      <ol className="row" aria-label={t.nav.newChannel}>
        {steps.map((one, i) => (
          <li key={one} aria-current={one === step ? 'step' : undefined} className={one === step ? 'badge good' : 'badge'}>
            {i + 1} {t.walk.steps[one]}
          </li>
        ))}
      </ol>
      <StepBody walk={walk} />
      {error !== undefined && <Failure error={error} />}
      <StepButtons walk={walk} refusal={refusal} />
    </Page>
  );
}

type Walk = ReturnType<typeof useWalk>;

function useWalk() {
  const [step, setStep] = useState<Step>('servers');
  const [form, setForm] = useState<WalkForm>(emptyForm);
  const [looks, setLooks] = useState<readonly Look[]>([]);
  const [shown, setShown] = useState<Shown>();
  const [done, setDone] = useState<readonly Done[]>([]);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (work: () => Promise<Step>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      setStep(await work());
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const look = (): Promise<void> =>
    run(async () => {
      setLooks([await lookAtServer('init-a', form.a), await lookAtServer('init-b', form.b)]);
      return 'tables';
    });
  const plan = (): Promise<void> =>
    run(async () => {
      const known = await knownNow();
      const names = known.endpoints.map(({ name }) => name);
      setShown(await lookAt(await answersOf(form, known), adminsOf(form), randomPassword, names));
      return 'plan';
    });
  const start = (): Promise<void> =>
    run(async () => {
      setDone([]);
      if (shown) await carryOut(shown, adminsOf(form), (one) => setDone((before) => [...before, one]));
      return 'start';
    });
  const change = (changes: Partial<WalkForm>): void => setForm({ ...form, ...changes });
  return { step, setStep, form, change, looks, shown, done, error, isBusy, look, plan, start };
}

function lookAtServer(endpoint: string, { host, port, isEncrypted, ...side }: SideForm): Promise<Look> {
  const server = serverOf({ host, port: Number(port), tls: isEncrypted ? {} : null });
  return call('POST /api/v1/prepare', { body: { endpoint, server, admin: { user: side.admin, password: side.password } } });
}

async function knownNow(): Promise<Known> {
  return { regions: await call('GET /api/v1/regions', {}), endpoints: await call('GET /api/v1/endpoints', {}) };
}

function adminsOf({ a, b }: WalkForm): Administrators {
  return { a: { user: a.admin, password: a.password }, b: { user: b.admin, password: b.password } };
}

function StepBody({ walk: { step, form, change, looks, shown, done } }: { readonly walk: Walk }): ReactNode {
  const { t } = useWords();
  const progress = done.map((one) => (
    <p key={one} className="good-line">
      ✓ {t.walk.doing[one]}
    </p>
  ));
  switch (step) {
    case 'servers':
      return <ServersStep form={form} onChange={change} />;
    case 'tables':
      return <TablesStep form={form} looks={looks} regions={[form.a.region, form.b.region]} onChange={change} />;
    case 'plan':
      return (
        <>
          {shown && <PlanStep shown={shown} />}
          {progress}
        </>
      );
    case 'start':
      return (
        <Section title={t.walk.steps.start}>
          {progress}
          <Link href={`/channels/${shown?.answers.channel ?? ''}`}>{t.walk.follow}</Link>
        </Section>
      );
  }
}

function StepButtons({ walk, refusal }: { readonly walk: Walk; readonly refusal: string | null }): ReactNode {
  const { t } = useWords();
  const { step, setStep, form, shown, isBusy, look, plan, start } = walk;
  const back = (to: Step): ReactNode => <Button onPress={() => setStep(to)}>{t.common.back}</Button>;
  const problems = [...(shown?.looks.a.problems ?? []), ...(shown?.looks.b.problems ?? []), ...(shown?.plan.problems ?? [])];
  const hasErrors = problems.some(({ severity }) => severity === 'error');
  switch (step) {
    case 'servers':
      return (
        <div className="row end">
          <Button look="primary" refusal={refusal} busy={isBusy} onPress={() => void look()}>
            {t.walk.look}
          </Button>
        </div>
      );
    case 'tables':
      return (
        <div className="row end">
          {back('servers')}
          <Button look="primary" refusal={form.schemas.length === 0 ? t.walk.chosenOne : refusal} busy={isBusy} onPress={() => void plan()}>
            {t.walk.makePlan}
          </Button>
        </div>
      );
    case 'plan':
      return (
        <div className="row end">
          {back('tables')}
          <Button look="primary" refusal={hasErrors ? t.walk.errors : refusal} busy={isBusy} onPress={() => void start()}>
            {t.walk.doAll}
          </Button>
        </div>
      );
    case 'start':
      return null;
  }
}
