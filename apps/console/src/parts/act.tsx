/**
 * An action that stops, drops, skips or overwrites: what it will do is shown first (by the API's own look ahead where it has one), a reason
 * is asked for, and only then it is done.
 */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { useRefusal } from '../api/me.js';
import type { Right } from '../api/me.js';
import { useWords } from '../text/context.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { Failure } from './failure.js';
import { TextField } from './field.js';

export interface ActProps {
  /** On the button, and above the dialog. */
  readonly name: string;
  readonly right: Right;
  /** Why it cannot be done now, whoever asks. */
  readonly refusal?: string | null;
  /** In words. */
  readonly about: ReactNode;
  /** What the API says that it would do. */
  readonly look?: (reason: string) => Promise<ReactNode>;
  readonly needsReason?: boolean;
  readonly danger?: boolean;
  readonly onDo: (reason: string) => Promise<unknown>;
}

export function Act({ refusal = null, ...props }: ActProps) {
  const { name, right, danger = false } = props;
  const [isOpen, setOpen] = useState(false);
  const notAllowed = useRefusal(right);
  return (
    <>
      <Button refusal={notAllowed ?? refusal} look={danger ? 'danger' : 'plain'} onPress={() => setOpen(true)}>
        {name}
      </Button>
      {isOpen && (
        <Dialog title={name} onClose={() => setOpen(false)}>
          <Steps {...props} onClose={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

function Steps({ name, about, look, needsReason = false, danger = false, onDo, onClose }: ActProps & { readonly onClose: () => void }) {
  const { t } = useWords();
  const [reason, setReason] = useState('');
  const { found, error, isBusy, run } = useSteps();
  const mustLook = look !== undefined && found === undefined;
  const lacksReason = needsReason && reason.trim() === '' ? t.common.reasonHint : null;
  const first = (): void => void run(async () => look?.(reason.trim()));
  const finish = (): void => void run(async () => onDo(reason.trim()).then(onClose));
  return (
    <div className="stack">
      <div>{about}</div>
      {needsReason && <TextField label={t.common.reason} value={reason} onChange={setReason} hint={t.common.reasonHint} required />}
      {found !== undefined && <div className="report warn">{found as ReactNode}</div>}
      {error !== undefined && <Failure error={error} />}
      <div className="row end">
        <Button look="quiet" onPress={onClose}>
          {t.common.cancel}
        </Button>
        {mustLook ? (
          <Button look="primary" busy={isBusy} refusal={lacksReason} onPress={first}>
            {t.common.preview}
          </Button>
        ) : (
          <Button look={danger ? 'danger' : 'primary'} busy={isBusy} refusal={lacksReason} onPress={finish}>
            {name}
          </Button>
        )}
      </div>
    </div>
  );
}

/** What one step found; a step that failed can be tried again. */
function useSteps() {
  const [found, setFound] = useState<unknown>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (step: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      setFound(await step());
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { found, error, isBusy, run };
}

/** For text that people take elsewhere: a statement, a command. */
export function Copyable({ text }: { readonly text: string }) {
  const { t } = useWords();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = (): void => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <div className="copyable">
      <pre tabIndex={0}>{text}</pre>
      {/* Browsers give no clipboard to a page without TLS. */}
      {window.isSecureContext && (
        <Button look="quiet" onPress={copy}>
          {isCopied ? t.common.copied : t.common.copy}
        </Button>
      )}
    </div>
  );
}
