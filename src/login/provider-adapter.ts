import type { Adapter, AdapterPayload, errors } from 'oidc-provider';
import type { RevokedGrants } from '../auth/jwt/revoked-grants.js';
import type { JsonObject } from '../common/json.js';
import { digestOf, type LoginRecord, type LoginRecords } from './login-records.js';

const DAY_MS = 86_400_000;
/** How long a client that registered itself is known before a user allows it something. */
const UNUSED_CLIENT_MS = DAY_MS;
/** How long after a user last allowed it something. */
const USED_CLIENT_MS = 365 * DAY_MS;

/** What an adapter works with. */
export interface AdapterParts {
  readonly records: LoginRecords;
  readonly revoked: Pick<RevokedGrants, 'revoke'>;
  /** The library's own class, by which it knows the error of a client. */
  readonly InvalidGrant: typeof errors.InvalidGrant;
}

/** The memory of the library for one of its models. Interface and behaviour are what `oidc-provider` asks for. */
export class ProviderAdapter implements Adapter {
  constructor(
    private readonly model: string,
    private readonly parts: AdapterParts,
  ) {}

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const { records } = this.parts;
    const life = expiresIn === undefined ? UNUSED_CLIENT_MS : expiresIn * 1000;
    await records.put(this.model, id, payload, {
      expiresAt: new Date(Date.now() + life),
      grantId: payload.grantId,
      uid: payload.uid,
    });
    if (this.model === 'Grant' && payload.clientId !== undefined) {
      await records.prolong('Client', payload.clientId, new Date(Date.now() + USED_CLIENT_MS));
    }
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return payloadOf(await this.parts.records.find(this.model, id));
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return payloadOf(await this.parts.records.findByUid(this.model, uid));
  }

  /** Codes that users type are not used. */
  async findByUserCode(): Promise<undefined> {}

  /**
   * The library has looked before; what was used in between is a replay, perhaps on another replica.
   * @throws InvalidGrant for a replay, after everything of the grant has ended
   */
  async consume(id: string): Promise<void> {
    if (await this.parts.records.consume(this.model, id)) return;
    const found = await this.parts.records.find(this.model, id);
    const grantId = found?.payload['grantId'];
    if (typeof grantId === 'string') await endGrant(this.parts, grantId);
    throw new this.parts.InvalidGrant('already used');
  }

  async destroy(id: string): Promise<void> {
    await this.parts.records.remove(this.model, id);
  }

  /** Access tokens are not stored, so what ended is: the doors look there. */
  async revokeByGrantId(grantId: string): Promise<void> {
    if (this.model === 'AccessToken') await this.parts.revoked.revoke(digestOf(grantId));
    else await this.parts.records.removeOfGrant(this.model, grantId);
  }
}

async function endGrant({ records, revoked }: AdapterParts, grantId: string): Promise<void> {
  await records.remove('Grant', grantId);
  for (const model of ['AuthorizationCode', 'RefreshToken']) await records.removeOfGrant(model, grantId);
  await revoked.revoke(digestOf(grantId));
}

function payloadOf(record: LoginRecord | null): AdapterPayload | undefined {
  if (record === null) return undefined;
  const payload: JsonObject & AdapterPayload = record.payload;
  return record.consumedAt === null ? payload : { ...payload, consumed: record.consumedAt };
}
