/** A refusal whose details have the plan as it is now. */
import { SyncError } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import type { PlanAnswer } from './plan.schemas.js';

export class PlanError extends SyncError {
  readonly plan: PlanAnswer;

  constructor(code: Extract<ErrorCode, 'PLAN_OUTDATED' | 'PLAN_UNCONFIRMED'>, message: string, plan: PlanAnswer) {
    super(code, message);
    this.plan = plan;
  }
}
