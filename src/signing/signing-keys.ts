import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { JWK } from 'jose';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import { algorithmOf, type SigningAlgorithm } from '../config/jwt-signer-config.js';
import { EventBus } from '../events/event-bus.js';
import { ReplicatedCopy } from '../events/replicated-copy.js';
import type { WriteAuthor } from '../write-log/write-author.js';
import { signingKeyOf, type SigningKey } from './key-material.js';
import { currentKey, publishedKeys, type KeyState, type ScheduledKey } from './key-schedule.js';
import { SigningKeyStore } from './signing-key.store.js';

const SIGNING_KEYS_CHANGED = 'signing-keys.changed';
/** How long others may keep the key set, in seconds: one that an operator gave, one of the gateway's own, none. */
const MAX_AGE = { given: 3600, generated: 300, none: 60 } as const;
/** A new key is published for so long before it signs: every copy of the key set is newer by then. */
const ANNOUNCED_FOR_MS = 2 * MAX_AGE.generated * 1000;

/** A key as admins see it. */
export interface KeyDescription {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: KeyState;
  readonly createdAt: number | null;
  readonly signsFrom: number | null;
}

/**
 * The keys that tokens of the gateway are signed with, in memory: the one that the operator gave, else generated ones
 * that all replicas share. As long as nobody needs one, there is none.
 */
@Injectable()
export class SigningKeys implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly copy: ReplicatedCopy;
  private readonly given: SigningKey | null;
  private readonly needed = new Set<SigningAlgorithm>();
  private readonly issuers: (() => string)[] = [];
  private keys: readonly ScheduledKey[] = [];

  constructor(
    @Inject(CONFIG) { jwtSigner }: Config,
    private readonly store: SigningKeyStore,
    events: EventBus,
  ) {
    this.given = jwtSigner.signingKey === null ? null : givenKey(jwtSigner.signingKey.reveal());
    const source = {
      name: SigningKeys.name,
      topic: SIGNING_KEYS_CHANGED,
      readVersion: () => store.readVersion(),
      loadAll: () => this.load(),
      loadSome: () => this.load(),
    };
    this.copy = new ReplicatedCopy(source, events);
  }

  async onModuleInit(): Promise<void> {
    await this.copy.start();
  }

  /** By now everybody who signs has said so; a gateway that signs nothing leaves the keys of others alone. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.needed.size === 0) return;
    await this.store.settle(this.generated());
    await this.copy.reload();
  }

  async onModuleDestroy(): Promise<void> {
    await this.copy.stop();
  }

  /**
   * Makes sure that there is a key; one that the operator gave is taken whatever its algorithm. To be called at start.
   * @param issuer whom the tokens will name as their issuer
   */
  async require(algorithm: SigningAlgorithm, issuer: () => string): Promise<void> {
    this.needed.add(this.given?.algorithm ?? algorithm);
    this.issuers.push(issuer);
    if (this.given !== null) return;
    await this.store.ensure(algorithm);
    await this.copy.reload();
  }

  /** @throws Error when there is no key: {@link require} was not called */
  current(algorithm: SigningAlgorithm): SigningKey {
    const key = this.given ?? currentKey(this.keys, algorithm, Date.now());
    if (key === undefined) throw new Error(`there is no key for ${algorithm}`);
    return key;
  }

  /** Are tokens signed in the name of this issuer? */
  signsAs(issuer: string): boolean {
    return this.issuers.some((named) => named() === issuer);
  }

  /** What is published, and how long others may keep it, in seconds. */
  keySet(): { readonly keys: readonly JWK[]; readonly maxAge: number } {
    if (this.needed.size === 0) return { keys: [], maxAge: MAX_AGE.none };
    const stored = publishedKeys(this.keys, Date.now()).map(({ key }) => key.publicJwk);
    const keys = this.given === null ? stored : [this.given.publicJwk, ...stored];
    return { keys, maxAge: this.given === null ? MAX_AGE.generated : MAX_AGE.given };
  }

  /** What is published, for admins. */
  describe(): KeyDescription[] {
    const stored = publishedKeys(this.keys, Date.now()).map(({ key, state }) => {
      const { kid, algorithm, createdAt, signsFrom } = key;
      return { kid, algorithm, state, createdAt, signsFrom };
    });
    if (this.given === null) return stored;
    const { kid, algorithm } = this.given;
    return [{ kid, algorithm, state: 'current', createdAt: null, signsFrom: null }, ...stored];
  }

  /**
   * Makes a new key for every algorithm that is used. It is published now and signs ten minutes later, so that nobody
   * meets it unprepared; the old one stays published as long as tokens of it can live.
   * @param atOnce for a key that was stolen: the new one signs now and all old ones are gone, also those that have been
   *   superseded by another algorithm or by the operator's key
   * @param author the admin
   * @throws GatehouseError `conflict` when there is nothing to replace: the key is the operator's, or nothing signs
   */
  async rotate(atOnce: boolean, author: WriteAuthor): Promise<void> {
    if (this.needed.size === 0) throw new GatehouseError('conflict', 'Nothing signs tokens, so there is no key.');
    if (this.given !== null && !(atOnce && this.keys.length > 0)) {
      throw new GatehouseError('conflict', 'The signing key is given by MCP_JWT_SIGNING_KEY: change it there.');
    }
    const signsFrom = Date.now() + (atOnce ? 0 : ANNOUNCED_FOR_MS);
    await this.store.rotate(this.generated(), { signsFrom, removesOthers: atOnce }, author);
    await this.copy.reload();
    await this.copy.tell(null);
  }

  /** Algorithms of which the gateway has to have keys of its own. */
  private generated(): readonly SigningAlgorithm[] {
    return this.given === null ? [...this.needed] : [];
  }

  private async load(): Promise<void> {
    this.keys = await this.store.all();
  }
}

function givenKey(pem: string): SigningKey {
  const algorithm = algorithmOf(pem);
  if (algorithm === null) throw new Error('MCP_JWT_SIGNING_KEY holds no usable key');
  return signingKeyOf(pem, algorithm);
}
