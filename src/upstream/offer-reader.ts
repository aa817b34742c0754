import { Injectable, Logger } from '@nestjs/common';
import type { CancelSignal } from '../common/cancellation.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { CredentialCaller } from '../credentials/upstream-credential.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { collectPages } from './list-pages.js';
import { METHOD_NOT_FOUND } from './protocol.js';
import type { ServerOffer } from './server-offer.js';
import type { AskedServer } from './credentialed-backend.js';
import { ToolBackends } from './tool-backends.js';
import type { UpstreamReply } from './upstream.types.js';

interface ListKind {
  readonly method: 'prompts/list' | 'resources/list' | 'resources/templates/list';
  /** Member of the result. */
  readonly member: 'prompts' | 'resources' | 'resourceTemplates';
  /** Member of an entry by which it is asked for. */
  readonly key: 'name' | 'uri' | 'uriTemplate';
}

type Entry<Kind extends ListKind> = JsonObject & Record<Kind['key'], string>;

const PROMPTS = { method: 'prompts/list', member: 'prompts', key: 'name' } as const satisfies ListKind;
const RESOURCES = { method: 'resources/list', member: 'resources', key: 'uri' } as const satisfies ListKind;
const TEMPLATES = {
  ...{ method: 'resources/templates/list', member: 'resourceTemplates', key: 'uriTemplate' },
} as const satisfies ListKind;

/** Reads what upstreams offer besides tools. A part of a backend that cannot call tools. */
@Injectable()
export class OfferReader {
  readonly #logger = new Logger(OfferReader.name);
  readonly #backends: ToolBackends;

  constructor(backends: ToolBackends) {
    this.#backends = backends;
  }

  /**
   * The prompts, resources and resource templates of an upstream. What the server does not declare is not asked for.
   * @param caller who asks, where the upstream is shown a credential of the caller; null: the gateway itself
   * @throws GatehouseError of the `upstream_*` family or `call_cancelled`.
   */
  async read(server: McpServer, caller: CredentialCaller | null, signal: CancelSignal): Promise<ServerOffer> {
    const asked = this.#backends.for(server).asked(server, caller, signal);
    const declared = await asked.capabilities();
    const may = (capability: string): boolean => declared === null || isJsonObject(declared[capability]);
    const list = <Kind extends ListKind>(kind: Kind, wanted: boolean): Promise<Entry<Kind>[] | null> =>
      wanted ? this.#list(asked, server, kind) : Promise.resolve(null);
    const [prompts, resources, templates] = await Promise.all([
      list(PROMPTS, may('prompts')),
      list(RESOURCES, may('resources')),
      list(TEMPLATES, may('resources')),
    ]);
    return {
      servesPrompts: prompts !== null,
      servesResources: resources !== null || templates !== null,
      servesCompletions: may('completions') && (declared !== null || prompts !== null || templates !== null),
      servesSubscriptions: resources !== null && maySubscribe(declared),
      prompts: prompts ?? [],
      resources: resources ?? [],
      templates: templates ?? [],
    };
  }

  /** null: the server has no such list. */
  async #list<Kind extends ListKind>(
    asked: AskedServer,
    server: McpServer,
    { method, member, key }: Kind,
  ): Promise<Entry<Kind>[] | null> {
    let known = true;
    const fetchPage = async (params: JsonObject): Promise<UpstreamReply> => {
      const reply = await asked.listPage(method, params);
      if (reply.kind !== 'error' || reply.error.code !== METHOD_NOT_FOUND) return reply;
      known = false;
      return { kind: 'result', result: { [member]: [] } };
    };
    const entries = await collectPages(method, member, fetchPage);
    return known ? this.#usable<Kind>(server, method, key, entries) : null;
  }

  #usable<Kind extends ListKind>(
    server: McpServer,
    method: string,
    key: Kind['key'],
    entries: readonly JsonValue[],
  ): Entry<Kind>[] {
    const usable = new Map<string, Entry<Kind>>();
    for (const entry of entries) {
      const name = isJsonObject(entry) ? entry[key] : undefined;
      if (typeof name !== 'string' || name === '') {
        this.#logger.warn(`Server ${server.id}: an entry of ${method} is left out: it has no ${key}`);
      } else if (!usable.has(name)) {
        usable.set(name, entry as Entry<Kind>);
      }
    }
    return [...usable.values()];
  }
}

/** What a server does not declare, it may serve all the same only if it declares nothing at all. */
function maySubscribe(declared: JsonObject | null): boolean {
  if (declared === null) return true;
  const { resources } = declared;
  return isJsonObject(resources) && resources['subscribe'] === true;
}
