/**
 * Makes signed requests whose bodies never repeat: each has a context of its own, and cold ids come in turn.
 */
import { hmacKey } from '../../pkg/webhook/hmac.ts';
import { hmacBody } from '../../pkg/webhook/hmac-body.ts';
import { secretOf } from '../services/tenants.ts';
import { customerIdOf } from './customer-ids.ts';
import {
  type AuditMode,
  customers,
  customersOfSpreadTenant,
  hotCustomers,
  hotShare,
  type Scenario,
  spreadTenants,
  tenantIdsOf,
} from './scenarios.ts';

export interface SignedRequest {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RequestMaker {
  next(): SignedRequest;
}

const signing = { header: 'X-CXone-Signature', encoding: 'Hex', toleranceSeconds: 300 } as const;
const statuses = ['active', 'inactive', 'blocked'] as const;

/** @param content  of the whole body */
export const signedRequest = (tenantId: string, content: object): SignedRequest => {
  const body = Buffer.from(JSON.stringify(content));
  const signature = hmacBody.sign(signing, hmacKey(secretOf(tenantId)), body, 0);
  return { body, headers: { 'Content-Type': 'application/json', ...signature } };
};

/** @param scenario  its cold ids go on where the last request stopped, so that one maker serves all rounds of a variant
 * @param walkedBefore  cold ids up to this one are left to others at first */
export const createRequestMaker = (scenario: Scenario, audit: AuditMode, walkedBefore = hotCustomers): RequestMaker => {
  const tenantIds = tenantIdsOf(scenario.temperature, audit);
  let made = 0;
  let walked = walkedBefore;

  const cold = (): number => {
    walked = walked >= customers ? hotCustomers + 1 : walked + 1;
    return walked;
  };
  /** Each tenant's own customers in turn. */
  const spread = (place: number): number =>
    ((Math.floor(made / spreadTenants) * scenario.batch + place) % customersOfSpreadTenant) + 1;
  const hot = (place: number): number => ((made * 7 + place * 37) % hotCustomers) + 1;
  const pick = (place: number): number => {
    if (scenario.temperature === 'warm') return hot(place);
    if (scenario.temperature === 'cold') return cold();
    if (scenario.temperature === 'spread') return spread(place);
    return place < scenario.batch * hotShare ? hot(place) : cold();
  };

  return {
    next: () => {
      made += 1;
      const tenant_id = tenantIds[made % tenantIds.length] ?? '';
      const customer_ids = Array.from({ length: scenario.batch }, (_, place) => customerIdOf(pick(place)));
      const status = scenario.action === 'set_customer_status' ? { status: statuses[made % 3] } : {};
      const input = { tenant_id, customer_ids, ...status };
      const context = { contact_id: `${process.pid}-${made}` };
      return signedRequest(tenant_id, { action: scenario.action, input, context });
    },
  };
};
