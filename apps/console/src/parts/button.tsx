/** A button that cannot be pressed says why: it stays in the order of the keyboard, and its reason is read aloud and shown. */
import { useId } from 'react';
import type { ReactNode } from 'react';

interface ButtonProps {
  readonly children: ReactNode;
  readonly onPress: () => void;
  /** Why it cannot be pressed; null: it can. */
  readonly refusal?: string | null;
  readonly look?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly busy?: boolean;
  readonly label?: string;
}

export function Button({ children, onPress, refusal = null, look = 'plain', busy = false, label }: ButtonProps) {
  const id = useId();
  const isOff = refusal !== null || busy;
  return (
    <>
      <button
        type="button"
        className={`button ${look}`}
        aria-disabled={isOff}
        aria-label={label}
        aria-describedby={refusal === null ? undefined : id}
        title={refusal ?? undefined}
        onClick={() => (isOff ? undefined : onPress())}
      >
        {children}
      </button>
      {refusal !== null && (
        <span id={id} className="unseen">
          {refusal}
        </span>
      )}
    </>
  );
}
